"""One parsed series → a backtest with its warnings, or the errors that keep it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fund_pipeline.backtests.agreement import implied_returns
from fund_pipeline.backtests.cleaning import check_future, check_plausible
from fund_pipeline.backtests.consistency import check_agreement, check_direction, check_equity_positive, check_returns
from fund_pipeline.backtests.model import (
    Backtest,
    Column,
    Finding,
    FindingCode,
    Floats,
    Refusal,
    Unit,
    UnitDecision,
)
from fund_pipeline.backtests.scan import SourceFile
from fund_pipeline.backtests.series import Series, shift_decimals
from fund_pipeline.backtests.sessions import check_sessions, trading_sessions
from fund_pipeline.backtests.units import decide_unit

SHORT = 252
"""Rows below which a history is called short: one trading year."""


@dataclass(frozen=True)
class Terms:
    """What a batch is judged by.

    Attributes
    ----------
    unit : the operator's ``--unit``, or None.
    default_calendar : exchange_calendars name for files whose manifest names none.
    today : the last day a date may have, in the fund's time zone.
    """

    unit: Unit | None
    default_calendar: str
    today: date


def judge(series: Series, file: SourceFile, terms: Terms) -> Backtest:
    """Decide the unit and check everything that needs the whole series. Refusal carries the errors."""
    errors = [*check_plausible(series), *check_future(series, terms.today), *check_equity_positive(series)]
    if errors:
        raise Refusal(*errors)
    manifest = file.manifest
    check_direction(series)
    implied = implied_returns(series, manifest.start_capital)
    decision = decide_unit(series, implied, manifest=manifest.unit, override=terms.unit)
    returns = shift_decimals(series.returns, decision.unit.places, series.decimals(Column.RETURN))
    calendar = manifest.calendar or terms.default_calendar
    held = check_sessions(
        series.dates, series.rows, series.names[Column.DATE], trading_sessions(calendar, terms.today.year)
    )
    found = [
        *check_returns(series, returns),
        *check_agreement(series, implied, returns, decision.unit, held.after_gap),
    ]
    errors = [finding for finding in found if finding.is_error]
    if errors:
        raise Refusal(*errors)
    warnings = [*series.findings, *held.findings, *found, *_start(series, manifest.start_capital), *short(len(series))]
    return admitted(series, file, calendar, decision, returns, warnings)


def admitted(
    series: Series,
    file: SourceFile,
    calendar: str,
    decision: UnitDecision,
    returns: Floats,
    warnings: Sequence[Finding],
) -> Backtest:
    """The backtest that a series has become; ``returns`` are decimal."""
    return Backtest(
        strategy_id=file.strategy_id,
        dates=series.dates,
        returns=returns,
        equity=series.get(Column.EQUITY),
        pnl=series.get(Column.PNL),
        margin=series.get(Column.MARGIN),
        notional=series.get(Column.NOTIONAL),
        unit=decision,
        calendar=calendar,
        start_capital=file.manifest.start_capital,
        margin_per_unit=file.manifest.margin_per_unit,
        source_file=file.path.name,
        content_hash=file.content_hash,
        findings=tuple(finding.within(file.path.name) for finding in warnings),
    )


def short(days: int) -> tuple[Finding, ...]:
    """SHORT_HISTORY, a warning, for a history of less than a trading year."""
    if days >= SHORT:
        return ()
    message = f"the history has {days} days, less than a trading year ({SHORT})"
    return (Finding(FindingCode.SHORT_HISTORY, message, "send a longer history if there is one"),)


def _start(series: Series, stated: float | None) -> tuple[Finding, ...]:
    equity, pnl = series.get(Column.EQUITY), series.get(Column.PNL)
    if stated is None or equity is None or pnl is None:
        return ()
    first = float(equity[0] - pnl[0])
    if starts_at(first, stated):
        return ()
    message = f"the manifest says {stated:,.2f} at the start, the file {first:,.2f}"
    return (
        series.at(
            FindingCode.START_CAPITAL_DIFFERS, 0, Column.EQUITY, message, "correct start_capital in the manifest"
        ),
    )


def starts_at(first: float, stated: float) -> bool:
    """Whether the equity before the first day is the stated capital, to a millionth and two cents."""
    return abs(first - stated) <= 1e-6 * stated + 0.02
