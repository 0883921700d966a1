"""Margin of options that are opened together: premium, greatest loss, or the exchange minimum for what is naked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fund_pipeline.cerebro.sizing.arithmetic import ZERO
from fund_pipeline.terms import Right

INDEX_SHARE = Decimal("0.20")
LEAST_SHARE = Decimal("0.10")


@dataclass(frozen=True, kw_only=True)
class OptionLine:
    """Options of one kind. `quantity` is below 0 where they are sold; `price` and `strike` per unit of underlying."""

    right: Right
    strike: Decimal
    expiry: str
    quantity: Decimal
    price: Decimal
    multiplier: Decimal


def options_margin(lines: Sequence[OptionLine], underlying_price: Decimal | None) -> Decimal | None:
    """Margin of options on one underlying, in their currency; None where it needs the underlying's price.

    Long only: the premium. Every sold option covered by a bought one of its right that does not expire before it: the
    greatest loss at expiry. Else: the premium of what is bought, and the exchange minimum of all that is sold.
    """
    sold = [line for line in lines if line.quantity < 0]
    if not sold:
        return sum((line.quantity * line.price * line.multiplier for line in lines), ZERO)
    last = max(line.expiry for line in sold)
    covering = [line for line in lines if line.quantity > 0 and line.expiry >= last]
    if all(_is_covered(right, sold, covering) for right in Right):
        wasted = [line for line in lines if line.quantity > 0 and line.expiry < last]
        return _greatest_loss([*sold, *covering]) + sum((w.quantity * w.price * w.multiplier for w in wasted), ZERO)
    if underlying_price is None:
        return None
    bought = sum((line.quantity * line.price * line.multiplier for line in lines if line.quantity > 0), ZERO)
    return bought + sum((naked_margin(line, underlying_price) for line in sold), ZERO)


def naked_margin(line: OptionLine, underlying_price: Decimal) -> Decimal:
    """Exchange minimum for sold options (Cboe Margin Manual, short put or call on equity).

    Premium + the greater of 20 % of the underlying less what the option is out of the money, and 10 % of the
    underlying (call) or of the strike (put); times multiplier and contracts.
    """
    if line.right is Right.CALL:
        out_of_the_money = max(line.strike - underlying_price, ZERO)
        least = LEAST_SHARE * underlying_price
    else:
        out_of_the_money = max(underlying_price - line.strike, ZERO)
        least = LEAST_SHARE * line.strike
    each = line.price + max(INDEX_SHARE * underlying_price - out_of_the_money, least)
    return each * line.multiplier * abs(line.quantity)


def _is_covered(right: Right, sold: Sequence[OptionLine], covering: Sequence[OptionLine]) -> bool:
    return sum((o.quantity * o.multiplier for o in (*sold, *covering) if o.right is right), ZERO) >= 0


def _greatest_loss(lines: Sequence[OptionLine]) -> Decimal:
    """The payoff at expiry is straight between strikes, so that it is least at a strike or at 0: covered, it has no
    slope downwards beyond the last strike."""
    paid = sum((line.quantity * line.price * line.multiplier for line in lines), ZERO)
    at = {ZERO, *(line.strike for line in lines)}
    least = min(sum((_payoff(line, price) for line in lines), ZERO) for price in at)
    return max(paid - least, ZERO)


def _payoff(line: OptionLine, price: Decimal) -> Decimal:
    inside = price - line.strike if line.right is Right.CALL else line.strike - price
    return max(inside, ZERO) * line.quantity * line.multiplier
