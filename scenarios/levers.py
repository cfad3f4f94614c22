"""The registry of levers: every number of policy that a planner can set.

A lever at its neutral value means "as if the article did not exist". `amount` levers are totals that are
shared out over the places of their scope in proportion to GDP; the others hold alike at every place.
Plan values stand where the policy gives a figure; where it gives none they are assumptions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Lever:
    """One lever.

    Attributes
    ----------
    amount : bool
        Whether the value is a total for the whole scope.
    unit_cost : float
        Public cost in 100m CNY a year per unit of the lever (0: the lever costs nothing, or what it costs
        is counted where it is paid out).
    budget : str
        Who pays; programmes of cities and zones are cut when their budget runs short.
    indicators : tuple of str
        Indicators that it should move.
    rule : bool
        Whether it holds from its first day; programmes and reforms come with the administrative delay.
    """

    name: str
    name_en: str
    name_zh: str
    article: int
    unit: str
    low: float
    neutral: float
    plan: float
    high: float
    amount: bool
    unit_cost: float
    budget: str
    touches: str
    mechanism: str
    indicators: tuple[str, ...]
    evidence: str
    rule: bool = False

    @property
    def is_paid(self) -> bool:
        """Whether it draws on the S&T budgets of cities and zones, and is cut when they run short."""
        return self.budget == _LOCAL

    @property
    def costs(self) -> bool:
        """Whether public money is spent or forgone for it."""
        return self.budget not in {_NONE, _TERMS}


_NONE = "none"
_LOCAL = "S&T budget of the city or zone"
_TERMS = "none; sets the terms of another lever"
_GENERAL = "general budget of the city"

_LEVERS = (
    Lever("angel_coinvestment", "Angel co-investment", "天使投资引导", 4, "100m CNY a year", 0, 0, 5, 50, True, 1.0, _LOCAL,
          "venture funds, young firms", "Public money is added to local funds alongside private partners and goes to firms that seek equity.",
          ("innovation_capital",), "Ningbo's angel fund 2013-18: 2m yuan public a 21.5m yuan gross; no causal estimate"),
    Lever("private_capital_channel", "Private capital channel", "民间资本引导", 5, "share of private savings", 0, 0, 0.02, 0.1, False, 0.0, _NONE,
          "venture funds", "A share of the private savings surplus becomes commitments to local funds.",
          ("innovation_capital",), "assumption", True),
    Lever("hangzhou_link", "Link with Hangzhou", "对接杭州", 6, "strength 0-1", 0, 0, 0.5, 1, False, 0.3, _LOCAL,
          "firms, universities, researchers", "Takes up to 30 % off the effective travel time to Hangzhou, for collaboration, knowledge and moves.",
          ("technology_contract_turnover",), "border penalty -10 % (0-25 %) five years after mutual recognition, judgement"),
    Lever("delta_link", "Integration with the delta", "融入长三角", 7, "strength 0-1", 0, 0, 0.5, 1, False, 0.5, _LOCAL,
          "firms, universities, researchers", "Takes up to 30 % off the effective travel time to every other city of the delta.",
          ("valid_invention_patents", "technology_contract_turnover"), "border penalty -10 % (0-25 %) five years after mutual recognition, judgement"),
    Lever("innovation_vouchers", "Innovation vouchers", "创新券", 7, "100m CNY a year", 0, 0, 2, 20, True, 1.0, _LOCAL,
          "firms, universities", "Pays part of the price of technology contracts until the money is used up; cheaper contracts are bought more.",
          ("technology_contract_turnover",), "Wenzhou used 4.3 (100m CNY) of vouchers in 2019"),
    Lever("incubator_places", "Incubator places", "孵化器", 10, "places a year", 0, 0, 2000, 20000, True, 0.0002, _LOCAL,
          "entrants, young firms", "New places house entrants; coaching, not space, lowers their exit.",
          ("tech_smes",), "schooling works, cash and space do not (González-Uribe & Leatherbee 2018)"),
    Lever("firm_cultivation", "Cultivation of technology firms", "科技企业培育库", 16, "firms a year", 0, 0, 1500, 10000, True, 0.0005, _LOCAL,
          "firms", "Coached firms apply for certificates and for the register more often; coaching also teaches relabelling.",
          ("tech_smes", "high_tech_enterprises"), "no causal estimate; take-up gain 0-60 %"),
    Lever("certification_reward", "Reward for certification", "高企认定奖励", 16, "10k CNY a firm", 0, 0, 30, 200, False, 0.0, _LOCAL,
          "firms", "A one-off payment for a new certificate; raises applications, also by firms that relabel.",
          ("high_tech_enterprises",), "Chen et al. 2021: relabelling rises with the value of the certificate", True),
    Lever("pilot_latitude", "Latitude for pilots", "先行先试", 20, "strength 0-1", 0, 0, 0.3, 1, False, 0.0, _NONE,
          "governments", "Shortens the delay between a decision and what it delivers; at full strength there is none.",
          ("high_level_talent",), "assumption", True),
    Lever("guidance_fund", "Guidance fund", "政府引导基金", 21, "100m CNY a year", 0, 0, 20, 200, True, 1.0, _LOCAL,
          "venture funds, firms", "The city's guidance fund joins teams that raise a fund, when private partners bring the rest: some close that would have failed, others need less private money.",
          ("innovation_capital",), "0.9 private a public yuan (0-1.2), falling with depth of the local market"),
    Lever("guidance_share", "Cap of the public share", "引导基金出资上限", 21, "share", 0.05, 0.3, 0.3, 0.5, False, 0.0, _TERMS,
          "venture funds", "The public share of funds that take public money: a lower one stretches it over more teams, each of which needs more private partners; too low a one leaves it unplaced.",
          ("innovation_capital",), "exits peak at a public share of about 0.25 (Brander, Du & Hellmann 2010)", True),
    Lever("tech_lending", "Technology lending", "科技信贷", 21, "100m CNY of credit a year", 0, 0, 50, 500, True, 0.02, _LOCAL,
          "firms, banks", "New credit lines for registered technology SMEs; the public purse covers expected losses of 2 %.",
          ("rd_intensity",), "no causal estimate; constrained firms raise R&D"),
    Lever("inventor_share", "Inventor's share of title", "职务发明所有权", 22, "share", 0, 0, 0.7, 1, False, 0.0, _NONE,
          "universities and institutes of the pilot, spin-offs", "Title raises inventors' effort to disclose, license and found firms.",
          ("spin_offs", "licences"), "Hvide & Jones 2018 (elasticity 0.63), shrunk; +15 % (0-35 %) transfers after three years", True),
    Lever("ip_enforcement", "Enforcement of IP", "知识产权保护", 23, "strength 0-1", 0, 0, 0.3, 1, False, 0.5, _LOCAL,
          "firms", "Better protection raises the return that firms expect of R&D.",
          ("rd_intensity", "valid_invention_patents"), "assumption: up to +15 % wished R&D at full strength"),
    Lever("ip_pledge_lending", "Lending on patents", "知识产权质押", 23, "100m CNY a year", 0, 0, 20, 200, True, 0.02, _LOCAL,
          "firms, banks", "Patents become collateral for new loans up to the programme's volume.",
          ("rd_intensity",), "no causal estimate; constrained firms raise R&D"),
    Lever("talent_inflow", "Talent programmes", "人才引进", 24, "persons a year", 0, 0, 6000, 30000, True, 0.0, _LOCAL,
          "researchers, universities, firms", "Brings high-level talent from outside and from other cities of the delta, as far as the packages can be paid.",
          ("high_level_talent", "rd_personnel_per_10k"), "patents +1 % (0.5-2 %) per 1 % of the skilled stock, after 3-5 years"),
    Lever("talent_package", "Talent package", "人才补贴", 24, "10k CNY a person", 0, 50, 50, 500, False, 0.0, _TERMS,
          "researchers", "What a recruit costs; below 50 fewer come, above it more, in proportion to its square root.",
          ("high_level_talent",), "assumption", True),
    Lever("leave_to_found", "Leave to found a firm", "离岗创业", 24, "strength 0-1", 0, 0, 0.5, 1, False, 0.0, _NONE,
          "researchers, universities", "Researchers may leave for a time to found firms: more spin-offs of firms and universities.",
          ("spin_offs",), "assumption: spin-offs rise by the strength of the lever"),
    Lever("one_visit_reform", "One-visit reform", "最多跑一次", 25, "strength 0-1", 0, 0, 0.5, 1, False, 0.2, _LOCAL,
          "entrants", "Cheaper and faster entry.",
          ("new_firms", "tech_smes"), "Barwick et al. 2024: entry +25 %; shrunk to +15 % (0-30 %) at full strength"),
    Lever("zone_autonomy", "Autonomy of the zones", "高新区自主权", 25, "switch 0/1", 0, 0, 1, 1, False, 0.0, _NONE,
          "zone administrations, entrants", "A zone approves by itself, so that its measures come without delay and entry is a little easier, and gets a larger part of its city's budget.",
          ("new_firms",), "approval bureaus alone bring no new firms on average, some in provincial capitals (Hu & Jie 2022)", True),
    Lever("coordination", "Coordination and evaluation", "统筹协调与评价", 26, "strength 0-1", 0, 0, 0.5, 1, False, 0.0, _NONE,
          "governments", "A yearly evaluation moves money from programmes on track, or unable to spend it, to those whose indicators lag behind the targets.",
          ("high_level_talent",), "assumption", True),
    Lever("fiscal_growth", "Growth of fiscal S&T spending", "财政科技投入增长", 27, "extra growth a year", -0.1, 0, 0.05, 0.3, False, 0.0, _GENERAL,
          "governments", "Changes the budget on which grants and programmes draw; a part of what is added goes to guidance funds.",
          ("rd_intensity", "innovation_capital"), "policy, article 27", True),
    Lever("instrument_mix", "Mix of instruments", "投入方式组合", 27, "share of grant money", 0, 0, 0.3, 1, False, 0.0, _LOCAL,
          "governments, venture funds, banks", "Moves grant money to guidance funds and to a pool that covers banks' losses on technology loans: fewer grants, more equity and credit.",
          ("innovation_capital",), "policy, article 27; the split and the pool's leverage are assumptions", True),
)  # fmt: skip

LEVERS: Mapping[str, Lever] = MappingProxyType({lever.name: lever for lever in _LEVERS})
