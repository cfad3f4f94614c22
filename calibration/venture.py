"""What money in funds does: R&D and inventions a venture yuan, and private money a public yuan.

    python -m calibration.venture          prints both tables

Each figure compares two runs that share a seed. A pulse of private money for the funds of all cities in 2019
tells what a further yuan invested brings by the end of 2022. Guidance funds in all cities tell how much
private money comes with a public yuan, or stays away because of it, by the depth of the local market.
"""

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
from rich.table import Table

from scenarios.scenario import Bilingual, LeverSetting, Scenario
from simulation.cli_output import output
from simulation.geography import load_geography
from simulation.model import InnovationModel
from simulation.synthesis import YI
from simulation.workers import worker_pool

SEEDS = tuple(range(1, 9))
SCALE = 0.25
FIRST, UNTIL = 2019, 2022
PULSE = LeverSetting(value=0.1, scope=("all",), start="2019Q1", end="2019Q4")
GUIDANCE = LeverSetting(value=150.0, scope=("all",), start="2019Q1")
"""About as much of GDP as the plan offers in Ningbo and Wenzhou."""
SUMS = ("invested", "rd", "filings", "private", "public", "depth")

Job = tuple[str, LeverSetting | None, int, float]


def scenario(name: str, setting: LeverSetting | None) -> Scenario:
    """Return a scenario of one lever, or of none."""
    text = Bilingual(en=name or "baseline", zh=name or "基准")
    levers = {name: setting} if setting else {}
    return Scenario(name=name or "untreated", title=text, description=text, levers=levers)


def run(job: Job) -> np.ndarray:
    """Run to the end; return `SUMS` by city from 2019 on (float64[6, C]).

    Money that firms got from funds, their R&D and filings, what funds raised from private and from public
    partners, all in 100m CNY; and the depth of the market at the start of 2019 (`agents.fund`).
    """
    name, setting, seed, scale = job
    model = InnovationModel(scenario(name, setting), seed=seed, scale=scale, until=UNTIL)
    cities = model.geography.city_of
    sums = np.zeros((len(SUMS), len(model.funds)))
    while model.running:
        model.step()
        if model.quarter <= 4 * (FIRST - 2015):
            sums[5] = [depth(model, city) for city in range(len(model.funds))]
            continue
        sums[0] += np.bincount(cities, model.venture_money) / YI
        sums[1] += np.bincount(cities, model.stats["rd"]) / scale / YI
        sums[2] += np.bincount(cities, model.stats["filings"]) / scale
        sums[3] += np.array([fund.raised_private for fund in model.funds]) / YI
        sums[4] += np.array([fund.raised_public for fund in model.funds]) / YI
    return sums


def depth(model: InnovationModel, city: int) -> float:
    """Return what private partners would commit, relative to that at which half of all teams close alone."""
    supply = float(model.outlook.vc_supply[(model.quarter - 1) // 4])
    eager = model.funds[city].usual_commitments(0.0, supply, model.p)[1]
    return eager / (float(model.p["fund_reachable_share"]) * model.offers[city].savings)


def pairs(pool: Executor, name: str, setting: LeverSetting, seeds: Sequence[int], scale: float) -> np.ndarray:
    """Return the sums without and with a lever, seed by seed (float64[2, S, 6, C])."""
    cases: tuple[tuple[str, LeverSetting | None], ...] = (("", None), (name, setting))
    jobs = [(*case, seed, scale) for case in cases for seed in seeds]
    return np.array(list(pool.map(run, jobs))).reshape(2, len(seeds), len(SUMS), -1)


def venture_yuan(pool: Executor, seeds: Sequence[int] = SEEDS, scale: float = SCALE) -> np.ndarray:
    """Return by seed what a further venture yuan brings (float64[2, S]).

    R&D, and invention filings relative to those that a yuan of firms' R&D goes with.
    """
    usual, more = pairs(pool, "private_capital_channel", PULSE, seeds, scale).sum(axis=3)
    money, rd, filings = (more - usual).T[:3]
    return np.array([rd / money, filings / money / (usual[:, 2] / usual[:, 1])])


def leverage(pool: Executor, seeds: Sequence[int] = SEEDS, scale: float = SCALE) -> np.ndarray:
    """Return by seed and city the market's depth and private yuan a public yuan (float64[2, S, C])."""
    usual, more = pairs(pool, "guidance_fund", GUIDANCE, seeds, scale)
    return np.array([usual[:, 5], (more - usual)[:, 3] / (more - usual)[:, 4]])


def _with_error(values: np.ndarray) -> str:
    return f"{values.mean():.2f} ± {values.std(ddof=1) / len(values) ** 0.5:.2f}"


def main() -> None:
    """Print both tables: means over seeds, with standard errors."""
    with worker_pool(2) as pool:
        rd, patents = venture_yuan(pool)
        found = leverage(pool)
    title = f"{len(SEEDS)} seeds, scale {SCALE}, {FIRST} to {UNTIL}"
    table = Table("a further venture yuan brings", "model", title=title, title_justify="left")
    table.add_row("yuan of R&D", _with_error(rd))
    table.add_row("filings, those of a yuan of R&D = 1", _with_error(patents))
    output().print(table)
    table = Table(
        "city", "depth of the market", "private yuan a public yuan", title=title, title_justify="left"
    )
    cities = load_geography().cities
    for city in np.argsort(found[0].mean(axis=0)).tolist():
        table.add_row(cities[city], f"{found[0, :, city].mean():.2f}", _with_error(found[1, :, city]))
    output().print(table)


if __name__ == "__main__":
    main()
