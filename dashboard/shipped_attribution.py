"""What each article of the full plan contributes, as it comes with the product.

``python -m dashboard.shipped_attribution`` makes it anew. Like other shipped results it carries the
fingerprint of what it was made with, and the app says what has changed since.
"""

import json
import sys
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from dashboard.drafting import BASELINE
from scenarios.attribution import Attribution, plan_attribution
from scenarios.coalitions import Player
from scenarios.ledger import MEASURES
from scenarios.levers import LEVERS
from simulation.runs import Fingerprint, fingerprint

FILE = Path(__file__).with_name("shipped_attribution.npz")
SCENARIO, BY = "full_plan", "article"
SEEDS, SCALE = 12, 0.1


@dataclass(frozen=True, eq=False)
class Shipped:
    """A shipped attribution, and in which parts what it was made with differs from today's."""

    attribution: Attribution
    changed: tuple[str, ...]


def write(found: Attribution, path: Path = FILE) -> None:
    """Write the outcomes of all coalitions of a scenario of the catalogue."""
    plan = found.plan
    keys = [(mask, seed) for seed, game in found.games.items() for mask in game]
    about = {
        "scenario": plan.last.name,
        "players": [asdict(player) for player in plan.players],
        "measures": [f"{each.id}@{each.region}" for each in MEASURES],
        "fingerprint": asdict(fingerprint(plan.last)),
        "seeds": plan.seeds,
        "scale": plan.scale,
        "orders": plan.orders,
        "runs": keys,
    }
    outcomes = np.stack([found.games[seed][mask] for mask, seed in keys])
    np.savez_compressed(path, about=np.array(json.dumps(about)), outcomes=outcomes)


@cache
def read(path: Path = FILE) -> Shipped | None:
    """Return the shipped attribution; None if there is none, or one of targets or levers that are gone."""
    if not path.is_file():
        return None
    with np.load(path) as file:
        about, outcomes = json.loads(str(file["about"])), file["outcomes"]
    players = tuple(Player(**{**each, "members": tuple(each["members"])}) for each in about["players"])
    measures = [f"{each.id}@{each.region}" for each in MEASURES]
    if about["measures"] != measures or any(name not in LEVERS for each in players for name in each.members):
        return None
    terms = {name: about[name] for name in ("seeds", "scale", "orders")}
    plan = replace(plan_attribution(about["scenario"], BASELINE, by=BY, **terms), players=players)
    games: dict[int, dict[int, np.ndarray]] = {seed: {} for seed in plan.seeds}
    for (mask, seed), values in zip(about["runs"], outcomes, strict=True):
        games[seed][mask] = values
    changed = Fingerprint(**about["fingerprint"]).differences(fingerprint(plan.last))
    return Shipped(Attribution(plan, games, (), len(outcomes)), tuple(changed))


def main() -> None:
    """Make the shipped attribution anew."""
    plan = plan_attribution(SCENARIO, BASELINE, range(1, SEEDS + 1), SCALE, by=BY)
    print(f"attributing {SCENARIO} in {len(plan.runs)} runs", file=sys.stderr)
    write(plan.run())
    print(f"results are in {FILE}", file=sys.stderr)


if __name__ == "__main__":
    main()
