"""Who takes part in a difference between two scenarios: levers, whole articles or chapters, and conditions.

A player stands for settings in which two scenarios differ. A coalition is the first scenario with the
settings of its members taken from the last one. Conditions are a player of their own: they are not policy.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from scenarios.articles import ARTICLES, CHAPTERS
from scenarios.levers import LEVERS
from scenarios.scenario import LeverSetting, Scenario
from simulation.errors import InputError

CONDITIONS = "conditions"
_T = TypeVar("_T")
GROUPINGS = ("lever", "article", "chapter")
FEW, MANY = 6, 30  # players: up to FEW all coalitions are run; beyond MANY, levers come by chapter

COMPANIONS: Mapping[str, str] = {
    "pilot_institutions": "inventor_share",
    "new_institutes": "new_institutes",
    "cluster_fields": "cluster_focus",
}
"""Fields of a scenario that set the terms of a lever and go where it goes."""


@dataclass(frozen=True)
class Player:
    """Settings that are switched together.

    Attributes
    ----------
    kind
        One of `GROUPINGS`, or `CONDITIONS`.
    members
        Names of the levers, or of the conditions.
    """

    id: str
    kind: str
    name_en: str
    name_zh: str
    members: tuple[str, ...]

    @property
    def short(self) -> str:
        """Return a name that leaves room for another one."""
        return " ".join(self.name_en.split()[:2]) if self.kind in {"article", "chapter"} else self.id


def players(first: Scenario, last: Scenario, by: str | None = None) -> tuple[Player, ...]:
    """Return in what two scenarios differ, in the order of the articles.

    Parameters
    ----------
    by
        What levers are grouped by; None chooses levers if they are few, else articles, else chapters.

    Raises
    ------
    InputError
        The scenarios do not differ.
    """
    levers = sorted(_differing(first, last), key=lambda name: LEVERS[name].article)
    conditions = _conditions(first, last)
    if not levers and not conditions:
        raise InputError(
            f"{first.name} and {last.name} set the same levers and conditions: there is nothing to attribute"
        )
    found = tuple(_grouped(levers, by)) if by else _readable(levers)
    return (*found, *conditions)


def _readable(levers: list[str]) -> tuple[Player, ...]:
    for by in GROUPINGS:
        found = tuple(_grouped(levers, by))
        if len(found) <= (FEW if by == "lever" else MANY):
            break
    return found


def _differing(first: Scenario, last: Scenario) -> Iterator[str]:
    for name in LEVERS:
        settings = [_acting(scenario, name) for scenario in (first, last)]
        terms = [field for field, lever in COMPANIONS.items() if lever == name]
        other_terms = any(getattr(first, field) != getattr(last, field) for field in terms)
        if settings[0] != settings[1] or (settings[0] and other_terms):
            yield name


def _acting(scenario: Scenario, name: str) -> LeverSetting | None:
    """Return a lever's setting, None where it is neutral and so changes nothing."""
    setting = scenario.levers.get(name)
    return None if setting is None or setting.value == LEVERS[name].neutral else setting


def _conditions(first: Scenario, last: Scenario) -> tuple[Player, ...]:
    names = sorted({*first.conditions, *last.conditions})
    names = [name for name in names if first.conditions.get(name) != last.conditions.get(name)]
    if not names:
        return ()
    return (Player(CONDITIONS, CONDITIONS, "Conditions (not policy)", "外部条件(非政策)", tuple(names)),)


def _grouped(levers: list[str], by: str) -> Iterator[Player]:
    if by not in GROUPINGS:
        raise InputError(f"levers are grouped by {', '.join(GROUPINGS)}, not by {by!r}")
    if by == "lever":
        for name in levers:
            yield Player(name, by, LEVERS[name].name_en, LEVERS[name].name_zh, (name,))
        return
    number = _chapter if by == "chapter" else int
    for group, names in groupby(levers, key=lambda name: number(LEVERS[name].article)):
        text = CHAPTERS[group - 1].title if by == "chapter" else ARTICLES[group]
        unit, measure = ("Ch.", "章") if by == "chapter" else ("Art.", "条")
        yield Player(
            f"{by}_{group}", by, f"{unit} {group} {text.en}", f"第{group}{measure} {text.zh}", tuple(names)
        )


def _chapter(article: int) -> int:
    return next(number for number, each in enumerate(CHAPTERS, start=1) if article in each.articles)


def coalition(first: Scenario, last: Scenario, members: Collection[Player], everyone: int) -> Scenario:
    """Return the first scenario with the settings of some of the `everyone` players taken from the last.

    Its name follows from what it does, so that the same mix is the same run wherever it comes up.
    """
    if len(members) in {0, everyone}:
        return last if members else first
    levers, conditions, terms = dict(first.levers), dict(first.conditions), dict[str, Any]()
    for player in members:
        if player.kind == CONDITIONS:
            _take(player.members, conditions, last.conditions)
        else:
            _take(player.members, levers, last.levers)
            fields = (field for field, lever in COMPANIONS.items() if lever in player.members)
            terms |= {field: getattr(last, field) for field in fields}
    ordered = {name: levers[name] for name in LEVERS if name in levers}
    mix = first.model_copy(update={"levers": ordered, "conditions": conditions, "extends": None, **terms})
    return mix.model_copy(update={"name": f"mix_{mix.content_hash[:12]}"})


def _take(names: tuple[str, ...], into: dict[str, _T], source: Mapping[str, _T]) -> None:
    for name in names:
        into.pop(name, None)
        if name in source:
            into[name] = source[name]
