"""What earned it: profit by strategy, instrument and asset class. The parts sum to the whole exactly.

In money the parts of periods that follow each other add up. As shares of capital they do not; they are linked by
Carino's factors (see `brinson`): each period's contributions times ln(1 + R_t) / R_t, divided by the same of the linked
return, so that the linked contributions sum to the linked return.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from fund_pipeline.accounts.performance.figures import EXACT, ONE, ZERO, Figure, NotDefined
from fund_pipeline.accounts.performance.time_weighted import link
from fund_pipeline.errors import InputError

NOT_TRADED = "fees, dividends and interest"
UNEXPLAINED = "currencies held, and what the books do not explain"


class Dimension(StrEnum):
    """By what a profit is told apart."""

    STRATEGY = "STRATEGY"
    INSTRUMENT = "INSTRUMENT"
    ASSET_CLASS = "ASSET_CLASS"


@dataclass(frozen=True)
class TradedLine:
    """One strategy in one instrument over a period, in the fund's currency.

    Attributes
    ----------
    opening, closing : what was held at the period's ends, at market; below zero for a short.
    cash : sales less purchases, less commissions.
    at_work : the capital it took on average over the period, see `position_capital`; below zero for a short.
    """

    strategy: str
    instrument_key: str
    asset_class: str
    opening: Decimal
    cash: Decimal
    closing: Decimal
    at_work: Decimal

    @property
    def profit(self) -> Decimal:
        """What it made, realised and not, after costs."""
        return EXACT.add(EXACT.subtract(self.closing, self.opening), self.cash)

    def name(self, by: Dimension) -> str:
        """What it counts under."""
        names = {
            Dimension.STRATEGY: self.strategy,
            Dimension.INSTRUMENT: self.instrument_key,
            Dimension.ASSET_CLASS: self.asset_class,
        }
        return names[by]


@dataclass(frozen=True)
class Part:
    """One name's share: of the profit in money, and of the capital at work; NotDefined without capital."""

    name: str
    profit: Decimal
    contribution: Figure


@dataclass(frozen=True)
class Attribution:
    """A period's profit in parts, in the fund's currency. `capital` is what it was earned on."""

    by: Dimension
    total: Decimal
    capital: Decimal
    parts: tuple[Part, ...]


def attribute(
    lines: Iterable[TradedLine], by: Dimension, *, not_traded: Decimal, total: Decimal, capital: Decimal
) -> Attribution:
    """Tell a profit apart.

    Parameters
    ----------
    not_traded : fees, dividends and interest, with their sign: a part of its own.
    total : the whole profit of the period. What the lines and `not_traded` leave of it is a part of its own, too.
    capital : at work over the period, for contributions.
    """
    sums: dict[str, Decimal] = {}
    for one in lines:
        name = one.name(by)
        sums[name] = EXACT.add(sums.get(name, ZERO), one.profit)
    named = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    known = not_traded
    for _, profit in named:
        known = EXACT.add(known, profit)
    rest = [(NOT_TRADED, not_traded), (UNEXPLAINED, EXACT.subtract(total, known))]
    found = [*named, *((name, amount) for name, amount in rest if amount)]
    parts = tuple(Part(name, profit, _share(profit, capital)) for name, profit in found)
    return Attribution(by, total, capital, parts)


def link_contributions(periods: Sequence[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """Contributions of periods that follow each other, as one; each period's sum to its return.

    InputError for no period, or one that lost everything: its logarithm does not exist.
    """
    returns = [_sum(period.values()) for period in periods]
    whole = link(returns)
    if isinstance(whole, NotDefined):
        raise InputError("there is no period to link", remedy="give at least one")
    overall = _factor(whole)
    found: dict[str, Decimal] = {}
    for period, earned in zip(periods, returns, strict=True):
        factor = EXACT.divide(_factor(earned), overall)
        for name, contribution in period.items():
            found[name] = EXACT.add(found.get(name, ZERO), EXACT.multiply(contribution, factor))
    return found


def _share(profit: Decimal, capital: Decimal) -> Figure:
    return EXACT.divide(profit, capital) if capital > 0 else NotDefined.NO_CAPITAL


def _factor(earned: Decimal) -> Decimal:
    if earned <= -1:
        raise InputError("a period lost everything, and cannot be linked", remedy="attribute the time before it alone")
    return EXACT.divide(EXACT.ln(EXACT.add(ONE, earned)), earned) if earned else ONE


def _sum(parts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for one in parts:
        total = EXACT.add(total, one)
    return total
