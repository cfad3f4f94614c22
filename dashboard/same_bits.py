"""Has a change of the model's code left every bit as it was? Then what is shipped still holds.

``python -m dashboard.same_bits`` simulates the shipped results again with the present code. If not one bit
differs, it records that in `simulation.runs.SAME_BITS`: posterior, forecasts, results and names of runs that
the older code has made count as made with the present one.
"""

import json
import sys

import numpy as np

from dashboard.shipped import FILE, Shipped, read
from simulation.errors import InputError, YongwenError
from simulation.runs import SAME_BITS, source_hash

_MAY_CHANGE = {"the model's code"}


def record(shipped: dict[str, Shipped], recorded: str) -> None:
    """Compare shipped results with those of the present code, and record that they are the same.

    Parameters
    ----------
    recorded
        Hash of the code that made the shipped results.

    Raises
    ------
    InputError
        A bit differs, or something else than the code has changed since.
    """
    for scenario, kept in shipped.items():
        if other := set(kept.changed) - _MAY_CHANGE:
            raise InputError(f"{scenario}: {' and '.join(sorted(other))} changed too, so bits may differ")
        again = kept.ensemble.experiment.run()
        if not np.array_equal(again.values, kept.ensemble.values, equal_nan=True):
            seeds = [
                seed
                for seed, new, old in zip(again.seeds, again.values, kept.ensemble.values, strict=True)
                if not np.array_equal(new, old, equal_nan=True)
            ]
            raise InputError(f"{scenario}: bits differ under {len(seeds)} seeds, the first is {seeds[0]}")
    SAME_BITS.write_text(json.dumps({source_hash(): recorded}, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Show that the present code gives the shipped bits, or say where it does not."""
    shipped = read()
    if not shipped:
        raise SystemExit(f"{FILE.name} holds nothing that today's model measures")
    with np.load(FILE) as file:
        [recorded] = {each["code"] for each in json.loads(str(file["about"]))["fingerprints"]}
    try:
        record(shipped, recorded)
    except YongwenError as error:
        raise SystemExit(str(error)) from None
    runs = sum(len(kept.ensemble.results) for kept in shipped.values())
    print(f"{runs} shipped runs: every bit is the same; recorded in {SAME_BITS.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
