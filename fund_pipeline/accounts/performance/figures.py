"""A figure that may not be defined, and the arithmetic all figures are reckoned in."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum

EXACT = Context(prec=50, rounding=ROUND_HALF_EVEN)
"""Fifty digits: ten years of linked days keep more than forty of them."""

ZERO = Decimal(0)
ONE = Decimal(1)
YEAR = 365
"""Days in a year, for every annual figure: the convention of XIRR."""


class NotDefined(StrEnum):
    """Why a figure has no value. It is then shown as these words, never as 0."""

    NO_DAYS = "NO_DAYS"
    NO_CAPITAL = "NO_CAPITAL"
    BELOW_ZERO = "BELOW_ZERO"
    NO_SIGN_CHANGE = "NO_SIGN_CHANGE"
    NO_CONVERGENCE = "NO_CONVERGENCE"
    SEVERAL_RATES = "SEVERAL_RATES"
    NO_RISK = "NO_RISK"
    TOO_SHORT = "TOO_SHORT"

    @property
    def meaning(self) -> str:
        """In words."""
        return _MEANINGS[self]


_MEANINGS = {
    NotDefined.NO_DAYS: "there is no valued day in the period",
    NotDefined.NO_CAPITAL: "a day began with nothing, or less, at work",
    NotDefined.BELOW_ZERO: "a day ended below zero, and what follows has no return on it",
    NotDefined.NO_SIGN_CHANGE: "money went one way only, so that no rate makes it even",
    NotDefined.NO_CONVERGENCE: "no rate was found that makes the flows even",
    NotDefined.SEVERAL_RATES: "more than one rate makes the flows even",
    NotDefined.NO_RISK: "there is no variation to divide by",
    NotDefined.TOO_SHORT: "the history is too short",
}

Figure = Decimal | NotDefined
"""A value, or why there is none."""


def to_places(figure: Figure, places: int = 12) -> Figure:
    """The figure to so many decimal places, half to even; what is 0 to them has no sign."""
    if isinstance(figure, NotDefined):
        return figure
    return EXACT.add(figure.quantize(ONE.scaleb(-places), context=EXACT), ZERO)


def percent(figure: Figure, places: int = 2) -> str:
    """A return for people: `+3.25 %`; "not defined: ..." with the reason where it is not."""
    if isinstance(figure, NotDefined):
        return f"not defined: {figure.meaning}"
    return f"{to_places(EXACT.multiply(figure, Decimal(100)), places):+.{places}f} %"


def as_json(figure: Figure) -> str | None:
    """As JSON has it: decimals as text to 12 places, null where it is not defined."""
    return None if isinstance(figure, NotDefined) else format(to_places(figure), "f")
