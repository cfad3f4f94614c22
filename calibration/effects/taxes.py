"""Studies of tax relief and of the high-tech certificate: responses, relabelling, thresholds."""

import numpy as np

from agents.research_rules import relative_user_cost
from calibration.effects.estimators import bunching, discontinuity, matched, winsorised
from calibration.effects.study import PAIRED, Finding, Study
from calibration.effects.worlds import EVENT, Lab, Panel, set_nation
from scenarios.scenario import FIRST_YEAR
from simulation.model import InnovationModel

LAST = EVENT + 2
"""Year in which responses are read, the third of a reform."""
BEFORE, REFORMED = 0.5, 0.75
SALES_LIMIT = 20_000.0
"""Sales (10 000 CNY) up to which a firm counts as small in the virtual scheme, as in the register."""
SME_DEDUCTION = 1.5
SPAN = np.log(3.0)
"""Log sales around the limit that the regression discontinuity looks at."""


def deduction_of(share: float, lab: Lab) -> Panel:
    """Return the world in which every firm deducts this share of R&D on top from the event on."""

    def treat(model: InnovationModel) -> None:
        set_nation(model, EVENT, super_deduction=share, super_deduction_sme=share)

    return lab.world(f"super-deduction {share:g}", LAST, treat)


def _payers(lab: Lab) -> dict[str, np.ndarray]:
    """Return ids of firms with R&D that paid 25 % (no certificate, not small) or 15 % in all years.

    They pay it in both worlds: some firms get the certificate because of the reform.
    """
    found: dict[str, list[np.ndarray]] = {"25 %": [], "15 %": []}
    for share in (BEFORE, REFORMED):
        panel, years = deduction_of(share, lab), range(EVENT - 1, LAST + 1)
        ids = _researching(panel)
        held = [panel.of(year, ids, "certificate") > 0.0 for year in years]
        large = [_large_profit(panel, year, ids) for year in years]
        found["25 %"].append(ids[np.logical_and.reduce(large) & ~np.logical_or.reduce(held)])
        found["15 %"].append(ids[np.logical_and.reduce(held)])
    return {name: np.intersect1d(first, second) for name, (first, second) in found.items()}


def _researching(panel: Panel) -> np.ndarray:
    """Return ids of firms that do R&D at the end of every year."""
    years = [panel.years[year] for year in range(EVENT - 1, LAST + 1)]
    ids = years[0]["id"]
    for firms in years:
        ids = np.intersect1d(ids, firms["id"][(firms["does_rd"] == 1) & (firms["rd"] > 0.0)])
    return ids


def _large_profit(panel: Panel, year: int, ids: np.ndarray) -> np.ndarray:
    """Return which firms earn more than the reduced rate of small firms allows."""
    p = panel.model.p
    margin = np.where(panel.of(year, ids, "kind") == 0.0, p["margin_industrial"], p["margin_technology"])
    limit = panel.model.outlook.nation["small_profit_limit"][year - FIRST_YEAR]
    return np.asarray(margin * panel.of(year, ids, "revenue") - panel.of(year, ids, "rd") > limit)


def _response(lab: Lab, ids: np.ndarray) -> float:
    """Return the mean log response of reported R&D to the reform, the same firms in both worlds."""
    usual, reformed = (deduction_of(share, lab).of(LAST, ids, "reported") for share in (BEFORE, REFORMED))
    both = (usual > 0.0) & (reformed > 0.0)
    return float(winsorised(np.log(reformed[both] / usual[both])).mean())


def _cut(rate: float) -> float:
    """Return by how much the reform lowers the log user cost at a tax rate."""
    before, after = (relative_user_cost(rate, share, 0.0) for share in (BEFORE, REFORMED))
    return float(np.log(before / after))


def elasticity(lab: Lab) -> Finding:
    """Rise of reported R&D of 25 % payers over that of matched 15 % payers, and of their user costs.

    They pay it before the reform and in the last year. Firms are matched on R&D, size, field and kind.
    """
    reformed = deduction_of(REFORMED, lab)
    ids = _researching(reformed)
    held = [reformed.of(year, ids, "certificate") > 0.0 for year in (EVENT - 1, LAST)]
    large = [_large_profit(reformed, year, ids) for year in (EVENT - 1, LAST)]
    certified, full = held[0] & held[1], large[0] & large[1] & ~held[0] & ~held[1]
    ids, full = ids[certified | full], full[certified | full]
    before = {name: reformed.of(EVENT - 1, ids, name) for name in ("reported", "revenue", "field", "kind")}
    change = winsorised(np.log(reformed.of(LAST, ids, "reported") / before["reported"]))
    gap = matched(
        np.log(np.column_stack((before["reported"], before["revenue"]))),
        (2 * before["field"] + before["kind"]).astype(int),
        full,
        change[:, None],
    )
    causal = _response(lab, _payers(lab)["25 %"])
    return Finding((float(gap[0]), _cut(0.25) - _cut(0.15)), (causal, _cut(0.25)))


def low_payers(lab: Lab) -> Finding:
    """Response of firms that pay 15 % over that of firms that pay 25 %."""
    groups = _payers(lab)
    return Finding(paired=(_response(lab, groups["15 %"]), _response(lab, groups["25 %"])))


def small_firm_scheme(lab: Lab) -> Finding:
    """Elasticity of R&D to user cost at the sales limit of a scheme for small firms, opened at the event."""
    usual = lab.usual
    firms = usual.years[EVENT - 1]
    small = firms["id"][firms["revenue"] <= SALES_LIMIT]

    def open_scheme(model: InnovationModel) -> None:
        set_nation(model, EVENT, super_deduction=BEFORE, super_deduction_sme=SME_DEDUCTION)
        records = model.firms.records
        records["tech_sme"] = np.isin(records["id"], small)
        model.place_effects["registration_rate"][:] = 0.0
        model.p["register_review"] = 0.0

    panel = lab.world("small firms' scheme", LAST, open_scheme)
    ids = np.intersect1d(firms["id"][firms["rd"] > 0.0], panel.years[LAST]["id"])
    after = panel.of(LAST, ids, "rd")
    ids, after = ids[after > 0.0], after[after > 0.0]
    before, sales = usual.of(EVENT - 1, ids, "rd"), usual.of(EVENT - 1, ids, "revenue")
    below = np.log(SALES_LIMIT / sales)
    certified = panel.of(LAST, ids, "certificate") > 0.0
    cost = np.array([_small_firm_cut(rate) for rate in (0.25, 0.15)])[certified.astype(int)]
    change = winsorised(np.log(after / before))
    jump, _ = discontinuity(below, change, SPAN)
    return Finding((jump, discontinuity(below, np.where(below >= 0.0, cost, 0.0), SPAN)[0]))


def _small_firm_cut(rate: float) -> float:
    special, usual = (relative_user_cost(rate, share, 0.0) for share in (SME_DEDUCTION, BEFORE))
    return float(np.log(usual / special))


def _large(panel: Panel, year: int) -> np.ndarray:
    firms = panel.years[year]
    return np.asarray(firms[(firms["rd"] > 0.0) & (firms["revenue"] > SALES_LIMIT)])


def relabelled(lab: Lab) -> Finding:
    """Share of reported R&D of large certificate holders that is other spending."""
    firms = _large(lab.usual, 2018)
    holders = firms[firms["certificate"] > 0]
    other = holders["reported"] - holders["rd"]
    return Finding((float(other.sum()), float(holders["reported"].sum())))


def bunching_at_the_threshold(lab: Lab) -> Finding:
    """Excess mass of large firms just above the threshold of reported R&D to sales."""
    intensity = [
        firms["reported"] / firms["revenue"] for firms in (_large(lab.usual, year) for year in (2016, 2017))
    ]
    threshold = float(lab.usual.model.outlook.nation["threshold_large"][1])
    return Finding((bunching(np.concatenate(intensity), threshold, 0.0025, (4, 2)), 1.0))


def research_at_the_threshold(lab: Lab) -> Finding:
    """Reported R&D to sales a year after firms stood at the threshold, just above over just below."""
    usual, year = lab.usual, EVENT + 1
    firms = _large(usual, year)
    threshold = float(usual.model.outlook.nation["threshold_large"][year - FIRST_YEAR])
    over = np.log(firms["reported"] / firms["revenue"] / threshold)
    later = usual.of(year + 1, firms["id"], "reported") / np.maximum(
        1.0, usual.of(year + 1, firms["id"], "revenue")
    )
    alive = later > 0.0
    return Finding(discontinuity(over[alive], winsorised(later[alive]), 0.4))


_DEDUCTION, _CERTIFICATE = "super-deduction of R&D", "high-tech certificate"
STUDIES = (
    Study("deduction_elasticity", _DEDUCTION, "difference in differences, payers of 25 against 15 %",
          "elasticity of reported R&D to user cost, third year", "1.58; 2.05", 1.0, 2.1,
          "Qian, Zhan & Pan 2023", elasticity, parameter="user_cost_elasticity",
          note="R&D moves to what is wished by a part of the gap a year, so that the third year shows "
               "some 0.9 of an elasticity of 1.2; payers of 15 % are no good controls, and the reform "
               "moves the two apart by little, so the study's estimator says little here"),
    Study("deduction_low_payers", _DEDUCTION, "treated against the same firms untreated",
          "response of 15 % payers over that of 25 % payers", "0.47", 0.40, 0.55,
          "computed from the B-index", low_payers, counted=PAIRED,
          note="holders of the certificate who relabel report what the threshold asks for, whatever they "
               "spend, and others cannot finance more"),
    Study("small_firms_elasticity", "tax relief of small firms", "regression discontinuity in sales",
          "elasticity of R&D to user cost", "2.6", 1.5, 4.0,
          "Dechezleprêtre, Einiö, Martin, Nguyen & Van Reenen 2023", small_firm_scheme,
          note="firms at the limit are not short of money, and R&D moves by a fifth of the gap a year"),
    Study("certificate_relabelled", _CERTIFICATE, "share in the micro data", "share of reported R&D",
          "0.24", 0.18, 0.30, "Chen, Liu, Suárez Serrato & Xu 2021", relabelled,
          parameter="relabel_capacity"),
    Study("certificate_bunching", _CERTIFICATE, "bunching at the threshold",
          "excess mass, in bins of the usual mass", "> 0", 0.0, np.inf,
          "Chen, Liu, Suárez Serrato & Xu 2021", bunching_at_the_threshold, parameter="relabel_capacity"),
    Study("certificate_research", _CERTIFICATE, "regression discontinuity at the threshold",
          "rise of reported R&D to sales a year later", "0", -0.05, 0.05, "Xu & Kong 2017",
          research_at_the_threshold),
)  # fmt: skip
