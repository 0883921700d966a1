"""Money-weighted return: the rate at which all that was paid in grows to all that came out and what is left.

The root is found by pyxirr. Where there is none, or it cannot be found, or more than one fits, the figure is not
defined and says why: a rate of 0 would be a claim.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pyxirr

from fund_pipeline.accounts.performance.days import ValueSeries, day_before, paid_out
from fund_pipeline.accounts.performance.figures import EXACT, ONE, YEAR, ZERO, Figure, NotDefined
from fund_pipeline.accounts.performance.time_weighted import Basis
from fund_pipeline.cerebro.model import Floats

RESIDUE = 1e-7
"""What may be left of the discounted flows at the rate, as a share of their size."""

SHORT = 92
"""Days up to which the rate is found as one of a day: an annual rate of a few days is astronomic."""

_GRID = np.exp(np.linspace(math.log(1e-3), math.log(1e3), 241))
"""Growth over the whole period in which a second rate is looked for: from a thousandth to a thousandfold."""


@dataclass(frozen=True)
class DatedFlow:
    """Money at the end of a day as the investor sees it: paid in is below 0, received above."""

    day: date
    amount: Decimal


def xirr(flows: Sequence[DatedFlow]) -> Figure:
    """The annual rate r at which the sum of amount / (1 + r) ** (days since the first / 365) is 0."""
    rate = period_rate(flows)
    days = (max(one.day for one in flows) - min(one.day for one in flows)).days if flows else 0
    if isinstance(rate, NotDefined):
        return rate
    return _power(rate, YEAR / days)


def period_rate(flows: Sequence[DatedFlow]) -> Figure:
    """The same rate over the whole of the period, from the first day to the last, not annualised."""
    merged: dict[date, float] = {}
    for one in sorted(flows, key=lambda one: one.day):
        merged[one.day] = merged.get(one.day, 0.0) + float(one.amount)
    days = [(day - min(merged)).days for day in merged]
    amounts = list(merged.values())
    if not (any(one > 0 for one in amounts) and any(one < 0 for one in amounts)):
        return NotDefined.NO_SIGN_CHANGE
    growth = _growth(list(merged), days, amounts)
    if growth is None or not _is_root(growth, days, amounts):
        return NotDefined.NO_CONVERGENCE
    if not pyxirr.is_conventional_cash_flow(amounts) and _roots(days, amounts) > 1:
        return NotDefined.SEVERAL_RATES
    return EXACT.subtract(Decimal(repr(growth)), ONE)


def money_weighted(series: ValueSeries, basis: Basis = Basis.NET) -> Figure:
    """The return of the whole series by money, not annualised; gross counts fees as received by the investor."""
    return period_rate(investor_flows(series, basis)) if series.days else NotDefined.NO_DAYS


def investor_flows(series: ValueSeries, basis: Basis = Basis.NET) -> tuple[DatedFlow, ...]:
    """The opening value and what came in as paid, what went out and the closing value as received.

    What comes in at the start of a day does so at the end of the day before.
    """
    start, gross = day_before(series.first), basis is Basis.GROSS
    found = [DatedFlow(start, -series.opening)]
    for one in series.days:
        day, _, inflow, outflow, fee = one
        if inflow:
            found.append(DatedFlow(day_before(day), -inflow))
        if received := paid_out(one) if fee and gross else outflow:
            found.append(DatedFlow(day, received))
    found.append(DatedFlow(series.last, series.closing))
    return tuple(one for one in found if one.amount != ZERO)


def _growth(dates: list[date], days: Sequence[int], amounts: Sequence[float]) -> float | None:
    """1 + the period's rate."""
    length = days[-1]
    if length <= SHORT:
        daily = [0.0] * (length + 1)
        for day, amount in zip(days, amounts, strict=True):
            daily[day] = amount
        rate, exponent = pyxirr.irr(daily, silent=True), float(length)
    else:
        rate, exponent = pyxirr.xirr(dates, amounts, silent=True), length / YEAR
    if rate is None or not math.isfinite(rate) or rate <= -1:
        return None
    try:
        growth: float = (1 + rate) ** exponent
    except OverflowError:
        return None
    return growth if math.isfinite(growth) and growth > 0 else None


def _is_root(growth: float, days: Sequence[int], amounts: Sequence[float]) -> bool:
    parts = _grown(np.array([growth]), days, amounts)[0]
    return bool(np.isfinite(parts).all()) and abs(float(parts.sum())) <= RESIDUE * float(np.abs(parts).sum())


def _roots(days: Sequence[int], amounts: Sequence[float]) -> int:
    signs = np.sign(_grown(_GRID, days, amounts).sum(axis=1))
    signs = signs[signs != 0]
    return int(np.count_nonzero(np.diff(signs)))


def _grown(growths: Floats, days: Sequence[int], amounts: Sequence[float]) -> Floats:
    """(G, F) each flow as it has grown by the last day, at each of G growths of the period."""
    left = 1.0 - np.asarray(days, dtype=np.float64) / days[-1]
    grown: Floats = np.asarray(amounts) * growths[:, None] ** left
    return grown


def _power(rate: Decimal, exponent: float) -> Figure:
    try:
        growth = float(EXACT.add(ONE, rate)) ** exponent
    except OverflowError:
        return NotDefined.NO_CONVERGENCE
    return EXACT.subtract(Decimal(repr(growth)), ONE)
