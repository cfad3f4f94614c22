"""Global sensitivity: which unknown parameters move the targets, and by how much (SALib).

Morris screening changes one parameter after the other over its prior, on many paths; Sobol' indices then
divide the variance of each target among the few that matter. Chance is one more factor: it chooses the seed,
so that what a parameter does can be held against what another draw of chance does. City effects stay at the
fitted values, and parameters range over their priors, not over what 2015-2018 leave of them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from SALib.analyze.morris import analyze as analyse_morris
from SALib.analyze.sobol import analyze as analyse_sobol
from SALib.sample.morris import sample as sample_morris
from SALib.sample.sobol import sample as sample_sobol

from agents.parameters import Parameter, parameters
from calibration.priors import unknowns
from scenarios.ledger import MEASURES, Advance, Ledger, Measure, gather
from scenarios.scenario import Scenario
from simulation.errors import InputError, unknown_name
from simulation.experiment import MAX_RUNS, TARGET_YEAR
from simulation.runs import RunSpec, fingerprint, run_id

Array = NDArray[np.float64]
METHODS = ("morris", "sobol")
CHANCE = "chance"
LEVELS = 4
WITHIN = 0.05, 0.95
"""Quantiles of the prior between which a parameter ranges: the ends of its range in the table."""
FIRST_SEED = 5_000_000
SEEDS = 2**30
"""Number of seeds that the factor of chance chooses from."""
FEW = 8
"""Parameters that Sobol' indices are worked out for."""
TARGETS = tuple(measure for measure in MEASURES if measure.goal is not None and measure.joint)


@dataclass(frozen=True, eq=False)
class Study:
    """What is run: points of a design, each a run of one scenario.

    Attributes
    ----------
    factors
        Parameters that are varied; chance is the last factor.
    points : float64[R, K + 1]
        Place of each factor between 0 and 1.
    size
        Trajectories of Morris, or the base sample of Sobol'.
    """

    method: str
    scenario: Scenario
    scale: float
    factors: tuple[Parameter, ...]
    points: Array
    size: int

    @cached_property
    def names(self) -> list[str]:
        """Return the names of the factors, chance last."""
        return [*(row.name for row in self.factors), CHANCE]

    @property
    def problem(self) -> dict[str, Any]:
        """Return the factors as SALib wants them."""
        count = len(self.names)
        return {"num_vars": count, "names": self.names, "bounds": [[0.0, 1.0]] * count}

    @cached_property
    def order(self) -> list[tuple[str, RunSpec]]:
        """Return the run of each point, with its name."""
        parts = fingerprint(self.scenario, central=True)
        specs = [self._spec(index) for index in range(len(self.points))]
        return [(run_id(spec, parts), spec) for spec in specs]

    @property
    def runs(self) -> dict[str, RunSpec]:
        """Return the runs by name; equal points are one run."""
        return dict(self.order)

    def _spec(self, index: int) -> RunSpec:
        *places, chance = self.points[index].tolist()
        low, high = WITHIN
        chosen = {
            row.name: row.quantile(low + (high - low) * u)
            for row, u in zip(self.factors, places, strict=True)
        }
        return RunSpec(
            self.scenario, self._seed(index, chance), self.scale, TARGET_YEAR, chosen, central=True
        )

    def _seed(self, index: int, chance: float) -> int:
        """Return the seed: the levels of a trajectory are its own, so that chance is drawn anew in each."""
        if self.method == "morris":
            return FIRST_SEED + LEVELS * (index // (len(self.names) + 1)) + round((LEVELS - 1) * chance)
        return FIRST_SEED + int(chance * SEEDS)

    @property
    def identity(self) -> str:
        """Return a hash over the names of all runs."""
        return hashlib.sha256(
            "\n".join([self.method, *(name for name, _ in self.order)]).encode()
        ).hexdigest()[:16]

    def run(self, ledger: Ledger, processes: int | None = None, advance: Advance | None = None) -> "Outcome":
        """Run what the ledger does not know yet."""
        gather(self.runs, ledger, processes, advance)
        columns = [MEASURES.index(target) for target in TARGETS]
        return Outcome(self, np.array([ledger.known[name][columns] for name, _ in self.order]))


def plan_morris(
    scenario: Scenario, trajectories: int, scale: float, names: Sequence[str] = (), seed: int = 1
) -> Study:
    """Describe a screening of all unknown parameters, or of those named."""
    factors = chosen_parameters(names)
    if not 2 <= trajectories <= MAX_RUNS // (len(factors) + 2):
        most = MAX_RUNS // (len(factors) + 2)
        raise InputError(f"trajectories must be a whole number from 2 to {most}, not {trajectories}")
    empty = Study("morris", scenario, scale, factors, np.zeros((0, 0)), trajectories)
    points = sample_morris(empty.problem, trajectories, num_levels=LEVELS, seed=seed)
    return Study("morris", scenario, scale, factors, np.asarray(points), trajectories)


def plan_sobol(scenario: Scenario, samples: int, scale: float, names: Sequence[str], seed: int = 1) -> Study:
    """Describe the runs of Sobol' indices of some parameters and of chance."""
    if samples < 8 or samples & (samples - 1) or samples * (len(names) + 3) > MAX_RUNS:
        raise InputError(f"samples must be a power of two of at least 8, not {samples}")
    factors = chosen_parameters(names)
    empty = Study("sobol", scenario, scale, factors, np.zeros((0, 0)), samples)
    points = sample_sobol(empty.problem, samples, calc_second_order=False, seed=seed)
    return Study("sobol", scenario, scale, factors, np.asarray(points), samples)


def chosen_parameters(names: Sequence[str] = ()) -> tuple[Parameter, ...]:
    """Return unknown parameters by name, all of them if none is named."""
    known = [unknown.name for unknown in unknowns() if not unknown.place]
    for name in names:
        if name not in known:
            raise unknown_name("uncertain parameter", name, known)
    return tuple(parameters()[name] for name in known if not names or name in names)


@dataclass(frozen=True, eq=False)
class Outcome:
    """Outcomes of a study (float64[R, T]), and what they say of its factors."""

    study: Study
    values: Array

    @cached_property
    def indices(self) -> dict[str, dict[str, Array]]:
        """Return for each target its indices by factor (float64[K + 1]).

        Morris: `mu_star`, the mean size of what a factor changes over its range, with the half-width of its
        95 % interval `mu_star_conf`, `mu` and `sigma`. Sobol': `S1` and `ST` with `S1_conf` and `ST_conf`.
        """
        return {target.id: self._indices(self.values[:, column]) for column, target in enumerate(TARGETS)}

    def _indices(self, values: Array) -> dict[str, Array]:
        wanted = (
            ("mu_star", "mu_star_conf", "mu", "sigma")
            if self.study.method == "morris"
            else ("S1", "S1_conf", "ST", "ST_conf")
        )
        if not np.isfinite(values).all() or np.ptp(values) == 0.0:  # such as a share that is always whole
            return {name: np.zeros(len(self.study.names)) for name in wanted}
        if self.study.method == "morris":
            found = analyse_morris(self.study.problem, self.study.points, values, num_levels=LEVELS, seed=1)
        else:
            found = analyse_sobol(self.study.problem, values, calc_second_order=False, seed=1)
        return {name: np.nan_to_num(np.asarray(found[name], dtype=np.float64)) for name in wanted}

    @cached_property
    def shares(self) -> Array:
        """Return each factor's share of all sizes (`mu_star` or `ST`) of a target (float64[T, K + 1])."""
        name = "mu_star" if self.study.method == "morris" else "ST"
        sizes = np.array([np.maximum(0.0, self.indices[target.id][name]) for target in TARGETS])
        total = sizes.sum(axis=1, keepdims=True)
        return np.divide(sizes, total, out=np.zeros_like(sizes), where=total > 0.0)

    @cached_property
    def ranking(self) -> Mapping[str, float]:
        """Return the mean share over targets of each factor, the largest first."""
        mean = self.shares.mean(axis=0)
        order = np.argsort(-mean, kind="stable")
        return {self.study.names[index]: float(mean[index]) for index in order}

    def most(self, number: int) -> list[str]:
        """Return the parameters that matter most over all targets."""
        return [name for name in self.ranking if name != CHANCE][:number]

    def document(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {
            "method": self.study.method,
            "size": self.study.size,
            "runs": len(self.study.runs),
            "ranking": [{"name": name, "share": share} for name, share in self.ranking.items()],
            "targets": [self._target(row, target) for row, target in enumerate(TARGETS)],
        }

    def _target(self, row: int, target: Measure) -> dict[str, Any]:
        order = np.argsort(-self.shares[row], kind="stable")
        factors = [
            {
                "name": self.study.names[index],
                "share": float(self.shares[row, index]),
                **{name: float(values[index]) for name, values in self.indices[target.id].items()},
            }
            for index in order
        ]
        return {"id": target.id, "scope": target.region, "unit": target.unit, "factors": factors}
