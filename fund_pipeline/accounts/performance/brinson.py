"""Attribution against a benchmark: G. P. Brinson and N. Fachler, "Measuring non-US equity portfolio performance",
Journal of Portfolio Management 11 (1985), with interaction on its own.

Segment by segment, w and r being weight and return, P the portfolio, B the benchmark, R_B the benchmark's whole return:

    allocation  (w_P - w_B) (r_B - R_B)
    selection   w_B (r_P - r_B)
    interaction (w_P - w_B) (r_P - r_B)

Several periods are linked by D. R. Carino, "Combining attribution effects over time", Journal of Performance
Measurement 3 (1999): each period's effects times k_t / k, k_t = (ln(1 + R_P) - ln(1 + R_B)) / (R_P - R_B), k the same
of the linked returns. The linked effects sum to the linked difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from fund_pipeline.accounts.performance.figures import EXACT, ONE, ZERO, NotDefined
from fund_pipeline.accounts.performance.time_weighted import link
from fund_pipeline.errors import InputError


@dataclass(frozen=True)
class Segment:
    """One segment in one period: weights at its start and returns over it, decimals.

    A segment that one side does not hold has weight 0 there, and as return that of the other side: choosing within
    nothing is no choice.
    """

    name: str
    portfolio_weight: Decimal
    benchmark_weight: Decimal
    portfolio_return: Decimal
    benchmark_return: Decimal


@dataclass(frozen=True)
class SegmentEffects:
    """What one segment added to the difference from the benchmark, decimals."""

    name: str
    allocation: Decimal
    selection: Decimal
    interaction: Decimal

    @property
    def total(self) -> Decimal:
        """All three."""
        return _sum((self.allocation, self.selection, self.interaction))


@dataclass(frozen=True)
class Brinson:
    """The difference between two returns, by segment and effect. The parts sum to it.

    Attributes
    ----------
    portfolio_return, benchmark_return : of the whole.
    """

    portfolio_return: Decimal
    benchmark_return: Decimal
    segments: tuple[SegmentEffects, ...]

    @property
    def allocation(self) -> Decimal:
        """Of all segments."""
        return _sum(one.allocation for one in self.segments)

    @property
    def selection(self) -> Decimal:
        """Of all segments."""
        return _sum(one.selection for one in self.segments)

    @property
    def interaction(self) -> Decimal:
        """Of all segments."""
        return _sum(one.interaction for one in self.segments)

    @property
    def difference(self) -> Decimal:
        """Portfolio less benchmark."""
        return EXACT.subtract(self.portfolio_return, self.benchmark_return)


def brinson_fachler(segments: Sequence[Segment]) -> Brinson:
    """One period. InputError where the weights of a side do not sum to 1, or a segment is given twice."""
    names = [one.name for one in segments]
    if len(set(names)) != len(names):
        raise InputError("a segment is given twice", remedy="give each segment once")
    for side in ("portfolio_weight", "benchmark_weight"):
        total = _sum(getattr(one, side) for one in segments)
        if total != ONE:
            raise InputError(f"{side} of all segments is {total}, not 1", remedy="give cash as a segment of its own")
    with localcontext(EXACT):
        whole = _sum(one.benchmark_weight * one.benchmark_return for one in segments)
        own = _sum(one.portfolio_weight * one.portfolio_return for one in segments)
        return Brinson(own, whole, tuple(_effects(one, whole) for one in segments))


def linked(periods: Sequence[Brinson]) -> Brinson:
    """Periods that follow each other, as one, by Carino's factors.

    InputError for no period, or one in which either side lost all it had: its logarithm does not exist.
    """
    own = link(one.portfolio_return for one in periods)
    whole = link(one.benchmark_return for one in periods)
    if isinstance(own, NotDefined) or isinstance(whole, NotDefined):
        raise InputError("there is no period to link", remedy="give at least one")
    overall = _carino(own, whole)
    found: dict[str, list[Decimal]] = {}
    for period in periods:
        factor = EXACT.divide(_carino(period.portfolio_return, period.benchmark_return), overall)
        for one in period.segments:
            sums = found.setdefault(one.name, [ZERO, ZERO, ZERO])
            for place, effect in enumerate((one.allocation, one.selection, one.interaction)):
                sums[place] = EXACT.add(sums[place], EXACT.multiply(effect, factor))
    return Brinson(own, whole, tuple(SegmentEffects(name, *sums) for name, sums in found.items()))


def _effects(one: Segment, whole: Decimal) -> SegmentEffects:
    tilt = one.portfolio_weight - one.benchmark_weight
    choice = one.portfolio_return - one.benchmark_return
    return SegmentEffects(
        name=one.name,
        allocation=tilt * (one.benchmark_return - whole),
        selection=one.benchmark_weight * choice,
        interaction=tilt * choice,
    )


def _carino(own: Decimal, whole: Decimal) -> Decimal:
    if own <= -1 or whole <= -1:
        raise InputError("a period lost everything, and cannot be linked", remedy="attribute the time before it alone")
    if own == whole:
        return EXACT.divide(ONE, EXACT.add(ONE, own))
    logs = EXACT.subtract(EXACT.ln(EXACT.add(ONE, own)), EXACT.ln(EXACT.add(ONE, whole)))
    return EXACT.divide(logs, EXACT.subtract(own, whole))


def _sum(parts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for one in parts:
        total = EXACT.add(total, one)
    return total
