"""All studies, in the order of the evidence."""

from difflib import get_close_matches

from calibration.effects import entry, grants, space, talent, taxes, universities, venture
from calibration.effects.study import Study
from simulation.errors import InputError

STUDIES: tuple[Study, ...] = (
    *grants.STUDIES,
    *taxes.STUDIES,
    *venture.STUDIES,
    *universities.STUDIES,
    *talent.STUDIES,
    *entry.STUDIES,
    *space.STUDIES,
)


def chosen(ids: list[str]) -> tuple[Study, ...]:
    """Return the studies with these ids, all of them if none is given, in the order of the catalogue."""
    known = {study.id: study for study in STUDIES}
    for name in ids:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f", did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
            raise InputError(f"--study: unknown study {name!r}{hint}")
    return tuple(study for study in STUDIES if not ids or study.id in ids)
