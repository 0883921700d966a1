"""The two sides of an attribution against a benchmark: by segment, what each has there and what it earns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from fund_pipeline.accounts.performance.attribution import Dimension, TradedLine
from fund_pipeline.accounts.performance.brinson import Segment
from fund_pipeline.accounts.performance.figures import EXACT, ONE, ZERO
from fund_pipeline.errors import InputError

CASH = "CASH"
"""The segment of what is in no instrument."""

_WEIGHT = ONE.scaleb(-20)  # few enough places for weights to sum to 1 exactly


@dataclass(frozen=True)
class Stake:
    """What one side has in a segment: its weight in the whole, and what it returns over the period; decimals."""

    weight: Decimal
    earned: Decimal


def portfolio_stakes(
    lines: Iterable[TradedLine], by: Dimension, *, total: Decimal, capital: Decimal
) -> dict[str, Stake]:
    """A fund's side, from its books. The weights sum to 1, and weights times returns to total / capital.

    A segment's weight is what its lines had at work, by the whole capital; its return is their profit by what they had
    at work. That is an assumption where there were trades within the period, see `position_capital`; without trades it
    is the weight at the start. CASH is the rest of capital and of profit: fees, dividends, interest, currencies held,
    and what the books do not explain are earned there.

    Parameters
    ----------
    total : the whole profit of the period. capital : what it was earned on, on average over the period.

    Raises
    ------
    InputError : no capital; a profit on nothing at work, as where longs and shorts cancel; another segment called CASH.
    """
    if capital <= 0:
        raise InputError(f"capital at work is {capital}", remedy="choose a period in which the fund had capital")
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for one in lines:
        at_work, profit = sums.get(one.name(by), (ZERO, ZERO))
        sums[one.name(by)] = (EXACT.add(at_work, one.at_work), EXACT.add(profit, one.profit))
    if CASH in sums:
        what = by.value.lower().replace("_", " ")
        raise InputError(f"{what} is {CASH!r}, the name of what is not invested", remedy="tell it apart by another")
    rest, left = ONE, total
    found = {}
    for name, (at_work, profit) in sums.items():
        weight = EXACT.divide(at_work, capital).quantize(_WEIGHT, context=EXACT)
        found[name] = (weight, profit)
        rest, left = EXACT.subtract(rest, weight), EXACT.subtract(left, profit)
    found[CASH] = (rest, left)
    return {
        name: Stake(weight, _return(name, weight, profit, capital))
        for name, (weight, profit) in found.items()
        if weight or profit
    }


def paired(portfolio: Mapping[str, Stake], benchmark: Mapping[str, Stake]) -> tuple[Segment, ...]:
    """Both sides by segment, in the order of their names, CASH last.

    What one side does not have has weight 0 there and the other's return, as `Segment` wants it.
    """
    found = []
    for name in sorted({*portfolio, *benchmark}, key=segment_order):
        own = portfolio.get(name) or Stake(ZERO, benchmark[name].earned)
        other = benchmark.get(name) or Stake(ZERO, own.earned)
        found.append(Segment(name, own.weight, other.weight, own.earned, other.earned))
    return tuple(found)


def segment_order(name: str) -> tuple[bool, str]:
    """What to sort segments' names by: CASH comes last."""
    return name == CASH, name


def _return(name: str, weight: Decimal, profit: Decimal, capital: Decimal) -> Decimal:
    if not weight:
        if not profit:
            return ZERO
        raise InputError(
            f"weight of {name} is 0, but it made {profit.normalize():f}: a return on nothing is not defined",
            remedy="choose other periods, or tell the fund apart by something else",
        )
    return EXACT.divide(profit, EXACT.multiply(weight, capital))
