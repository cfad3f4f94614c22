"""What a search for mixes of levers is asked, and what it found, as data that needs no browser to test."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dashboard.i18n import N_, Texts
from dashboard.searching import (
    BASELINE,
    CHECK,
    CHOOSING,
    EFFORTS,
    FAILED,
    STOPPED,
    TRIALS,
    WAITING,
    Effort,
    Finding,
)
from dashboard.tested import untested
from dashboard.views import target_name
from scenarios.articles import ARTICLES, CHAPTERS
from scenarios.comparison import COST_YEARS
from scenarios.levers import LEVERS
from scenarios.mixes import space_of
from scenarios.scenario import Bilingual, Scenario, load_scenario
from scenarios.search import Trial, first_trials
from scenarios.search_runs import TARGET_MEASURES, Checked, Request, targets_of, to_check
from scenarios.search_store import letters, scenario_of
from simulation.errors import InputError
from simulation.indicators import INDICATORS, TARGETS

MONEY = "100m CNY"
TEMPLATE = "full_plan"
"""The shipped scenario whose places, starts and ramps the mixes take over."""
FIRST: Mapping[str, Any] = {
    "probability": "80",
    "budget": "",
    "effort": "quick",
    "levers": list(LEVERS),
    "targets": list(TARGET_MEASURES),
}
"""What the form holds at first."""
MOST_BINDING = 5  # binding targets that are named, the worst first
MOST_BUDGET = 100_000.0  # 100m CNY: more than both cities spend in all years of the policy


def request_of(form: Mapping[str, Any], draft: Scenario, largest: float, texts: Texts) -> Request:
    """Return what a form asks for, under the outside conditions of the draft.

    Parameters
    ----------
    largest
        Share of firms that this server simulates.

    Raises
    ------
    InputError
        A field holds what cannot be meant; the message is in the visitor's language.
    """
    t = texts
    chance = _number(form.get("probability"))
    if not 1.0 <= chance <= 100.0:
        raise InputError(t("The probability must be a number from 1 to 100 percent."))
    money = form.get("budget")
    budget = None if money is None or str(money).strip() == "" else _number(money)
    if budget is not None and not 0.0 <= budget <= MOST_BUDGET:
        raise InputError(
            t("The budget must be a number from 0 to {most} {unit}, or empty for none.",
              most=t.number(MOST_BUDGET), unit=t.unit(MONEY))
        )  # fmt: skip
    levers = [name for name in LEVERS if name in set(map(str, form.get("levers") or ()))]
    if not levers:
        raise InputError(t("Choose at least one lever that may be moved."))
    targets = [name for name in TARGET_MEASURES if name in set(map(str, form.get("targets") or ()))]
    if not targets:
        raise InputError(t("Choose at least one target that shall be met."))
    effort = EFFORTS.get(str(form.get("effort"))) or next(iter(EFFORTS.values()))
    template = load_scenario(TEMPLATE).model_copy(update={"conditions": draft.conditions})
    space = space_of(levers, {}, template)
    numbers = effort.numbers(largest)
    return Request(space, targets_of(targets), probability=chance / 100.0, budget=budget, **numbers)


def _number(value: Any) -> float:
    try:
        return float(str(value).strip())
    except ValueError:
        return math.nan


def effort_words(effort: Effort, largest: float, texts: Texts) -> str:
    """Say how much an effort runs, and at which scales."""
    numbers = effort.numbers(largest)
    return texts(
        "{mixes} mixes on {seeds} seeds with {share} of firms; then {checks} mixes on {fresh} fresh seeds "
        "with {whole} of firms",
        mixes=effort.evaluations,
        seeds=effort.seeds,
        share=share(numbers["scale"], texts),
        checks=effort.checks,
        fresh=effort.check_seeds,
        whole=share(numbers["check_scale"], texts),
    )


def share(scale: float, texts: Texts) -> str:
    """Return a share of firms in words."""
    return texts("all") if scale >= 1.0 else f"{100.0 * scale:g}%"


def lever_choice(texts: Texts) -> list[dict[str, Any]]:
    """Return the levers by chapter and article, for the form."""
    found = []
    for number, chapter in enumerate(CHAPTERS, 1):
        articles = []
        for article in chapter.articles:
            levers = [lever for lever in LEVERS.values() if lever.article == article]
            if levers:
                title = texts("Article {number}: {title}", number=article, title=texts.of(ARTICLES[article]))
                names = [texts.lever(lever.name) for lever in levers]
                note = ("、" if texts.language == "zh" else ", ").join(names)
                articles.append({"title": title, "note": note, "levers": [lever.name for lever in levers]})
        if articles:
            found.append({"title": f"{number}  {texts.of(chapter.title)}", "articles": articles})
    return found


def target_choice(texts: Texts) -> list[dict[str, str]]:
    """Return the targets, for the form."""
    return [{"id": name, "name": name_of(name, texts)} for name in TARGET_MEASURES]


def name_of(target: str, texts: Texts) -> str:
    """Return a target's name."""
    return target_name(next(one for one in TARGETS if one.id == target), texts)


def money(value: float, texts: Texts, signed: bool = False) -> str:
    """Return an amount of public money with its unit."""
    unit = texts.unit(MONEY)
    number = texts.number(value, 0 if abs(value) >= 10.0 else 1, signed)
    return f"{number} × {unit}" if texts.language == "en" else f"{number}{unit}"


@dataclass(frozen=True, eq=False)
class Mix:
    """A mix of the front, as the page shows it.

    Attributes
    ----------
    checked
        What the check says; None while there is none.
    """

    letter: str
    request: Request
    trial: Trial
    checked: Checked | None
    scenario: Scenario

    @property
    def shown(self) -> Trial:
        """Return the outcomes that count: those of the check if there is one."""
        return self.checked.check if self.checked else self.trial

    @cached_property
    def levers(self) -> dict[str, float]:
        """Return the levers that the mix moves."""
        return self.request.space.levers(self.trial.values)

    @property
    def untested(self) -> tuple[str, ...]:
        """Return the levers that the mix moves further than any test did."""
        return untested(self.scenario)


def mixes(finding: Finding) -> list[Mix]:
    """Return the mixes of the front, cheapest first: those that were checked, or some of the front so far."""
    request, answer = finding.request, finding.answer
    if answer:
        return [
            Mix(letter, request, one.trial, one, scenario_of(answer, letter, one))
            for letter, one in letters(answer).items()
        ]
    if finding.search is None:
        return []
    found = []
    for index, trial in enumerate(to_check(finding.search, request.checks)):
        letter = chr(ord("A") + index)
        found.append(Mix(letter, request, trial, None, _unchecked(request, letter, trial)))
    return found


def _unchecked(request: Request, letter: str, trial: Trial) -> Scenario:
    title = Bilingual(
        en=f"Mix {letter}, not checked: {trial.extra:,.0f} extra",
        zh=f"组合{letter}(未复核):新增财政支出{trial.extra:,.0f}亿元",
    )
    note = (
        f"Found by a target search that was not finished, with {request.seeds} paired seeds at scale "
        f"{request.scale:g}; not checked with fresh seeds."
    )
    return request.space.scenario(trial.values, title, (note,))


def mix_rows(found: list[Mix], texts: Texts) -> list[dict[str, Any]]:
    """Return the mixes as rows of a table."""
    rows = []
    for mix in found:
        shown, asked = mix.shown, mix.request.probability
        band = ""
        if mix.checked:
            low, high = mix.checked.interval
            band = f"{texts.percent(low)} – {texts.percent(high)}"
        rows.append(
            {
                "id": mix.letter,
                "cost": texts.number(shown.extra, 0 if abs(shown.extra) >= 10.0 else 1),
                "chance": texts.percent(shown.probability),
                "share": shown.probability,
                "mood": "met"
                if shown.probability >= asked
                else "open"
                if shown.probability > 0
                else "missed",
                "band": band or texts("not checked"),
                "short": texts.percent(shown.shortfall),
                "levers": str(len(mix.levers)),
                "warn": bool(mix.untested),
            }
        )
    return rows


def lever_rows(mix: Mix, texts: Texts) -> list[list[str]]:
    """Return the levers of a mix: article, name, value and the value of the plan."""
    rows = []
    for name, value in mix.levers.items():
        lever = LEVERS[name]
        mark = " !" if name in mix.untested else ""
        rows.append([
            texts("Article {number}", number=lever.article), texts.lever(name),
            texts.amount(value, lever) + mark, texts.amount(lever.plan, lever),
        ])  # fmt: skip
    return rows


def target_rows(mix: Mix, texts: Texts) -> list[list[str]]:
    """Return the targets under a mix: name, probability, median and goal; the least sure first."""
    rows = []
    for k, target in enumerate(mix.request.targets):
        item, outcomes = INDICATORS[target.indicator], mix.shown.samples[:, k]
        chance = float(mix.shown.each[k])
        median = float(np.median(outcomes))
        goal = texts.amount(target.goal or math.nan, item)
        name = name_of(target.id, texts)
        rows.append((chance, [name, texts.percent(chance), texts.amount(median, item), goal]))
    return [row for _, row in sorted(rows, key=lambda row: row[0])]


def phase_words(finding: Finding, texts: Texts) -> str:
    """Say what a search is doing."""
    t = texts
    trials = len(finding.search.trials) if finding.search else 0
    values = {"done": trials, "all": finding.request.evaluations}
    if finding.phase == TRIALS and trials < first_trials(finding.request.evaluations):
        return t("Trying mixes all over the space: {done} of {all}", **values)
    if finding.phase == STOPPED and not trials:
        return t("Stopped before the first mixes were tried")
    words = {
        WAITING: N_("Other searches are under way on this server; this one waits for its turn"),
        BASELINE: N_("Simulating the futures without new policy"),
        TRIALS: N_("Trying promising mixes: {done} of {all}"),
        CHOOSING: N_("Choosing the next mixes from what was learnt: {done} of {all} tried"),
        CHECK: N_("Checking the front with fresh seeds"),
        STOPPED: N_("Stopped after {done} mixes; what was found is not checked"),
        FAILED: N_("Ended by a failure after {done} mixes"),
    }
    return t(words[finding.phase], **values) if finding.phase in words else ""


def left_words(seconds: float | None, texts: Texts) -> str:
    """Say how long something will still take."""
    if seconds is None:
        return ""
    if seconds < 50.0:
        return texts("less than a minute left")
    return texts("about {minutes} min left", minutes=math.ceil(seconds / 60.0))


def headline(finding: Finding, found: list[Mix], texts: Texts) -> str:
    """Say in one or two sentences what a search found, or where it stands."""
    t, answer = texts, finding.answer
    count, asked = len(finding.request.targets), t.percent(finding.request.probability)
    if answer is None:
        return ""
    mix = next(one for one in found if one.checked is (answer.cheapest or answer.best))
    low, high = answer.best.interval if answer.cheapest is None else answer.cheapest.interval
    values = {
        "mix": mix.letter, "count": count, "asked": asked, "chance": t.percent(mix.shown.probability),
        "low": t.percent(low), "high": t.percent(high), "cost": money(mix.shown.extra, t),
        "short": t.percent(mix.shown.shortfall), "first": COST_YEARS[0], "last": COST_YEARS[-1],
    }  # fmt: skip
    if answer.cheapest is None:
        return t(
            "No mix that was tried meets all {count} targets in {asked} of futures. Mix {mix} comes closest: "
            "it meets them all in {chance} (95% interval {low} to {high}) and misses the worst target by "
            "{short} of its goal on the average, for {cost} more public money {first} to {last}.",
            **values,
        )
    words = t(
        "Mix {mix} is the cheapest that meets all {count} targets in {asked} of futures or more: in {chance} "
        "(95% interval {low} to {high}), for {cost} more public money {first} to {last}.",
        **values,
    )
    if low < finding.request.probability:
        words += " " + t("The interval reaches below {asked}: a larger effort would tell more.", asked=asked)
    return words


def binding_words(finding: Finding, found: list[Mix], texts: Texts) -> list[str]:
    """Say why no mix was found: which targets bind, by how much, and what is at its bound."""
    t, answer = texts, finding.answer
    if answer is None or answer.cheapest is not None:
        return []
    best = next(mix for mix in found if mix.checked is answer.best)
    lines = []
    for bound in answer.binding[:MOST_BINDING]:
        item = INDICATORS[bound.target.indicator]
        words = (
            N_("{target} binds: mix {mix} meets it in {chance} of futures, and its median is {gap} short; "
               "the best of all mixes that were tried for it reached {most}.")
            if bound.gap < 0.0 or not math.isfinite(bound.gap)
            else N_("{target} binds: mix {mix} meets it in {chance} of futures only, though its median is "
                    "{gap} above; the best of all mixes that were tried for it reached {most}.")
        )  # fmt: skip
        lines.append(
            t(words, target=name_of(bound.target.id, t), mix=best.letter, chance=t.percent(bound.probability),
              gap=t.amount(abs(bound.gap), item), most=t.percent(bound.most))
        )  # fmt: skip
    if (others := len(answer.binding) - MOST_BINDING) > 0:
        lines.append(t("{count} more targets bind: see the targets under the mix.", count=others))
    if not answer.binding:
        lines.append(t("No target binds by itself: they are not met all in one future."))
    if bounds := finding.request.space.at_bounds(answer.best.trial.values):
        names = ("、" if t.language == "zh" else ", ").join(map(t.lever, bounds))
        lines.append(t("At their bounds in mix {mix}, so that they can do no more: {levers}.",
                       mix=best.letter, levers=names))  # fmt: skip
    if finding.request.budget is not None:
        amount = money(finding.request.budget, t)
        lines.append(
            t("The budget of {amount} is a limit too: without it more may be possible.", amount=amount)
        )
    if len(finding.request.space.free) < len(LEVERS):
        lines.append(t("Only {count} of {all} levers might be moved.",
                       count=len(finding.request.space.free), all=len(LEVERS)))  # fmt: skip
    lines.append(t("That no mix was found does not prove that there is none: a larger effort looks further."))
    return lines


def trust_words(finding: Finding, largest: float, texts: Texts) -> list[str]:
    """Say how far to trust what was found: sizes, scale, and what the check took away."""
    t, request, answer = texts, finding.request, finding.answer
    lines = [
        t("Mixes are tried on {share} of firms with {seeds} paired seeds; what they add there is added to "
          "the futures without new policy, simulated with {whole} of firms.", share=share(request.scale, t),
          seeds=request.seeds, whole=share(request.check_scale, t)),
    ]  # fmt: skip
    if answer is None:
        lines.append(
            t("The best of many noisy trials look better than they are; the check comes at the end.")
        )
        return lines
    changes = [one.check.probability - one.trial.probability for one in answer.checked]
    change = sum(changes) / len(changes)
    lines.append(
        t("The front was checked with {fresh} fresh seeds and {whole} of firms; that changed its "
          "probabilities by {points} points on the average.", fresh=request.check_seeds,
          whole=share(request.check_scale, t), points=t.number(100.0 * change, 0, signed=True))
    )  # fmt: skip
    if request.check_scale < largest:
        lines.append(
            t("This is a small model: the laboratory simulates {share} of firms, and its numbers differ "
              "somewhat.", share=share(largest, t))
        )  # fmt: skip
    bias = answer.bias
    told = [
        name_of(target.id, t)
        for target, mean, error, effect in zip(
            request.targets, bias.mean, bias.error, bias.effect, strict=False
        )
        if abs(mean) > 3.0 * error and abs(mean) > 0.1 * abs(effect)
    ]
    if told:
        names = ("、" if t.language == "zh" else ", ").join(told)
        lines.append(t("The small sample tells effects on these wrongly by more than a tenth: {names}.",
                       names=names))  # fmt: skip
    return lines
