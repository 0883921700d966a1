"""Positions of both sides, by instrument. Pure; sizing asks the same question with the same function."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from fund_pipeline.accounts.reconciliation.model import Net
from fund_pipeline.accounts.reconciliation.rules import Rules
from fund_pipeline.execution.port import BrokerPosition
from fund_pipeline.ledger.break_model import BreakKind, Difference
from fund_pipeline.ledger.order_model import Execution, OrderRow
from fund_pipeline.terms import AssetClass, Side

_ZERO = Decimal(0)
SPLITTING = (AssetClass.STOCK.value, AssetClass.ETF.value)
RATIOS = tuple(
    Fraction(*pair)
    for plain in ((2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (10, 1), (15, 1), (20, 1), (25, 1), (30, 1),
                  (50, 1), (3, 2), (4, 3), (5, 2), (5, 4))
    for pair in (plain, plain[::-1])
)  # fmt: skip
"""New shares for old ones, forward and reverse."""

ALIKE = Fraction(2, 100)
"""How far the broker's average price may be from ours divided by the ratio: it may count commissions in."""


@dataclass(frozen=True)
class Working:
    """What may still fill of an instrument, by side."""

    buys: Decimal = _ZERO
    sells: Decimal = _ZERO

    def explains(self, difference: Decimal) -> bool:
        """Whether fills that we have not heard of yet may be all that a difference is."""
        return -self.sells <= difference <= self.buys


def working(orders: Iterable[OrderRow], fills: Iterable[Execution] = ()) -> dict[str, Working]:
    """What may still fill of orders, and these fills, by instrument."""
    found: dict[str, Working] = {}
    some: list[tuple[OrderRow | Execution, Decimal]] = [(one, one.remaining) for one in orders]
    some += [(one, one.quantity) for one in fills]
    for one, quantity in some:
        before = found.get(one.instrument_key, Working())
        buys = before.buys + (quantity if one.side is Side.BUY else _ZERO)
        sells = before.sells + (quantity if one.side is Side.SELL else _ZERO)
        found[one.instrument_key] = Working(buys, sells)
    return found


def differing(
    ours: Mapping[str, Decimal],
    theirs: Mapping[str, Decimal],
    on_their_way: Mapping[str, Working],
    rules: Rules,
    instruments: Collection[str],
) -> dict[str, Decimal]:
    """Theirs less ours of the instruments in which that is more than the tolerance and fills on their way explain."""
    found = {}
    for key in instruments:
        difference = theirs.get(key, _ZERO) - ours.get(key, _ZERO)
        if abs(difference) > rules.tolerance(key) and not on_their_way.get(key, Working()).explains(difference):
            found[key] = difference
    return found


def position_break(
    key: str, ours: Decimal, theirs: Decimal, *, average: Decimal = _ZERO, told: BrokerPosition | None = None
) -> Difference:
    """The break of one instrument: a SPLIT where quantity and average price both say so, else a POSITION.

    `average` is our average price over all strategies.
    """
    ratio = None if told is None else split_ratio(key, ours, theirs, average, told.average_price)
    figures = f"our books hold {_plain(ours)} {key}, the broker {_plain(theirs)}"
    if ratio is None:
        return Difference(BreakKind.POSITION, key, figures, key, ours, theirs)
    words = f"{figures}: it looks like a split of {ratio.numerator} for {ratio.denominator}"
    return Difference(BreakKind.SPLIT, key, words, key, ours, theirs, {"ratio": str(ratio)})


def split_ratio(key: str, ours: Decimal, theirs: Decimal, average: Decimal, their_average: Decimal) -> Fraction | None:
    """New shares per old one, when the quantity has changed by a usual ratio and the average price by its inverse.

    Fractions of a share are paid out in cash: the broker may hold less than one share less than the ratio makes.
    """
    if key.partition(":")[0] not in SPLITTING or not ours or ours * theirs <= 0 or average <= 0 or their_average <= 0:
        return None
    for ratio in RATIOS:
        made = abs(Fraction(ours)) * ratio
        if not made - 1 < abs(Fraction(theirs)) <= made:
            continue
        if abs(Fraction(their_average) * ratio / Fraction(average) - 1) <= ALIKE:
            return ratio
    return None


def nets(held: Mapping[str, Net]) -> dict[str, Decimal]:
    """Quantities alone."""
    return {key: one.quantity for key, one in held.items()}


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"
