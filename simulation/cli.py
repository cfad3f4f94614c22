"""The command line: ``yongwen run``, ``compare``, ``scenarios``, ``levers`` and the others in ``commands/``.

Results go to standard output; progress, messages and errors to standard error. Commands import what they
need when they are called, so that ``yongwen --help`` does not load the model.
"""

import os
import sys
from collections.abc import Sequence

import typer

from simulation.commands.base import EXIT_CODES, INTERRUPTED, app
from simulation.errors import YongwenError

# Importing a module adds its commands to `app`, in the order in which --help lists them.
# isort: off
from simulation.commands import projection
from simulation.commands import reporting
from simulation.commands import comparison
from simulation.commands import decision
from simulation.commands import experiments
from simulation.commands import agents
from simulation.commands import calibration
from simulation.commands import effects
from simulation.commands import validation
from simulation.commands import showing
# isort: on


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; an error a user can act on is one line on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    sys.exit(_exit_code([word for word in words if word != "--debug"], debug))


def _exit_code(words: list[str], debug: bool) -> int:
    message = ""
    try:
        code: int = app(words, prog_name="yongwen", standalone_mode=False) or 0
        sys.stdout.flush()
    except YongwenError as error:
        code, message = error.exit_code, str(error)
    except typer.TyperException as error:  # empty where the help was printed instead
        code, message = error.exit_code, error.format_message()
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        if debug:
            raise
        code, message = 1, f"internal error: {type(error).__name__}: {error} (--debug shows the traceback)"
    if code == INTERRUPTED:
        message = message or "stopped"
    if message:
        print("yongwen: " + " ".join(message.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
