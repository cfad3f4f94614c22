"""Who works with whom: every year partners are kept, lost and found."""

import math
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from agents.university import University
from reference.chance import Draws, pair_identity
from reference.distance import contact, normalised
from reference.firm import ReferenceFirm

if TYPE_CHECKING:
    from reference.model import ReferenceModel

Partner = ReferenceFirm | University
SLOTS = 3
TRIES = 6


def renew_networks(model: "ReferenceModel") -> None:
    """Keep or drop last year's partners, look for one more, and publish what partners add."""
    firms = list(model.firms)
    model.rd_mass = [sum(firm.knowledge for firm in firms if firm.city == city) for city in model.cities]
    reach = contact(model, model.minutes.tolist())
    before = contact(model, model.geography.minutes.tolist(), eased=False)
    model.gravity = normalised(reach)
    search = Search(model, firms)
    helped = [1.0 + model.constants.platform_search * float(strength) for strength in model.platforms]
    gains = [sum(now) / sum(then) * help_ for now, then, help_ in zip(reach, before, helped, strict=True)]
    chances = [min(1.0, model.constants.search_rate * gain) for gain in gains]
    renewed = {firm: search.renew(firm, chances[firm.city]) for firm in firms}
    model.links = np.zeros((len(chances), len(chances) + 1))
    for firm in firms:
        firm.partners = renewed[firm]
    for firm in firms:
        gain_from_partners(model, firm)
    bring_together(model, firms)
    for university in model.universities:
        university.partner_firms = sum(university in firm.partners for firm in firms) / model.scale


def identity(partner: Partner) -> int:
    """Return the stable id of a firm or a university."""
    return partner.id if isinstance(partner, ReferenceFirm) else int(partner.identity)


def is_open(partner: Partner) -> bool:
    """Universities are always open to partners, firms while they live and do R&D."""
    return not isinstance(partner, ReferenceFirm) or (partner.alive and partner.does_rd)


class Search:
    """One year's search; all look at the partners of last year."""

    def __init__(self, model: "ReferenceModel", firms: list[ReferenceFirm]) -> None:
        self.model = model
        self.place = {
            firm: Draws(model.seed, firm.id, model.quarter).uniform("LINK_RING")
            for firm in firms
            if firm.does_rd
        }
        in_rd = sorted(self.place, key=self.place.__getitem__)
        self.firms = [[firm for firm in in_rd if firm.city == city] for city in model.cities]
        self.universities = [[u for u in model.universities if u.city == city] for city in model.cities]
        self.to_city = [list(accumulate(row)) for row in model.gravity]

    def pair_draw(self, a: ReferenceFirm, b: Partner, purpose: str) -> float:
        """Return the draw that two share."""
        pair = pair_identity(a.id, identity(b))
        return Draws(self.model.seed, pair, self.model.quarter).uniform(purpose)

    def renew(self, firm: ReferenceFirm, chance: float) -> list[Partner | None]:
        """Return the firm's partners of the next year."""
        survival = self.model.constants.link_survival
        kept: list[Partner | None] = [
            partner
            for partner in firm.partners
            if partner is not None
            and is_open(partner)
            and self.pair_draw(firm, partner, "LINK_SURVIVAL") < survival
        ]
        if firm.does_rd and len(kept) < SLOTS:
            draw = Draws(self.model.seed, firm.id, self.model.quarter * 8)
            if draw.uniform("LINK_SEARCH") < chance:
                found = self.partner_of_partner(firm, draw) or self.stranger(firm, draw)
                if found is not None and found is not firm and found not in kept:
                    kept.append(found)
        return kept

    def partner_of_partner(self, firm: ReferenceFirm, draw: Draws) -> Partner | None:
        """Ask one of last year's partners, at random, for one of theirs."""
        if draw.uniform("LINK_KIND") >= self.model.constants.triadic_share:
            return None
        through = _at(firm.partners, draw.uniform("LINK_PARTNER"))
        if not isinstance(through, ReferenceFirm) or not through.alive:
            return None
        found = _at(through.partners, draw.uniform("LINK_ACCEPT"))
        return found if found is not None and is_open(found) else None

    def stranger(self, firm: ReferenceFirm, draw: Draws) -> Partner | None:
        """Go to a city by gravity and ask round from a random place until one of a fitting field accepts."""
        p = self.model.constants
        towards = self.to_city[firm.city]
        city = min(bisect_left(towards, draw.uniform("LINK_CITY")), len(towards) - 1)
        academic = draw.uniform("DISCLOSURE") < p.university_partner_share
        ring: list[Partner] = list(self.universities[city] if academic else self.firms[city])
        u = draw.uniform("LINK_PARTNER")
        if academic:
            first = int(u * len(ring))
        else:
            first = bisect_left([self.place[firm] for firm in self.firms[city]], u)
        for step in range(min(TRIES, len(ring))):
            other = ring[(first + step) % len(ring)]
            fit = 1.0 if other.field == firm.field else p.field_proximity
            if self.pair_draw(firm, other, "LINK_ACCEPT") < fit:
                return other
        return None


def _at(slots: list[Partner | None], u: float) -> Partner | None:
    """Return what lies in a random one of the slots, some of which are empty."""
    slot = int(u * SLOTS)
    return slots[slot] if slot < len(slots) else None


def gain_from_partners(model: "ReferenceModel", firm: ReferenceFirm) -> None:
    """A university adds a fixed share, a firm the more, the more it knows relative to oneself."""
    p = model.constants
    gain, academic = 0.0, False
    for partner in firm.partners:
        if isinstance(partner, ReferenceFirm):
            potential = math.sqrt((1.0 + partner.knowledge) / (1.0 + firm.knowledge))
            gain += p.partner_gain_firm * min(1.5, potential)
            model.links[firm.city, partner.city] += 1.0
        else:
            academic = True
            model.links[firm.city, -1] += 1.0
    firm.partner_gain = gain + (p.partner_gain_university if academic else 0.0)
    wish = p.contract_ratio * (1.2 if academic else 0.8)
    firm.contracts = wish if firm.does_rd else 0.0


def bring_together(model: "ReferenceModel", firms: list[ReferenceFirm]) -> None:
    """Programmes of cities bring firms with R&D and academics together."""
    p = model.constants
    for city in model.cities:
        able = [firm for firm in firms if firm.city == city and firm.does_rd]
        local = [university for university in model.universities if university.city == city]
        payers = [government for government in model.governments if government.city == city]
        money = 4.0 * sum(payer.spent.get("joint_research_funding", 0.0) for payer in payers)
        consortia = money / p.consortium_cost * model.scale
        going = sum(university.seconded * university.researchers for university in local)
        visits = going / p.secondment_years * model.scale
        lonely = sum(len(firm.partners) < SLOTS and not _academic(firm) for firm in able)
        joint, visit = min(1.0, consortia / max(1, len(able))), min(1.0, visits / max(1, lonely))
        for firm in able:
            draw = Draws(model.seed, firm.id, model.quarter)
            in_consortium = draw.uniform("CONSORTIUM") < joint
            if in_consortium or draw.uniform("SECONDMENT") < visit:
                _take_part(model, firm, local, in_consortium, draw.uniform("ACADEMIC_PARTNER"))


def _academic(firm: ReferenceFirm) -> bool:
    return any(isinstance(partner, University) for partner in firm.partners)


def _take_part(
    model: "ReferenceModel", firm: ReferenceFirm, local: list[University], in_consortium: bool, u: float
) -> None:
    p = model.constants
    if local and not _academic(firm) and len(firm.partners) < SLOTS:
        start = int(u * len(local))
        round_ = local[start:] + local[:start]
        fitting = [university for university in round_ if university.field == firm.field]
        firm.partners.append((fitting or round_)[0])
        model.links[firm.city, -1] += 1.0
        firm.partner_gain += p.partner_gain_university
        firm.contracts = 1.2 * p.contract_ratio
    if in_consortium and _academic(firm):
        firm.partner_gain += p.consortium_gain
