"""What happens in each phase of a quarter. The order stands in `simulation.schedule`."""

import numpy as np

from agents.blocks import new_block
from agents.records import numbers
from agents.tiles import TILE
from agents.university import Draws
from simulation import delivery, entry, funding, threads, yearbook
from simulation.academia import sizes
from simulation.bookkeeping import steps_of_filings
from simulation.capital import fund_reach
from simulation.collaboration import bring_together, count_partner_firms
from simulation.contracts import settle_contracts
from simulation.effects import FITTED_YEARS, damped_years
from simulation.geography import borders, collaboration_reach, spillover_kernel
from simulation.networks import remap, search_partners
from simulation.operating import Books, contract_response, empty_books, operate_firms
from simulation.planning import Plans, no_plans, plan_firms
from simulation.randomness import Purpose
from simulation.world import World

_UNIVERSITY_PURPOSES = np.array(
    [
        *(Purpose.DECISION, Purpose.GRANT_DECISION, Purpose.EXAMINATION, Purpose.LAPSE),
        *(Purpose.INVENTION, Purpose.DISCLOSURE, Purpose.LICENCE, Purpose.SPIN_OFF),
        Purpose.LICENCE_CHANNEL,
    ],
    dtype=np.int64,
)


def conditions(model: World) -> None:
    """Move outside paths by a quarter."""
    quarter = model.quarter
    city_of = model.geography.city_of
    model.growth = model.outlook.growth[quarter]
    model.nation = _national_rules(model)[0]
    model.pass_rate = float(model.nation["pass_rate"])
    if quarter:
        model.goods.advance(model.growth, model.relative_productivity(), model.p)
        model.gdp_rest *= 1.0 + model.growth[city_of]
    model.places["talent_quality"] = model.talent.quality(float(model.p["talent_quality_elasticity"]))[
        city_of
    ]
    _trends(model)


def _national_rules(model: World) -> np.ndarray:
    """Return the nation's rules of the year (one row)."""
    year = model.quarter // 4
    return model.outlook.nation[year : year + 1]


def _trends(model: World) -> None:
    """Move what is fitted: along its trend, which fades after 2018, and from then on with a drift."""
    effect, places = model.place_effects, model.places
    after = max(0.0, model.quarter / 4.0 - FITTED_YEARS)
    years = damped_years(model.quarter / 4.0, FITTED_YEARS, float(model.p["trend_damping"]))
    drift = {name: spread * after**0.5 for name, spread in model.drift.items()}
    model.trend_step = 0.25 * float(model.p["trend_damping"]) ** after
    places["rd_climate"] = effect["rd_trend"] * years + drift["rd_trend"]
    for name, trend in (
        ("certification_push", "certification_trend"),
        ("registration_rate", "registration_trend"),
    ):
        places[name] = effect[name] * np.exp(effect[trend] * years + drift[trend])
    places["patent_propensity"] = model.patent_propensity * np.exp(drift["patent_propensity"])
    model.high_level_drift = np.exp(drift["high_level_rate"][: len(model.geography.cities)])
    model.contract_registration = np.exp(effect["contract_trend"] * years + drift["contract_trend"])


def policy(model: World) -> None:
    """Pay programmes and deliver instruments."""
    delivery.deliver(model)


def networks(model: World) -> None:
    """Squeeze out closed firms, then renew partnerships and what they add."""
    moved = model.firms.squeeze()
    partners = remap(model.partners, moved)
    rows = model.holdings["row"][: model.holding_count]
    model.holdings["row"][: model.holding_count] = np.where(rows >= 0, moved[np.maximum(rows, 0)], -1)
    model.rd_mass = model.knowledge_stock.sum(axis=1)
    search_partners(model, partners, model.quarter, contact_gain(model), 1)
    bring_together(model)
    count_partner_firms(model)


def contact_gain(model: World) -> np.ndarray:
    """Return how much easier each city's firms find partners than they do today (1.0: no change).

    More of them are within reach when travel is easier, and service platforms help to look.
    """
    now = collaboration_reach(model.border, model.minutes, model.rd_mass, model.p)
    usual = borders(model.geography, model.p)
    before = collaboration_reach(usual, model.geography.minutes, model.rd_mass, model.p)
    helped = 1.0 + model.p["platform_search"] * model.platforms
    return np.asarray(now.sum(axis=1) / before.sum(axis=1) * helped)


def knowledge(model: World) -> None:
    """Publish the accessible knowledge of each city and field, relative to 2015."""
    p, stock = model.p, model.knowledge_stock
    kernel = spillover_kernel(model.border, model.minutes, p)
    proximity = np.full((stock.shape[1],) * 2, p["field_proximity"])
    np.fill_diagonal(proximity, 1.0)
    pool = kernel @ stock @ proximity / model.scale + 1.0
    if model.cluster.any():
        home = np.diag(kernel)[:, None] * stock / model.scale
        pool += p["cluster_spillover"] * model.cluster * home
    if model.pool_start is None:
        model.pool_start = pool
    pool = pool + p["overseas_pool"] * model.overseas[:, None] * model.pool_start
    model.log_pool = np.log(pool / model.pool_start) + model.foreign_knowledge


def plan(model: World) -> None:
    """First pass over firms."""
    firms, cities, fields = model.firms, *model.goods.demand.shape

    def part(mine: np.ndarray) -> Plans:
        plans = no_plans(cities, fields)
        plan_firms(
            firms.records,
            firms.count,
            mine,
            model.seed,
            model.quarter,
            model.places,
            _national_rules(model),
            model.support,
            model.parameters,
            new_block(),
            plans,
        )
        return plans

    parts = threads.each(part, _shares(model))
    model.bids, model.contribution, model.payroll = (
        np.sum(each, axis=0) for each in zip(*parts, strict=True)
    )


def _shares(model: World) -> list[np.ndarray]:
    """Return the cities of each thread, by the firms that they had at the end of the last quarter."""
    cities = len(model.geography.cities)
    return threads.dealt(np.bincount(model.geography.city_of, model.stats["firms"], cities))


def markets(model: World) -> None:
    """Clear the markets for goods and researchers."""
    model.goods.clear(model.bids)
    payroll = (model.payroll / model.scale).tolist()
    for university in model.universities:
        payroll[university.city] += university.payroll()
    model.talent.clear(np.array(payroll), float(model.p["labour_supply_elasticity"]))
    model.places["wage"] = model.talent.wage[model.geography.city_of]


def operate(model: World) -> None:
    """Second pass over firms."""
    firms, price, nation = model.firms, model.goods.price, _national_rules(model)
    log_price = np.log(np.maximum(price, 1e-12))
    more_contracts = contract_response(model.support, model.parameters)
    steps = steps_of_filings(model.places, nation, model.parameters)

    def part(work: tuple[np.ndarray, ...]) -> tuple[Books, np.ndarray, np.ndarray]:
        mine, founders, seekers = work
        books = empty_books(model.places.size, *price.shape)
        spun_off, seeking = operate_firms(
            firms.records,
            firms.count,
            mine,
            model.seed,
            model.quarter,
            model.places,
            nation,
            model.support,
            model.parameters,
            price,
            log_price,
            model.log_pool,
            more_contracts,
            steps,
            new_block(),
            np.empty(TILE, dtype=np.int64),
            books,
            founders,
            seekers,
        )
        return books, founders[:spun_off], seekers[:seeking]

    shares = _shares(model)
    lists = (threads.lists(into, len(shares)) for into in (model.founders, model.seekers))
    done = threads.each(part, list(zip(shares, *lists, strict=True)))
    books, founders, seekers = zip(*done, strict=True)
    numbers(model.stats)[:] = np.sum([book.all_statistics for book in books], axis=0)
    numbers(model.ledger)[:] = np.sum([book.all_ledgers for book in books], axis=0)
    model.knowledge_stock[:] = np.sum([book.knowledge for book in books], axis=0)
    model.spun_off = threads.merged(founders, founders, model.founders)
    model.seeking = threads.merged(seekers, [part["row"] for part in seekers], model.seekers)
    firms.changed()


def universities(model: World) -> None:
    """Let each university act."""
    p = model.p
    quality = model.talent.quality(float(p["talent_quality_elasticity"])).tolist()
    wage, leave = model.talent.wage.tolist(), model.support["leave"].tolist()
    drawn = model.drawn(model.university_ids, _UNIVERSITY_PURPOSES)
    pass_rate, spent = model.pass_rate, model.outside["university_spending"]
    for university, row in zip(model.universities, drawn, strict=True):
        _, wages, purchases = university.spend(wage[university.city])
        spent += wages + purchases
        draws = Draws(*row)
        university.invent(pass_rate, quality[university.city], draws, p)
        university.transfer(leave[university.place], model.scale, draws, p)
        university.grow(p)
    model.outside["university_spending"] = spent


def contracts(model: World) -> None:
    """Settle technology contracts."""
    settle_contracts(model)


def capital(model: World) -> None:
    """Raise funds, make deals, sell holdings."""
    reach = fund_reach(model.geography, model.minutes, model.p)
    funding.wind_up(model)
    funding.raise_funds(model, reach)
    funding.review(model, *funding.invest(model, reach))


def talent(model: World) -> None:
    """Let people come, go and move."""
    p = model.p
    graduates = 0.25 * p["graduate_rate"] * model.start_stock * graduate_shares(model)
    graduates += model.trend_step * model.place_effects["talent_trend"][: graduates.size] * model.talent.stock
    model.talent.advance(model.geography, model.minutes, model.growth, graduates, p)
    delivery.settle_talent(model)


def graduate_shares(model: World) -> np.ndarray:
    """Return where graduates go: three in ten by universities' funding, the others where researchers are."""
    _, funding = sizes(model)
    return np.asarray(
        0.3 * funding / max(1e-9, funding.sum()) + 0.7 * model.talent.stock / model.talent.stock.sum()
    )


def entry_conditions(model: World) -> entry.EntryConditions:
    """Return what founders find at each place."""
    city_of = model.geography.city_of
    vacancies = np.maximum(0.0, model.incubator_places * model.scale - model.stats["tenants"])
    return entry.EntryConditions(
        model.stats["technology_firms"].copy(),
        (model.talent.wage / model.talent.outside_wage)[city_of],
        model.entry_ease,
        model.talent.high_level[city_of] * model.place_share,
        vacancies,
        model.overseas_founded,
        model.founder_change[model.quarter][city_of],
        model.stats["frontier_money"] / model.p["frontier_grant"],
    )


def founding(model: World) -> None:
    """Start the quarter's new firms."""
    seed, quarter, p = model.seed, model.quarter, model.parameters[0]
    found = entry.entrants(
        entry_conditions(model),
        model.field_shares,
        model.places,
        model.geography.ids,
        seed,
        quarter,
        p,
        model.scale,
    )
    parents = model.founders[: model.spun_off]
    spun = entry.corporate_spin_offs(model.firms.records, parents, model.places, seed, quarter, p)
    on_leave = entry.corporate_spin_offs(
        model.firms.records, _on_leave(model), model.places, seed, quarter, p, first_slot=entry.LEAVE_SLOT
    )
    academic = entry.university_spin_offs(model.universities, model.places, seed, quarter, p)
    for born in (found, spun, on_leave, academic):
        if not born.size:
            continue
        by_place = np.bincount(born["place"], minlength=model.places.size)
        model.ledger["owners"] -= np.bincount(born["city"], born["cash"], model.ledger.size)
        model.stats["entrants"] += by_place
        if born is not found:
            model.stats["spin_offs"] += by_place
        model.firms.append(born)


def _on_leave(model: World) -> np.ndarray:
    """Return the rows of firms from which the right to leave takes founders, beyond those who go anyway."""
    leave = model.support["leave"]
    if not leave.any():
        return np.zeros(0, dtype=np.int64)
    expected = 0.25 * model.p["spin_off_rate"] * leave * model.stats["researchers"]
    model.leave_due += np.bincount(model.geography.city_of, expected)
    numbers = np.floor(model.leave_due).astype(np.int64)
    model.leave_due -= numbers
    return entry.parents_on_leave(model.firms.records, leave, numbers, model.seed, model.quarter)


def statistics(model: World) -> None:
    """Publish the figures of the quarter, and of the year at its end."""
    yearbook.publish(model)
