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
    place : str
        The city where it acts whatever its scope; "" for levers that act within their scope.
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
    place: str = ""

    @property
    def region(self) -> str:
        """Where its effect is looked for."""
        return self.place or POLICY_REGION

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
_FORGONE = "income tax forgone"
_GENERAL = "general budget of the city"

_LEVERS = (
    Lever("park_coverage", "Firms inside parks", "园区覆盖企业比例", 3, "share of firms (0: today's)", 0, 0, 0.8, 1, False, 0.0, _LOCAL,
          "firms", "Parks come to further firms, site by site: coaching, priority for grants, part of income tax back; each new park gives a county its own.",
          ("high_tech_enterprises", "provincial_park_coverage"), "assumption; what zones do for firms is not separately known"),
    Lever("zhoushan_joins", "Zhoushan joins the zone", "舟山纳入示范区", 3, "0 or 1", 0, 0, 1, 1, False, 0.0, _LOCAL,
          "firms of Zhoushan", "Firms in Zhoushan's parks get what parks under zone policy give; Zhoushan pays.",
          ("tech_smes",), "assumption, as for parks", place="Zhoushan", rule=True),
    Lever("taizhou_joins", "Taizhou joins the zone", "台州纳入示范区", 3, "0 or 1", 0, 0, 1, 1, False, 0.0, _LOCAL,
          "firms of Taizhou", "Firms in Taizhou's parks get what parks under zone policy give; Taizhou pays.",
          ("high_tech_enterprises", "tech_smes"), "assumption, as for parks", place="Taizhou", rule=True),
    Lever("angel_coinvestment", "Angel co-investment", "天使投资引导", 4, "100m CNY a year", 0, 0, 5, 50, True, 1.0, _LOCAL,
          "venture funds, young firms", "The guidance fund joins teams that raise money for seed rounds, which then close more of them.",
          ("innovation_capital", "seed_rounds"), "Ningbo's angel fund 2013-18: 2m yuan public a 21.5m yuan gross; no causal estimate"),
    Lever("private_capital_channel", "Private capital channel", "民间资本引导", 5, "share of private savings", 0, 0, 0.02, 0.1, False, 0.0, _NONE,
          "venture funds", "A share of the private savings surplus becomes commitments to local funds.",
          ("innovation_capital",), "assumption", True),
    Lever("hangzhou_link", "Link with Hangzhou", "对接杭州", 6, "strength 0-1", 0, 0, 0.5, 1, False, 0.3, _LOCAL,
          "firms, universities, researchers", "Takes up to 5 % off the effective travel time to Hangzhou, for collaboration, contracts, knowledge and moves; the full effect takes five years.",
          ("technology_contract_turnover", "invention_patents_granted"), "flows between linked cities +5 % (-5 to +12 %), judgement; Hangzhou lies in the same province, so no border is lowered"),
    Lever("delta_link", "Integration with the delta", "融入长三角", 7, "strength 0-1", 0, 0, 0.5, 1, False, 0.5, _LOCAL,
          "firms, universities, researchers", "Takes up to 5 % off the effective travel time to every other city of the delta and 10 % off the penalty of provincial borders; the full effect takes five years.",
          ("technology_contract_turnover", "network_degree", "invention_patents_granted"), "border penalty -10 % (0-25 %) and flows +5 % (-5 to +12 %) five years after mutual recognition, judgement"),
    Lever("innovation_vouchers", "Innovation vouchers", "创新券", 7, "100m CNY a year", 0, 0, 2, 20, True, 1.0, _LOCAL,
          "firms, universities", "Pays part of the price of technology contracts until the money is used up; cheaper contracts are bought more.",
          ("technology_contract_turnover",), "Wenzhou used 4.3 (100m CNY) of vouchers in 2019"),
    Lever("key_laboratories", "Key laboratories", "重点实验室", 8, "laboratories", 0, 0, 20, 100, True, 0.0, _LOCAL,
          "universities and institutes", "Universities get new laboratories by research and field; after they are built, the city pays for research there.",
          ("rd_personnel", "invention_patents_granted"), "no causal estimate; money and time to build are assumptions"),
    Lever("new_institutes", "New research institutes", "新型研发机构", 9, "share of the named institutes", 0, 0, 1, 1, False, 0.0, _LOCAL,
          "universities and institutes", "The institutes that the policy (or the scenario) names open and grow: they hire, do research, file and sell contracts.",
          ("rd_intensity", "rd_personnel", "technology_contract_turnover"), "20 (14-32) invention grants per 100m CNY of R&D; staff and budgets are assumptions"),
    Lever("incubator_places", "Incubator places", "孵化器", 10, "places a year", 0, 0, 2000, 20000, True, 0.0002, _LOCAL,
          "entrants, young firms", "New places house entrants; coaching, not space, lowers their exit.",
          ("tech_smes", "incubator_coverage"), "schooling works, cash and space do not (González-Uribe & Leatherbee 2018)"),
    Lever("incubator_land_relief", "Land relief for incubators", "孵化器用地放宽", 10, "0 or 1", 0, 0, 1, 1, False, 0.0, _LOCAL,
          "entrants, young firms", "Old industrial land keeps its price for incubators: the same money makes more places; the land revenue given up is charged.",
          ("incubated_firms",), "assumption", rule=True),
    Lever("joint_research_funding", "Joint research funding", "产学研合作计划", 11, "100m CNY a year", 0, 0, 5, 50, True, 1.0, _LOCAL,
          "universities, firms", "Pays universities for research in consortia with firms, which find an academic partner there and invent more.",
          ("technology_contract_turnover", "valid_invention_patents"), "consortia +5 % (0-12 %) patents of members (Branstetter & Sakakibara 1998)"),
    Lever("secondment_share", "Scientists into firms", "科研人员进企业", 11, "share of academics", 0, 0, 0.05, 0.3, False, 0.0, _NONE,
          "universities, firms", "Academics take a role in a firm that has no academic partner; they have less time for research of their own.",
          ("technology_contract_turnover", "network_degree"), "collaboration +10 % (2-25 %), no credible single estimate; time is an assumption"),
    Lever("cluster_focus", "Focus on clusters", "主导产业集聚", 12, "strength 0-1", 0, 0, 0.5, 1, False, 0.0, _NONE,
          "firms, governments", "Grants, coaching and sites go to the scenario's fields and others get less of the same money; knowledge of these fields spills over more.",
          ("hightech_value_added_share",), "agglomeration elasticity 0.03 (0-0.07); the move of sales is an assumption"),
    Lever("digital_upgrade_subsidy", "Subsidy for smart upgrading", "数字化改造补贴", 14, "share of project cost", 0, 0, 0.15, 0.5, False, 0.0, _LOCAL,
          "traditional firms", "More traditional firms upgrade, and some would have anyway; they become more productive, readier for R&D, a few high-tech.",
          ("rd_intensity",), "assumption"),
    Lever("frontier_seed_funding", "Seed funding for frontier projects", "前沿项目种子资助", 13, "100m CNY a year", 0, 0, 3, 30, True, 1.0, _LOCAL,
          "young firms, founders", "Young technology firms win exploratory projects: most give nothing, a few a batch of inventions two years later; some teams found a firm to win one.",
          ("new_firms", "tech_smes", "rd_intensity"), "small early grants help, later ones do not (Howell 2017); no effect at InnoFund's cut-off (Wang, Li & Furman 2017)"),
    Lever("service_platforms", "Service platforms", "科技服务业", 15, "strength 0-1", 0, 0, 0.5, 1, False, 0.5, _LOCAL,
          "firms, universities", "Firms find partners more often, and technology contracts cost less to conclude.",
          ("technology_contract_turnover",), "no causal estimate; assumption"),
    Lever("firm_cultivation", "Cultivation of technology firms", "科技企业培育库", 16, "firms a year", 0, 0, 1500, 10000, True, 0.0005, _LOCAL,
          "firms", "Coached firms apply for certificates and for the register more often; coaching also teaches relabelling.",
          ("tech_smes", "high_tech_enterprises"), "no causal estimate; take-up gain 0-60 %"),
    Lever("certification_reward", "Reward for certification", "高企认定奖励", 16, "10k CNY a firm", 0, 0, 30, 200, False, 0.0, _LOCAL,
          "firms", "A one-off payment for a new certificate; raises applications, also by firms that relabel.",
          ("high_tech_enterprises",), "Chen et al. 2021: relabelling rises with the value of the certificate", True),
    Lever("overseas_links", "Links abroad", "海外创新网络", 17, "strength 0-1", 0, 0, 0.3, 1, False, 0.5, _LOCAL,
          "firms", "Adds knowledge from outside the delta to what firms can reach; they use it as far as they can absorb it.",
          ("invention_patents_granted",), "range of knowledge between countries: Keller 2002; size is an assumption"),
    Lever("overseas_incubation", "Incubation overseas", "海外孵化", 18, "start-ups a year", 0, 0, 100, 2000, True, 0.01, _LOCAL,
          "entrants, researchers", "Incubators abroad send start-ups of returnees with better ideas, and with them high-level people.",
          ("new_firms", "high_level_talent"), "assumption: 1m yuan a start-up"),
    Lever("international_parks", "International parks", "国际合作园", 19, "strength 0-1", 0, 0, 0.3, 1, False, 0.3, _LOCAL,
          "firms in high-tech fields", "Foreign buyers and foreign firms come: demand for high-tech goods grows and knowledge from abroad spills over.",
          ("hightech_value_added_share", "valid_invention_patents"), "assumption"),
    Lever("pilot_latitude", "Latitude for pilots", "先行先试", 20, "strength 0-1", 0, 0, 0.3, 1, False, 0.0, _NONE,
          "governments", "Shortens the delay between a decision and what it delivers; at full strength there is none.",
          ("high_level_talent",), "assumption", True),
    Lever("guidance_fund", "Guidance fund", "政府引导基金", 21, "100m CNY a year", 0, 0, 20, 200, True, 1.0, _LOCAL,
          "venture funds, firms", "The city's guidance fund joins teams that raise a fund, when private partners bring the rest: some close that would have failed, others need less private money.",
          ("innovation_capital",), "0.9 private a public yuan (0-1.2), falling with depth of the local market"),
    Lever("guidance_share", "Cap of the public share", "引导基金出资上限", 21, "share", 0.05, 0.3, 0.3, 0.5, False, 0.0, _TERMS,
          "venture funds", "The public share of funds that take public money: a lower one stretches it over more teams, each of which needs more private partners; too low a one leaves it unplaced.",
          ("innovation_capital",), "exits peak at a public share of about 0.25 (Brander, Du & Hellmann 2010)", True),
    Lever("loss_compensation", "Compensation of seed losses", "天使投资风险补偿", 21, "share of losses", 0, 0, 0.2, 0.6, False, 0.0, _LOCAL,
          "venture funds, young firms", "The city makes good a share of private partners' losses on seed rounds; safer seed money is offered more.",
          ("seed_rounds",), "Shanghai 2016: up to 60 % of seed losses; no causal estimate; +5 % (0-15 %) seed deals, judgement"),
    Lever("angel_tax_relief", "Tax relief for angels", "天使投资税收优惠", 21, "share of the investment", 0, 0, 0.7, 1, False, 0.0, _FORGONE,
          "angels, young firms", "Angels deduct a share of seed investments from taxable gains; seed money that nets more is offered more.",
          ("seed_rounds",), "national rule of 2018: 70 % of the investment; no causal estimate for China"),
    Lever("tech_lending", "Technology lending", "科技信贷", 21, "100m CNY of credit a year", 0, 0, 50, 500, True, 0.02, _LOCAL,
          "firms, banks", "New credit lines for registered technology SMEs; the public purse covers expected losses of 2 %.",
          ("rd_intensity",), "no causal estimate; constrained firms raise R&D"),
    Lever("inventor_share", "Inventor's share of title", "职务发明所有权", 22, "share", 0, 0, 0.7, 1, False, 0.0, _NONE,
          "universities and institutes of the pilot, spin-offs", "Title raises inventors' effort to disclose, license and found firms, in full after three years and less without outside partners; the institution's office tries less.",
          ("spin_offs", "licences"), "transfers +15 % (0-35 %) after three years, half without an outside partner (Ren & Mei 2023); elasticity 0.4 (0.2-0.7; Hvide & Jones 2018: 0.63); equity works, royalty does not (Chang, Gong & Zhu 2023)", True),
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

POLICY_REGION = "Ningbo+Wenzhou"
"""The region that the policy is made for."""
LEVERS: Mapping[str, Lever] = MappingProxyType({lever.name: lever for lever in _LEVERS})
