"""Why: how much each part of a scenario contributes to what it changes, as a waterfall."""

import solara
import solara.lab
from solara.alias import rv

from dashboard.attributing import FEWEST_SEEDS, MOST_SEEDS, SCALE, Answer, Question, answer, shipped_answer
from dashboard.drafting import BASELINE, reference_of
from dashboard.engine import engine
from dashboard.i18n import N_, Texts
from dashboard.parts.controls import Choice, FigureView, Picker, TableDownloads, WaterfallView
from dashboard.state import FULL_PLAN, Session, use_session
from dashboard.tables import attribution_table
from dashboard.views import difference_words, target_name, title_of
from dashboard.waterfall import printed, rows, waterfall
from scenarios.attribution import Attribution, Row
from scenarios.comparison import COST
from scenarios.ledger import COST_COLUMN, MEASURES
from scenarios.scenario import Scenario, list_scenarios, load_scenario
from simulation.experiment import TARGET_YEAR
from simulation.indicators import INDICATORS, TARGETS
from simulation.runs import MIN_SCALE

GROUPINGS = {"article": N_("Articles"), "lever": N_("Levers"), "chapter": N_("Chapters")}
_NOTHING = Answer("")


@solara.component
def Page() -> None:
    """Let a scenario, a target and a grouping be chosen, and split the difference."""
    session = use_session()
    t = session.texts
    draft = session.draft
    offered = _offered(session, draft)
    key = solara.use_reactive(draft.content_hash if draft.content_hash in offered else _full())
    by, target, scope = (
        solara.use_reactive("article"),
        solara.use_reactive(TARGETS[0].id),
        solara.use_reactive(0),
    )
    seeds = solara.use_reactive(FEWEST_SEEDS)
    scenario = offered.get(key.value) or offered[_full()]
    question = Question(scenario, by.value, seeds.value, max(min(SCALE, session.settings.scale), MIN_SCALE))
    found = _use_answer(session, question)
    column = _column(target.value, scope.value)
    with solara.Div(classes=["yw-head"]):
        solara.HTML(tag="h1", unsafe_innerHTML=t("Why: what each part contributes"))
        Picker(
            label=t("Scenario"),
            options=[{"key": one, "name": title_of(other, t)} for one, other in offered.items()],
            value=scenario.content_hash,
            event_choose=key.set,
        )
        Picker(
            label=t("Target"),
            options=[
                *({"key": one.id, "name": target_name(one, t)} for one in TARGETS),
                {"key": COST, "name": t("Public money 2019 to 2022, both cities")},
            ],
            value=target.value,
            event_choose=target.set,
        )
        if target.value != COST:
            Choice(
                t("Place"),
                [("0", t("Together"), ""), ("1", t.region("Ningbo"), ""), ("2", t.region("Wenzhou"), "")],
                str(scope.value),
                lambda value: scope.set(int(value)),
            )
        Choice(t("By"), [(one, t(name), "") for one, name in GROUPINGS.items()], by.value, by.set)
        if found.attribution:
            TableDownloads(f"why-{scenario.name}", lambda: attribution_table(found.attribution))
    _State(session, question, found, seeds)
    if found.attribution:
        _Answer(session, question, found.attribution, column, found.complete)


def _full() -> str:
    return load_scenario(FULL_PLAN).content_hash


def _offered(session: Session, draft: Scenario) -> dict[str, Scenario]:
    """Return the scenarios whose policy can be split, by their hash; the draft comes first."""
    known = (draft, load_scenario(FULL_PLAN), *session.saved.value, *map(load_scenario, list_scenarios()))
    unique = {one.content_hash: one for one in known}
    baseline = load_scenario(BASELINE).content_hash
    return {
        key: one for key, one in unique.items() if key != baseline and key != reference_of(one).content_hash
    }


def _column(target: str, scope: int) -> int:
    """Return the position of a measure: a target in one of its regions, or the cost."""
    places = [at for at, measure in enumerate(MEASURES) if measure.id == target]
    return COST_COLUMN if target == COST else places[min(scope, len(places) - 1)]


def _use_answer(session: Session, question: Question) -> Answer:
    """Return what is known by now; what is asked is worked out beside the page, and dropped with it."""
    client = f"{session.client}/why"
    latest = solara.use_ref(question.key)
    latest.current = question.key
    state = solara.use_reactive(_NOTHING)
    ready = solara.use_memo(lambda: shipped_answer(question), [question.key])

    def tell(found: Answer) -> None:
        if latest.current == found.key:
            state.set(found)

    def work() -> None:
        if ready is None or ready.changed:
            answer(question, client, tell)

    solara.lab.use_task(work, dependencies=[question.key])
    solara.use_effect(lambda: lambda: engine().drop(client), [])
    live = state.value if state.value.key == question.key else Answer(question.key)
    return ready if ready and (not ready.changed or live.attribution is None) else live


@solara.component
def _State(session: Session, question: Question, found: Answer, seeds: solara.Reactive[int]) -> None:
    """Say how far the work is, what it rests on, and offer more seeds."""
    t = session.texts
    with solara.Div(classes=["yw-row"]):
        if found.error:
            solara.Error(found.error)
        if found.changed:
            parts = ", ".join(t(part) for part in found.changed)
            words = t("{title}: older results; changed since: {parts}. New ones are being simulated.",
                      title=title_of(question.scenario, t), parts=parts)  # fmt: skip
            solara.Text(words, classes=["yw-note", "warn"])
        elif not found.complete and not found.error:
            words = t("{done} of {wanted} runs", done=found.done, wanted=found.wanted or "…")
            solara.Text(words, classes=["yw-progress", "busy"])
            rv.ProgressLinear(
                value=100.0 * found.done / max(found.wanted, 1), color="#c0394d", height=4,
                class_="yw-meter", attributes={"aria-label": words},
            )  # fmt: skip
        if found.attribution:
            plan = found.attribution.plan
            words = t(
                "{runs} runs: {seeds} seeds, {share} of firms",
                runs=found.attribution.runs,
                seeds=len(plan.seeds),
                share=_share(plan.scale, t),
            )
            solara.Text(words, classes=["yw-note"])
        if found.complete and not found.changed and 2 * question.seeds <= MOST_SEEDS:
            more = max(2 * question.seeds, 2 * _seeds(found))
            solara.Button(
                t("Tell more from noise: {seeds} seeds", seeds=more), text=True, small=True,
                on_click=lambda: seeds.set(more),
            )  # fmt: skip
        if found.attribution is None and not found.error:
            solara.Text(t("The first two seeds are being simulated."), classes=["yw-empty"])


def _seeds(found: Answer) -> int:
    return len(found.attribution.plan.seeds) if found.attribution else 0


def _share(scale: float, texts: Texts) -> str:
    return texts("all") if scale >= 1.0 else f"{100.0 * scale:g}%"


@solara.component
def _Answer(session: Session, question: Question, found: Attribution, column: int, complete: bool) -> None:
    t = session.texts
    drawn = solara.use_memo(lambda: waterfall(found, column, t), [found, column, t.language])
    if drawn is None:
        solara.Text(t("This indicator is not defined for this place."), classes=["yw-empty"])
        return
    measure = drawn.row.measure
    titles = [title_of(one, t) for one in (found.plan.first, found.plan.last)]
    heading = t("{indicator}, {place} ({unit})", indicator=_measure_name(measure.id, t),
                place=t.region(measure.region), unit=t.unit(measure.unit))  # fmt: skip
    note = t("Shapley values over paired seeds with 95% intervals; pale: not told from noise.")
    with solara.Div(classes=["yw-card"]):
        with solara.Div(classes=["yw-headline"]):
            solara.HTML(tag="h2", unsafe_innerHTML=heading)
            FigureView(svg="", print=printed(drawn, titles, heading, note, t), name=f"why-{measure.id}")
        solara.Text(_sentence(drawn.row, found, titles, complete, t), classes=["yw-sentence"])
        WaterfallView(
            label=heading,
            rows=rows(drawn, titles, complete, t),
            goal=None if drawn.goal is None else drawn.at(drawn.goal),
        )
        solara.Text(note, classes=["yw-note"])
        solara.Text(_residual(found, drawn.row, t), classes=["yw-note"])


def _measure_name(name: str, t: Texts) -> str:
    target = next((one for one in TARGETS if one.id == name), None)
    return target_name(target, t) if target else t("Public money 2019 to 2022, both cities")


def _sentence(row: Row, found: Attribution, titles: list[str], complete: bool, t: Texts) -> str:
    """Say what the scenario changes, which part does most, and how many parts cannot be told from noise."""
    item = INDICATORS[row.measure.indicator]
    words = t(
        "{title} changes this by {difference} in {year}, from {first} to {last}.",
        title=titles[1],
        difference=difference_words(row.difference, item.id, t, complete),
        year=TARGET_YEAR,
        first=t.number(row.first, item.decimals),
        last=t.number(row.last, item.decimals),
    )
    told = [player for player in row.moving if row.contributions[player].told]
    if told:
        player, part = found.plan.players[told[0]], row.contributions[told[0]]
        words += t.gap + t(
            "Most comes from {name}: {difference}.",
            name=player.name_zh if t.language == "zh" else player.name_en,
            difference=difference_words(part, item.id, t, complete),
        )
    still = len(found.plan.players) - len(told)
    if still:
        words += t.gap + t(
            "{count} of {all} parts are not told from noise.", count=still, all=len(found.plan.players)
        )
    if row.measure.goal is not None:
        words += t.gap + t("The target is {goal}.", goal=t.amount(row.measure.goal, item))
    return words


def _residual(found: Attribution, row: Row, t: Texts) -> str:
    """Say that parts add up, and by how much they miss."""
    gap = sum(part.difference for part in row.contributions) - row.difference.difference
    how = (
        t("each seed draws {orders} orders in which parts are switched on", orders=found.plan.orders)
        if found.plan.orders
        else t("all combinations are run")
    )
    return t("The parts add up to the difference (left over: {gap}); {how}.", gap=f"{abs(gap):.1g}", how=how)
