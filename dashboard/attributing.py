"""Work out for a visitor what each part of a scenario contributes, with numbers while it goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboard import shipped_attribution
from dashboard.drafting import BASELINE, reference_of
from dashboard.engine import engine
from scenarios.attribution import Attribution, plan_attribution
from scenarios.ledger import Outcomes, outcomes_of
from scenarios.scenario import Scenario, load_scenario
from simulation.errors import YongwenError

SCALE = 0.1
"""Share of firms: a difference on the same seeds settles long before levels do."""
FEWEST_SEEDS, MOST_SEEDS = 4, 64
STEPS = 40  # times that progress is told


@dataclass(frozen=True)
class Question:
    """What is asked: which scenario, by which parts, on how many seeds and which share of firms."""

    scenario: Scenario
    by: str
    seeds: int
    scale: float

    @property
    def key(self) -> str:
        """Return what tells this question from others."""
        return f"{self.scenario.content_hash} {self.by} {self.seeds} {self.scale}"

    @property
    def reference(self) -> Scenario:
        """Return what the scenario is compared with: no new policy under the same conditions."""
        return reference_of(self.scenario)

    @property
    def is_empty(self) -> bool:
        """Tell whether the scenario has no policy, so that there is nothing to split."""
        return self.scenario.content_hash == self.reference.content_hash


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known by now.

    Attributes
    ----------
    changed
        Parts of the model that have changed since these numbers were made; empty for today's.
    """

    key: str
    attribution: Attribution | None = None
    done: int = 0
    wanted: int = 0
    error: str = ""
    changed: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Tell whether all runs are there."""
        return 0 < self.wanted <= self.done


def shipped_answer(question: Question) -> Answer | None:
    """Return the answer that comes with the product, if it is one to this question."""
    found = shipped_attribution.read()
    if found is None or question.reference.content_hash != load_scenario(BASELINE).content_hash:
        return None
    plan = found.attribution.plan
    same = plan.last.content_hash == question.scenario.content_hash and plan.players[0].kind == question.by
    if not same or len(plan.seeds) < question.seeds:
        return None
    runs = found.attribution.runs
    return Answer(question.key, found.attribution, runs, runs, changed=found.changed)


def answer(question: Question, client: str, tell: Callable[[Answer], None]) -> None:
    """Run what the question needs and `tell` what is known each time that another seed is complete."""
    known: dict[str, Outcomes] = {}
    found: Attribution | None = None
    wanted = told = 0
    try:
        plan = plan_attribution(
            question.scenario,
            question.reference,
            range(1, question.seeds + 1),
            question.scale,
            by=question.by,
        )
        wanted = len(plan.runs)
        tell(Answer(question.key, None, 0, wanted))
        for results in engine().stream(client, plan.runs):
            known |= {result.run_id: outcomes_of(result) for result in results}
            better = plan.so_far(known)
            is_better = better and (found is None or len(better.plan.seeds) > len(found.plan.seeds))
            if is_better or len(known) == wanted or len(known) - told > wanted / STEPS:
                found, told = better or found, len(known)
                tell(Answer(question.key, found, len(known), wanted))
    except YongwenError as error:
        tell(Answer(question.key, found, len(known), wanted, str(error)))
