"""Exact decimals: one context for every decision, rounding down, and numbers as text."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from math import gcd, lcm

from fund_pipeline.terms import Side

ZERO = Decimal(0)
ONE = Decimal(1)
CONTEXT = Context(prec=40, rounding=ROUND_HALF_EVEN)
_PLACES = Decimal(1).scaleb(-12)
_SNAP = Context(prec=30, rounding=ROUND_HALF_EVEN)


def whole_steps(quantity: Decimal, step: Decimal) -> Decimal:
    """How many whole steps fit. The last ten of 40 digits are noise: a third of 600 is 200 steps of 1, not 199."""
    return _SNAP.divide(quantity, step).to_integral_value(ROUND_FLOOR)


def to_places(quantity: Decimal) -> Decimal:
    """To the twelve places that the books keep: what is recorded is what was reckoned with."""
    return quantity.quantize(_PLACES, ROUND_HALF_EVEN).normalize(CONTEXT)


def floor_to(quantity: Decimal, step: Decimal) -> Decimal:
    """The quantity rounded down to whole steps."""
    return whole_steps(quantity, step) * step


def on_tick(price: Decimal | None, tick: Decimal | None, *, up: bool) -> Decimal | None:
    """A price on the instrument's tick; unchanged where none is known."""
    if price is None or tick is None:
        return price
    return (price / tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * tick


def lowest_terms(steps: Iterable[Fraction]) -> tuple[list[int], Fraction]:
    """A ratio in lowest whole terms, and how many times it is taken. All values > 0."""
    values = list(steps)
    scale = lcm(*(value.denominator for value in values))
    whole = [int(value * scale) for value in values]
    common = gcd(*whole)
    return [value // common for value in whole], Fraction(common, scale)


def sign(side: Side) -> int:
    """1 for BUY, -1 for SELL."""
    return 1 if side is Side.BUY else -1


def opposite(side: Side) -> Side:
    """The side that closes what this one opened."""
    return Side.SELL if side is Side.BUY else Side.BUY


def side_of(signed: Decimal) -> Side:
    """The side that opened a signed quantity."""
    return Side.BUY if signed > 0 else Side.SELL


def text(value: Decimal | None) -> str | None:
    """A decimal as plain text without needless zeros; None for None."""
    if value is None:
        return None
    plain = f"{value:f}"
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in ("-0", "") else plain
