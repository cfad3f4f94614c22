"""The state of one visitor: language, draft, what is compared, and results as they come in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from uuid import uuid4

import solara

from dashboard import shipped
from dashboard.drafting import BASELINE, History, reference_of
from dashboard.estimate import completed
from dashboard.i18n import Texts
from dashboard.searching import Finding, Pursuit
from dashboard.settings import Settings, read_settings
from scenarios.comparison import Comparison
from scenarios.scenario import Scenario, load_scenario
from scenarios.search_runs import Request
from simulation.experiment import Ensemble, plan
from simulation.runs import RunResult, RunSpec

FULL_PLAN = "full_plan"
MOST_DRAWS = 80  # of each scenario, however often a visitor asks for more
LEAST_FOR_BAND = 5  # draws below which quantiles say next to nothing


@dataclass(frozen=True, eq=False)
class Projection:
    """What is known of a scenario so far.

    Attributes
    ----------
    ensemble
        All draws; those that are still to come are guessed (`dashboard.estimate`) if the baseline has them.
    simulated
        The draws that are there.
    wanted
        Draws that there will be.
    changed
        Parts of the model that have changed since these results were made; empty for today's.
    """

    ensemble: Ensemble
    simulated: Ensemble
    wanted: int
    changed: tuple[str, ...] = ()

    @property
    def draws(self) -> int:
        """Return the number of draws so far."""
        return len(self.simulated.results)

    @property
    def complete(self) -> bool:
        """Tell whether all draws are there."""
        return self.draws >= self.wanted


class Session:
    """One visitor's state; pages get it from `use_session`. Attributes of type Reactive may be set.

    Parameters
    ----------
    hasten
        Gets a client and the runs of a new draft, so that they begin before the page is drawn anew.
    """

    def __init__(
        self, language: str = "zh", hasten: Callable[[str, Mapping[str, RunSpec]], None] | None = None
    ) -> None:
        self.client = uuid4().hex
        self._hasten = hasten
        self.settings: Settings = read_settings()
        self.language: solara.Reactive[str] = solara.reactive(language)
        self.history: solara.Reactive[History] = solara.reactive(History(load_scenario(BASELINE)))
        self.compared: solara.Reactive[tuple[Scenario, ...]] = solara.reactive(())
        self.room: solara.Reactive[str] = solara.reactive("")
        self.watched: solara.Reactive[tuple[Scenario, ...]] = solara.reactive(())
        self.results: solara.Reactive[Mapping[str, tuple[RunResult, ...]]] = solara.reactive({})
        self.seeds: solara.Reactive[int] = solara.reactive(self.settings.seeds)
        self.failure: solara.Reactive[str] = solara.reactive("")
        self.saved: solara.Reactive[tuple[Scenario, ...]] = solara.reactive(())
        self.pursuit: solara.Reactive[Pursuit | None] = solara.reactive(None)
        self.finding: solara.Reactive[Finding | None] = solara.reactive(None)
        self.search_form: solara.Reactive[Mapping[str, Any]] = solara.reactive({})
        self.mistakes: solara.Reactive[tuple[str, ...]] = solara.reactive(())

    @property
    def texts(self) -> Texts:
        """Return the texts in the visitor's language."""
        return Texts(self.language.value)

    @property
    def draft(self) -> Scenario:
        """Return the scenario that the visitor builds."""
        return self.history.value.present

    @draft.setter
    def draft(self, scenario: Scenario) -> None:
        if self._hasten and scenario.content_hash != self.draft.content_hash:
            self._hasten(self.client, self._missing(self._wanted(scenario)))
        self.history.set(self.history.peek().then(scenario))

    @property
    def wanted(self) -> tuple[Scenario, ...]:
        """Return the scenarios that this visitor looks at, the most urgent first."""
        return self._wanted(self.draft)

    def _wanted(self, draft: Scenario) -> tuple[Scenario, ...]:
        named = (
            draft,
            reference_of(draft),
            load_scenario(BASELINE),
            *self.compared.value,
            load_scenario(FULL_PLAN),
            *self.watched.value,
        )
        return tuple({scenario.content_hash: scenario for scenario in named}.values())

    @property
    def more_draws(self) -> int | None:
        """Return how many draws there will be if the visitor wants more, None at the limit."""
        more = min(2 * self.seeds.value, max(MOST_DRAWS, self.settings.seeds))
        return more if more > self.seeds.value else None

    def begin_search(self, request: Request) -> None:
        """Start a search beside the pages; an older one ends."""
        self.stop_search()

        def tell(finding: Finding) -> None:
            if self.pursuit.peek() is pursuit:
                self.finding.set(finding)

        pursuit = Pursuit(request, tell)
        self.pursuit.set(pursuit)  # first: from now on the older search is not heard any more
        self.finding.set(Finding(request))

    def stop_search(self) -> None:
        """End the search that is under way; what it found stays."""
        if pursuit := self.pursuit.peek():
            pursuit.stop()

    def missing(self) -> dict[str, RunSpec]:
        """Return the runs that are still to be simulated, by name; the draft comes first."""
        return self._missing(self.wanted)

    def _missing(self, wanted: Sequence[Scenario]) -> dict[str, RunSpec]:
        runs: list[tuple[int, int, str, RunSpec]] = []
        known = self.results.peek()
        for place, scenario in enumerate(wanted):
            if self._shipped(scenario) is None:
                done = {result.spec.seed for result in known.get(scenario.content_hash, ())}
                experiment = plan(scenario, range(1, self.seeds.peek() + 1), self.settings.scale)
                runs += [
                    (max(place - 1, 0), spec.seed, name, spec)
                    for name, spec in experiment.runs.items()
                    if spec.seed not in done
                ]
        # The draft and the baseline, which it is compared with, go hand in hand; the others follow.
        return {name: spec for _, _, name, spec in sorted(runs, key=lambda run: run[:2])}

    def add(self, results: list[RunResult]) -> None:
        """Take in runs that have finished."""
        merged = dict(self.results.peek())
        for key, group in groupby(results, key=lambda result: _key(result.spec)):
            known = {result.spec.seed: result for result in merged.get(key, ())}
            known |= {result.spec.seed: result for result in group}
            merged[key] = tuple(known[seed] for seed in sorted(known))
        wanted = {scenario.content_hash for scenario in self.wanted}
        self.results.set({key: runs for key, runs in merged.items() if key in wanted})

    def _shipped(self, scenario: Scenario) -> Ensemble | None:
        """Return shipped results that stand in for a simulation: today's model, this server's settings."""
        found = shipped_results().get(scenario.content_hash)
        if found is None or found.changed or found.ensemble.experiment.scale != self.settings.scale:
            return None
        return found.ensemble if len(found.ensemble.results) >= self.seeds.peek() else None

    def _older(self, key: str, wanted: int) -> Projection | None:
        """Return shipped results of another model or scale than today's, or with fewer draws than wanted."""
        found = shipped_results().get(key)
        if found is None:
            return None
        ensemble = found.ensemble
        if not found.changed and ensemble.experiment.scale == self.settings.scale:
            return Projection(ensemble, ensemble, wanted)
        return Projection(ensemble, ensemble, len(ensemble.results), found.changed or ("scale",))

    def projection(self, scenario: Scenario) -> Projection | None:
        """Return what is known of a scenario; older shipped results stand in until there are new ones."""
        key, wanted = scenario.content_hash, self.seeds.value
        live = self.results.value.get(key, ())
        if ready := self._shipped(scenario):
            return Projection(ready, ready, len(ready.results))
        if len(live) < wanted and (older := self._older(key, wanted)):
            return older
        if not live:
            return None
        experiment = plan(scenario, [result.spec.seed for result in live], self.settings.scale)
        simulated = Ensemble(experiment, live, 0.0)
        if len(live) >= wanted or not scenario.levers:
            return Projection(simulated, simulated, wanted)
        reference = self.projection(reference_of(scenario))
        if reference is None or reference.changed or not reference.complete:
            return Projection(simulated, simulated, wanted)
        return Projection(completed(simulated, reference.simulated), simulated, wanted)

    def comparison(self, *scenarios: Scenario) -> Comparison | None:
        """Return a comparison with the first scenario over the draws that all of them have.

        In it a scenario is called by the hash of its content, since visitors may call two scenarios alike.
        """
        found = [self.projection(scenario) for scenario in scenarios]
        known = [projection for projection in found if projection and not projection.changed]
        if len(known) < len(scenarios):
            return None
        seeds = set.intersection(*(set(projection.simulated.seeds) for projection in known))
        if not seeds:
            return None
        return Comparison(tuple(_only(projection.simulated, seeds) for projection in known))


def shipped_results() -> Mapping[str, shipped.Shipped]:
    """Return shipped results by what their scenario does."""
    return {load_scenario(name).content_hash: item for name, item in shipped.read().items()}


def _only(ensemble: Ensemble, seeds: set[int]) -> Ensemble:
    results = tuple(result for result in ensemble.results if result.spec.seed in seeds)
    known_as = ensemble.experiment.fingerprint
    experiment = replace(ensemble.experiment, fingerprint=replace(known_as, name=known_as.scenario))
    return Ensemble(experiment, results, ensemble.elapsed_s)


def _key(spec: RunSpec) -> str:
    scenario = spec.scenario
    return (load_scenario(scenario) if isinstance(scenario, str) else scenario).content_hash


session_context = solara.create_context(Session)


def use_session() -> Session:
    """Return the visitor's session, in a component."""
    session: Session = solara.use_context(session_context)
    return session
