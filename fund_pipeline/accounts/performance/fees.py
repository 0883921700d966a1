"""The performance fee above a high-water mark."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from fund_pipeline.accounts.performance.figures import EXACT, ONE, ZERO
from fund_pipeline.errors import InputError

CENT = Decimal("0.01")


@dataclass(frozen=True)
class FeeOutcome:
    """What a crystallisation comes to, in the currency of the value.

    Attributes
    ----------
    fee : 0 or more.
    value : after the fee.
    mark : the high-water mark from now on; never below the one before.
    """

    fee: Decimal
    value: Decimal
    mark: Decimal


def performance_fee(value: Decimal, mark: Decimal, rate: Decimal, step: Decimal = CENT) -> FeeOutcome:
    """rate x max(0, value - mark), rounded down to `step`; the new mark is the value after the fee, if that is higher.

    Both are of the same units: after a subscription or redemption the mark moves with the units, or value and mark are
    given per unit. There is no hurdle and no reset.

    Raises
    ------
    InputError : a rate outside 0 to 1, a mark below 0, a step that is not above 0.
    """
    if not ZERO <= rate <= ONE:
        raise InputError(f"performance fee rate {rate} is not a share", remedy="give 0.20 for 20 %")
    if mark < 0:
        raise InputError(f"high-water mark {mark} is below zero", remedy="begin with the value at subscription")
    if step <= 0:
        raise InputError(f"step {step} of the fee is not above zero", remedy="give 0.01 for cents")
    gain = max(ZERO, EXACT.subtract(value, mark))
    steps = EXACT.divide(EXACT.multiply(rate, gain), step).to_integral_value(ROUND_DOWN)
    fee = EXACT.multiply(steps, step)
    after = EXACT.subtract(value, fee)
    return FeeOutcome(fee=fee, value=after, mark=max(mark, after))
