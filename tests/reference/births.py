"""Births: founders, returnees, incubator tenants, and spin-offs of firms and universities."""

import math
from typing import TYPE_CHECKING

import numpy as np

from agents.firm import Origin
from reference.chance import Draws
from reference.firm import ReferenceFirm
from reference.research import TRADITIONAL
from simulation.entry import LEAVE_SLOT
from simulation.randomness import child_id, entity_id, poisson

if TYPE_CHECKING:
    from reference.model import ReferenceModel

BORN_BETTER = (Origin.CORPORATE_SPIN_OFF, Origin.UNIVERSITY_SPIN_OFF, Origin.RETURNEE)


def found_firms(model: "ReferenceModel") -> None:
    """Start the quarter's new firms."""
    for place, entry in enumerate(model.geography.places):
        for origin, rate in _rates(model, place).items():
            parent = int(entity_id(entry.id, "entry", int(origin)))
            change = float(model.founder_change[model.quarter, model.geography.city_of[place]])
            count = poisson(rate * (1.0 + change), Draws(model.seed, parent, model.quarter).uniform("ENTRY"))
            for slot in range(count):
                identity = _child(model, parent, slot)
                _found(model, identity, place, _drawn_field(model, identity, place), origin)
    for mother, slot in model.founders:
        _found(model, _child(model, mother.id, slot), mother.place, mother.field, Origin.CORPORATE_SPIN_OFF)
    for mother in _left_on_leave(model):
        _found(
            model, _child(model, mother.id, LEAVE_SLOT), mother.place, mother.field, Origin.CORPORATE_SPIN_OFF
        )
    for university in model.universities:
        for slot in range(university.spin_offs):
            identity = _child(model, int(university.identity), slot)
            _found(model, identity, university.place, university.field, Origin.UNIVERSITY_SPIN_OFF)


def _left_on_leave(model: "ReferenceModel") -> list[ReferenceFirm]:
    """Return the firms left by researchers who take leave; whole ones, as what is expected adds up."""
    chosen: list[ReferenceFirm] = []
    for place, support in enumerate(model.supports):
        expected = 0.25 * model.constants.spin_off_rate * support.leave * model.tallies[place].researchers
        model.leave_due[model.geography.city_of[place]] += expected

    def wait(firm: ReferenceFirm) -> float:
        rate = firm.researchers * model.supports[firm.place].leave
        return -math.log(firm.draws().uniform("LEAVE")) / rate if rate > 0.0 else math.inf

    for city in model.cities:
        number = math.floor(model.leave_due[city])
        model.leave_due[city] -= number
        able = (firm for firm in model.firms if firm.city == city and firm.does_rd and wait(firm) < math.inf)
        chosen += sorted(able, key=wait)[:number]
    return chosen


def _rates(model: "ReferenceModel", place: int) -> dict[Origin, float]:
    """Return how many firms of each kind are expected at a place; tenants come instead of others in part."""
    p, city = model.constants, int(model.geography.city_of[place])
    stat = model.tallies[place]
    tenants = 0.25 * max(0.0, float(model.incubator_places[place]) * model.scale - stat.tenants)
    dear = float(model.talent.wage[city] / model.talent.outside_wage[city])
    independent = 0.25 * p.entry_rate * stat.technology_firms * dear**-p.entry_wage_elasticity
    independent *= math.exp(p.entry_ease_gain * float(model.entry_ease[place]))
    high_level = float(model.talent.high_level[city] * model.place_share[place])
    return {
        Origin.INDEPENDENT: max(0.0, independent - p.incubator_diversion * tenants)
        + p.frontier_founders * stat.frontier_money / p.frontier_grant,
        Origin.RETURNEE: 0.25 * p.returnee_rate * high_level * model.scale
        + float(model.overseas_founded[place]) * model.scale,
        Origin.INCUBATOR: tenants,
    }


def _child(model: "ReferenceModel", parent: int, slot: int) -> int:
    return int(child_id(np.uint64(parent), model.quarter, slot))


def _drawn_field(model: "ReferenceModel", identity: int, place: int) -> int:
    """Entrants spread over fields as the technology firms of the place did in 2015."""
    left = Draws(model.seed, identity, model.quarter).uniform("ENTRANT_FIELD")
    shares = model.field_shares[place].tolist()
    for field, share in enumerate(shares):
        if left < share:
            return field
        left -= share
    return len(shares) - 1


def _found(model: "ReferenceModel", identity: int, place: int, field: int, origin: Origin) -> None:
    p, draw, stat = model.constants, Draws(model.seed, identity, model.quarter), model.tallies[place]
    opportunity = draw.normal("ENTRANT_QUALITY") + (p.spin_off_quality if origin in BORN_BETTER else 0.0)
    revenue = p.entrant_revenue * math.exp(p.entrant_revenue_spread * draw.normal("ENTRANT_SIZE"))
    firm = ReferenceFirm(
        model,
        id=identity,
        unique_id=identity,
        place=place,
        city=int(model.geography.city_of[place]),
        field=field,
        kind=1,
        origin=int(origin),
        birth=model.quarter,
        opportunity=opportunity,
        scale=math.log(revenue),
        revenue=revenue,
        cash=p.entrant_cash * revenue,
        does_rd=opportunity > model.local[place].rd_cut_technology,
        catalogue=int(field < TRADITIONAL),
        tenant=int(p.tenancy) if origin == Origin.INCUBATOR else 0,
    )
    model.ledgers[firm.city].owners -= firm.cash
    stat.entrants += 1
    stat.spin_offs += origin in (Origin.CORPORATE_SPIN_OFF, Origin.UNIVERSITY_SPIN_OFF)
