"""The unit of the returns, decided by evidence: never by the size of the numbers."""

from __future__ import annotations

import numpy as np

from fund_pipeline.backtests.agreement import Figures, Implied, agrees
from fund_pipeline.backtests.model import (
    Column,
    Finding,
    FindingCode,
    Flags,
    Floats,
    Refusal,
    Unit,
    UnitDecision,
    UnitSource,
)
from fund_pipeline.backtests.series import Series

_STATE = "state unit: percent or unit: decimal in the manifest, or give --unit"
_WORDS = {
    UnitSource.PNL_OVER_EQUITY: "PnL ÷ (equity − PnL)",
    UnitSource.EQUITY_RATIO: "the change of equity",
    UnitSource.PNL_OVER_START_CAPITAL: "PnL ÷ (start capital + PnL so far)",
}


def decide_unit(
    series: Series, implied: Implied | None, *, manifest: Unit | None, override: Unit | None
) -> UnitDecision:
    """Decide the unit, strongest evidence first: PnL and equity, percent signs, then what a person stated.

    Refusal: MIXED_UNITS where rows are evidence for different units, UNIT_CONTRADICTED where evidence and statements
    differ, PNL_/EQUITY_CONTRADICTS_RETURN where the returns fit in neither unit, UNIT_UNKNOWN where nothing tells.
    """
    by_sign = _by_sign(series)
    by_figures = None if implied is None else _by_figures(series, implied)
    evidence = by_figures or by_sign
    if by_figures and by_sign and by_figures.unit is not by_sign.unit:
        first = _first_telling(series)
        message = f"the values carry a percent sign, but {by_figures.evidence}"
        remedy = "take the signs out, or print the returns in percent"
        raise Refusal(series.at(FindingCode.UNIT_CONTRADICTED, first, Column.RETURN, message, remedy))
    stated = {UnitSource.OVERRIDE: override, UnitSource.MANIFEST: manifest}
    if evidence is not None:
        for source, unit in stated.items():
            if unit is not None and unit is not evidence.unit:
                raise Refusal(_contradicted(series, source, unit, evidence.evidence))
        return evidence
    if override is not None and manifest is not None and override is not manifest:
        raise Refusal(_contradicted(series, UnitSource.OVERRIDE, override, f"the manifest says {manifest}"))
    for source, unit in stated.items():
        if unit is not None:
            return UnitDecision(unit, source, 0, f"{_name(source)} says {unit}; no figure in the file can tell")
    why = "the file has no figures to compare returns with" if implied is None else "no day's figures tell them apart"
    message = f"the returns may be percent or decimal: {why}, and no manifest or option states the unit"
    raise Refusal(series.at(FindingCode.UNIT_UNKNOWN, _first_telling(series), Column.RETURN, message, _STATE))


def votes(figures: Figures, printed: Floats, implied: Implied) -> tuple[Flags, Flags]:
    """Days whose returns fit as decimals only, and as percent only; shape of ``printed``, the returns as printed."""
    unit = figures.printed_unit(Column.RETURN)
    as_decimal = agrees(implied, printed, unit)
    as_percent = agrees(implied, printed / 100.0, unit / 100.0)
    return as_decimal & ~as_percent, as_percent & ~as_decimal


def decided(series: Series, implied: Implied, chosen: Unit, days: Flags) -> UnitDecision:
    """The decision for the unit that ``days`` (bool, shape (n,), at least one true) all speak for."""
    evidence = _figures(series, implied, int(days.argmax()), chosen)
    return UnitDecision(chosen, implied.source, int(days.sum()), evidence)


def _by_figures(series: Series, implied: Implied) -> UnitDecision | None:
    decimal, percent = votes(series, series.returns, implied)
    if decimal.any() and percent.any():
        raise Refusal(_mixed(series, percent, decimal, f"by {_WORDS[implied.source]}"))
    if decimal.any():
        return decided(series, implied, Unit.DECIMAL, decimal)
    if percent.any():
        return decided(series, implied, Unit.PERCENT, percent)
    # No day speaks for one unit alone: those that do not fit as decimals fit as percent neither.
    neither = ~agrees(implied, series.returns, series.printed_unit(Column.RETURN)) & np.isfinite(implied.returns)
    if neither.any():
        raise Refusal(_neither(series, implied, neither))
    return None


def _by_sign(series: Series) -> UnitDecision | None:
    signs = series.percent_signs
    if signs is None:
        return None
    bare = ~signs & (series.returns != 0)
    if bare.any():
        raise Refusal(_mixed(series, signs, bare, "by the percent sign, which only some values carry"))
    return UnitDecision(
        Unit.PERCENT, UnitSource.PERCENT_SIGN, int(signs.sum()), f"{int(signs.sum())} values carry a percent sign"
    )


def _mixed(series: Series, percent: Flags, other: Flags, how: str) -> Finding:
    """Names the first row, in file order, of the rarer kind."""
    odd = percent if percent.sum() < other.sum() else other
    rows = np.flatnonzero(odd)
    first = int(rows[np.argmin(series.rows[rows])])
    kind = "percent" if odd is percent else "not percent"
    message = f"{int(percent.sum())} rows are percent and {int(other.sum())} are not, {how}; this one is {kind}"
    return series.at(FindingCode.MIXED_UNITS, first, Column.RETURN, message, "print every return in one unit")


def _neither(series: Series, implied: Implied, telling: Flags) -> Finding:
    rows = np.flatnonzero(telling)
    first = int(rows[np.argmin(series.rows[rows])])
    with_pnl = implied.source is not UnitSource.EQUITY_RATIO
    code = FindingCode.PNL_CONTRADICTS_RETURN if with_pnl else FindingCode.EQUITY_CONTRADICTS_RETURN
    message = (
        f"{_WORDS[implied.source]} is {implied.returns[first]:.8g}, which the return {series.returns[first]:.8g} "
        f"is neither in percent nor in decimals ({len(rows)} of {len(series)} days)"
    )
    remedy = "send the file with returns on start-of-day equity and the PnL and equity they came from"
    return series.at(code, first, Column.PNL if with_pnl else Column.EQUITY, message, remedy)


def _contradicted(series: Series, source: UnitSource, unit: Unit, evidence: str) -> Finding:
    message = f"{_name(source)} says {unit}, but {evidence}"
    remedy = f"correct {_name(source)}, or the file"
    return series.at(FindingCode.UNIT_CONTRADICTED, _first_telling(series), Column.RETURN, message, remedy)


def _first_telling(series: Series) -> int:
    """The first return that is not zero, which reads the same in either unit."""
    return int(np.argmax(series.returns != 0))


def _name(source: UnitSource) -> str:
    return "--unit" if source is UnitSource.OVERRIDE else "the manifest"


def _figures(series: Series, implied: Implied, i: int, unit: Unit) -> str:
    return (
        f"on {series.dates[i]} {_WORDS[implied.source]} is {implied.returns[i]:.8g} and the printed return "
        f"{series.returns[i]:.8g}: {unit}"
    )
