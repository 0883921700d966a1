"""PnL, equity and return must tell one story, day by day and oldest to newest."""

from __future__ import annotations

import numpy as np

from fund_pipeline.backtests.agreement import SLACK, Figures, Implied, agrees
from fund_pipeline.backtests.model import Column, Finding, FindingCode, Flags, Floats, Refusal, Unit, UnitSource
from fund_pipeline.backtests.series import Series

_REMEDY = "correct the day, or send the file as the simulation wrote it"
_FLOWS = "take deposits and withdrawals out of the equity, or correct the day"


def check_direction(series: Series) -> None:
    """Refuse a file whose equity compounds from the newest day to the oldest: its dates are reversed.

    Needs no unit. Judged where equity fails to step forward on most days that move and steps backward on most.
    """
    equity, pnl = series.get(Column.EQUITY), series.get(Column.PNL)
    if equity is None or len(series) < 3:
        return
    other = series.returns if pnl is None else pnl
    moves = moving(series, equity)
    if mostly(steps_hold(series, equity, other), moves):
        return
    backward = steps_hold(series, equity[::-1], other[::-1])[::-1]
    mirrored = steps_hold(series, equity[::-1], other)
    if mostly(backward, moves):
        raise Refusal(_reversed(series, "the dates are reversed"))
    if mostly(mirrored, moves[::-1]):
        raise Refusal(_reversed(series, "the equity column runs against the dates"))


def moving(figures: Figures, equity: Floats) -> Flags:
    """Whether each step of equity is more than rounding. Shape (n - 1,), for k files (k, n - 1)."""
    moves: Flags = np.abs(np.diff(equity)) > figures.printed_unit(Column.EQUITY)
    return moves


def mostly(good: Flags, moves: Flags) -> Flags:
    """Whether more than half of the steps that move are good, or none moves. Shape (), for k files (k,)."""
    enough: Flags = (2 * (good & moves).sum(axis=-1) > moves.sum(axis=-1)) | ~moves.any(axis=-1)
    return enough


def steps_hold(figures: Figures, equity: Floats, other: Floats) -> Flags:
    """Whether each step of equity, in the order given, is the day's PnL or, without PnL, its return in either unit.

    ``other`` is that PnL or that return as printed. Shape (n - 1,), for k files (k, n - 1).
    """
    last = figures.printed_unit(Column.EQUITY)
    before, after = equity[..., :-1], equity[..., 1:]
    if figures.get(Column.PNL) is not None:
        room = 2.0 * last + figures.printed_unit(Column.PNL)
        good: Flags = np.abs(np.diff(equity) - other[..., 1:]) <= room + SLACK * np.abs(after)
        return good
    unit = figures.printed_unit(Column.RETURN)
    good = np.zeros(before.shape, dtype=np.bool_)
    for scale in (1.0, 100.0):
        value = other[..., 1:] / scale
        around = last * (1.0 + np.abs(1.0 + value)) + np.abs(before) * (unit / scale + SLACK)
        good |= np.abs(after - before * (1.0 + value)) <= around
    return good


def _reversed(series: Series, what: str) -> Finding:
    message = f"equity compounds from the newest day to the oldest: {what}"
    remedy = "put each date beside its own row, and send the file again"
    return series.at(FindingCode.REVERSED_EQUITY, 0, Column.EQUITY, message, remedy)


def check_returns(series: Series, returns: Floats) -> tuple[Finding, ...]:
    """RETURN_BELOW_MINUS_100 for decimal returns ≤ −1: nothing compounds through a total loss."""
    lost = np.flatnonzero(returns <= -1.0)
    if not len(lost):
        return ()
    first = int(lost[np.argmin(series.rows[lost])])
    more = f" ({len(lost)} such rows)" if len(lost) > 1 else ""
    message = f"a daily return of {returns[first]:.4%} loses everything or more{more}"
    remedy = "correct the return, or its unit"
    return (series.at(FindingCode.RETURN_BELOW_MINUS_100, first, Column.RETURN, message, remedy),)


def check_equity_positive(series: Series) -> tuple[Finding, ...]:
    """EQUITY_NOT_POSITIVE where the account, at the start or the end of a day, is worth nothing or less."""
    equity, pnl = series.get(Column.EQUITY), series.get(Column.PNL)
    if equity is None:
        return ()
    least = least_equity(equity, pnl)
    gone = np.flatnonzero(least <= 0)
    if not len(gone):
        return ()
    first = int(gone[np.argmin(series.rows[gone])])
    message = f"equity at the start or the end of the day is {least[first]:,.2f}; no return can be measured on it"
    remedy = "correct the equity, or end the history where the account ended"
    return (series.at(FindingCode.EQUITY_NOT_POSITIVE, first, Column.EQUITY, message, remedy),)


def least_equity(equity: Floats, pnl: Floats | None) -> Floats:
    """The lesser of the day's equity at its end and at its start, where PnL tells the start. Same shape as equity."""
    return equity if pnl is None else np.fmin(equity, equity - pnl)


def check_agreement(
    series: Series, implied: Implied | None, returns: Floats, unit: Unit, after_gap: Flags
) -> tuple[Finding, ...]:
    """Every day's return against PnL and equity, and every step of equity.

    ``returns`` are decimal. A disagreement that days missing from the file can explain is EQUITY_GAP, a warning; any
    other is an error that names the first day in date order, its figures, and how many days disagree.
    """
    if implied is None:
        return ()
    last = series.printed_unit(Column.RETURN) / 10.0**unit.places
    against = ~agrees(implied, returns, last) & np.isfinite(implied.returns)
    broken = np.zeros(len(series), dtype=np.bool_)
    explained = np.zeros(len(series), dtype=np.bool_)
    equity, pnl = series.get(Column.EQUITY), series.get(Column.PNL)
    if equity is not None and pnl is not None:
        step = np.diff(equity)
        broken[1:] = ~steps_hold(series, equity, pnl) & np.isfinite(step) & np.isfinite(pnl[1:])
        explained = broken & after_gap
        broken &= ~after_gap
    elif implied.source is UnitSource.EQUITY_RATIO:
        explained, against = against & after_gap, against & ~after_gap
    else:
        # PnL of a missing session is missing from every later day's base as well.
        later = np.cumsum(after_gap) > 0
        explained, against = against & later, against & ~later
    findings = []
    bad = np.flatnonzero(against | broken)
    if len(bad):
        first = int(bad[0])
        findings.append(_contradiction(series, implied, returns, first, len(bad), bool(against[first]), last))
    if explained.any():
        first = int(np.flatnonzero(explained)[0])
        message = f"equity steps by more than the day's result after missing sessions ({int(explained.sum())} times)"
        column = Column.EQUITY if equity is not None else Column.PNL
        findings.append(series.at(FindingCode.EQUITY_GAP, first, column, message, "send the missing days"))
    return tuple(findings)


def _contradiction(
    series: Series, implied: Implied, returns: Floats, i: int, days: int, against: bool, last: float
) -> Finding:
    equity, pnl = series.get(Column.EQUITY), series.get(Column.PNL)
    code, column = _odd_one_out(series, returns, i, against, last)
    base = implied.base[i]
    said = [f"return {returns[i]:.6%} of {base:,.2f} at the day's start is {returns[i] * base:,.2f}"]
    if pnl is not None:
        said.append(f"{series.names[Column.PNL]} is {pnl[i]:,.2f}")
    if equity is not None and i:
        said.append(f"{series.names[Column.EQUITY]} went from {equity[i - 1]:,.2f} to {equity[i]:,.2f}")
    room = (implied.tolerance[i] + last) * base
    message = f"on {series.dates[i]} {', '.join(said)} (tolerance {room:,.4g}); {days} of {len(series)} days disagree"
    return series.at(code, i, column, message, _REMEDY if against else _FLOWS)


def _odd_one_out(series: Series, returns: Floats, i: int, against: bool, last: float) -> tuple[FindingCode, Column]:
    """Of PnL, return and equity's step, the one that the two others outvote."""
    equity, pnl = series.get(Column.EQUITY), series.get(Column.PNL)
    if pnl is None:
        return FindingCode.EQUITY_CONTRADICTS_RETURN, Column.EQUITY
    if equity is None:
        return FindingCode.PNL_CONTRADICTS_RETURN, Column.PNL
    if not against:
        return FindingCode.EQUITY_CONTRADICTS_RETURN, Column.EQUITY
    if i == 0:
        return FindingCode.PNL_CONTRADICTS_RETURN, Column.PNL
    before, gain = equity[i - 1], returns[i] * equity[i - 1]
    printed = 2.0 * series.printed_unit(Column.EQUITY) + series.printed_unit(Column.PNL)
    room = printed + before * (last + SLACK)
    if abs(equity[i] - before - pnl[i]) <= room:
        return FindingCode.PNL_CONTRADICTS_RETURN, Column.RETURN
    if abs(pnl[i] - gain) <= room:
        return FindingCode.EQUITY_CONTRADICTS_RETURN, Column.EQUITY
    return FindingCode.PNL_CONTRADICTS_RETURN, Column.PNL
