"""Record layouts: what a compiled rule sees of a firm, a place, the nation and the year's statistics.

Money is in 10 000 CNY; flows are per quarter and stocks at the end of a quarter unless a comment says
otherwise.
"""

import numpy as np

FIELDS = 8
"""Fields of technology and trade (`calibration/data/fields.csv`)."""

FIRM = np.dtype(
    [
        ("id", "u8"),  # stable identity, key of all draws
        ("scale", "f8"),  # log of the natural size (revenue a quarter without R&D capital)
        ("opportunity", "f8"),  # technological opportunity, standard normal across firms
        ("weight", "f8"),  # bid for a share of demand in this quarter
        ("revenue", "f8"),
        ("rd", "f8"),  # real R&D spending
        ("project_rd", "f8"),  # part of it for an exploratory project
        ("venture_rd", "f8"),  # part of it that rounds of venture money pay
        ("knowledge", "f8"),  # knowledge stock: R&D spending less depreciation
        ("researchers", "f8"),  # full-time equivalents
        ("cash", "f8"),
        ("debt", "f8"),
        ("equity", "f8"),  # venture money received since 2015
        ("for_rd", "f8"),  # part of cash that rounds of venture money set aside for R&D
        ("for_growth", "f8"),  # part of cash that they set aside for growth
        ("grant", "f8"),  # matching share of R&D that a public grant pays this year (0-1)
        ("relabelled", "f8"),  # share of reported R&D that is not R&D (0-1)
        ("partner_gain", "f8"),  # gain of inventive output from partners (0 = none)
        ("contracts", "f8"),  # contracts bought relative to own R&D (0 = none)
        ("revenue_year", "f8"),  # sum since the first quarter
        ("rd_year", "f8"),
        ("filed", "i4"),  # invention filings that wait for examination
        ("examined", "i4"),  # filings under substantive examination
        ("patents", "i4"),  # granted invention patents in force
        ("birth", "i2"),  # quarter of birth, counted from the start of the run
        ("place", "i1"),
        ("city", "i1"),
        ("field", "i1"),
        ("kind", "i1"),  # Kind
        ("origin", "i1"),  # Origin
        ("catalogue", "i1"),  # high-tech catalogue: 0 outside, 1 inside, 2 inside since the 2018 revision
        ("certificate", "i1"),  # quarters that the high-tech certificate is still valid
        ("tech_sme", "i1"),  # on the provincial register of technology-based SMEs
        ("tenant", "i1"),  # quarters left in an incubator
        ("does_rd", "i1"),
        ("exploring", "i1"),  # quarters until the end of an exploratory project (0: none)
        ("seeks_equity", "i1"),
        ("alive", "i1"),
        (
            "upgraded",
            "i1",
        ),  # smart upgrading: 0 none, 1 by a subsidy, 2 one that would have come anyway
    ],
    align=True,
)

PLACE = np.dtype(
    [
        ("city", "i8"),
        ("rd_base_industrial", "f8"),  # R&D to revenue of a firm of average opportunity
        ("rd_base_technology", "f8"),
        ("rd_cut_industrial", "f8"),  # opportunity above which a firm does R&D
        ("rd_cut_technology", "f8"),
        ("rd_climate", "f8"),  # log of local conditions for R&D relative to 2015
        ("patent_propensity", "f8"),
        ("examination_speed", "f8"),  # local backlog relative to the national hazard
        ("certification_push", "f8"),  # share of eligible firms that try in one year
        ("registration_rate", "f8"),  # hazard a year of joining the register of technology SMEs
        ("talent_quality", "f8"),  # productivity of researchers from high-level talent, 2015 = 1
        ("wage", "f8"),  # of a researcher, a quarter
        ("grant_ratio", "f8"),  # matching rate of grants that the budget can pay, relative to the usual rate
        ("exit_pressure", "f8"),  # multiplier of the exit hazard
    ]
)

SUPPORT = np.dtype(
    [
        ("certification_reward", "f8"),  # for a new certificate
        ("cultivation_reach", "f8"),  # share of firms with R&D that are coached (0-1)
        ("ip_enforcement", "f8"),  # strength of protection on top of today's (0-1)
        ("ip_pledge_reach", "f8"),  # share of patents that banks take as collateral (0-1)
        ("credit_extra", "f8"),  # extra credit per yuan of R&D from lending programmes
        ("mentoring", "f8"),  # share of a tenant's exit hazard that coaching removes
        ("leave", "f8"),  # strength of leave to found a firm (0-1)
        ("frontier", "f8"),  # share of eligible young firms that win an exploratory project (0-1)
        ("voucher", "f8"),  # share of a contract's price that vouchers pay (0-1)
        ("park_from", "f8"),  # share of firms whom zone policy reached before: part of today's conditions
        ("park_to", "f8"),  # share of firms inside a park under zone policy
        ("park_coaching", "f8"),  # share of those newly inside that are coached (0-1)
        ("park_priority", "f8"),  # relative rise of their chance of a grant
        ("park_refund", "f8"),  # share of their income tax that the city gives back
        ("focus", "f8", (FIELDS,)),  # weight of support by field (1: even)
        ("upgrade_rate", "f8"),  # subsidised projects a year, share of traditional firms
        ("upgrade_extra", "f8"),  # those of them that would not have come without
        ("upgrade_subsidy", "f8"),  # share of a project's cost
        ("brokerage", "f8"),  # share of a contract's price that service platforms save (0-1)
    ]
)
"""What policy delivers to a firm at a place in this quarter."""

NATION = np.dtype(
    [
        ("super_deduction", "f8"),  # extra share of R&D that is deducted from taxable profit
        ("super_deduction_sme", "f8"),
        ("small_profit_limit", "f8"),  # taxable profit a year below which the small rate holds
        ("small_profit_rate", "f8"),
        ("cit_rate", "f8"),
        ("hte_cit_rate", "f8"),
        ("threshold_small", "f8"),  # R&D to sales for the certificate, sales up to 50m CNY
        ("threshold_medium", "f8"),  # up to 200m CNY
        ("threshold_large", "f8"),
        ("pass_rate", "f8"),  # examined invention filings that are granted
        ("catalogue_widened", "f8"),  # 1 once the high-tech catalogue of 2018 is in force
    ]
)

_COUNTS = (
    *("firms", "industrial_firms", "technology_firms", "rd_firms", "industrial_rd_firms"),
    *("high_tech_enterprises", "tech_smes", "young_firms", "tenants"),
)
_STOCKS = ("knowledge", "patents", "cash", "debt")
_FLOWS = (
    *("revenue", "value_added", "industrial_value_added", "hightech_value_added", "employees"),
    *("rd", "rd_reported", "researchers", "filings", "grants", "refusals", "lapses"),
    *("exits", "entrants", "spin_offs", "certified", "tax_relief"),
    *("lived_1", "lived_3", "lived_5"),  # firms that come of this age, in years
    *(
        "grant_money",
        "grant_misused",
        "grant_asked",
        "contracts_bought",
        "vouchers",
        "rewards",
        "park_refunds",
        "upgrade_subsidies",
        "frontier_money",
        "explorers",  # firms that could start an exploratory project
        "upgradable",  # revenue of traditional firms without a project
        "rd_registered",
    ),
)
STATISTICS = np.dtype([(name, "f8") for name in _COUNTS + _STOCKS + _FLOWS])
"""What a place's firms add up to: stocks at the end of a quarter, and flows of the quarter."""

LEDGER = np.dtype(
    [
        (name, "f8")
        for name in ("customers", "suppliers", "households", "owners", "banks", "treasury", "contracts")
    ]
)
"""Outside accounts that firms deal with, one row a city: what each has received less what it has paid."""


def numbers(records: np.ndarray) -> np.ndarray:
    """Return the same memory without names: a row a record, a column a field (all of them float64)."""
    return records.view(np.float64).reshape(records.size, -1)
