"""Misdated series: strategies whose file says the right returns on the wrong days.

A file that is a day late looks like a diversifier, for its crashes fall on the day after everyone else's. What gives it
away is that its relation to the market, or to its peers, peaks at a lag other than 0. The evidence names the lag and
how sure it is; a strategy without a significant relation to anything is NOT_DETECTABLE, which is not ALIGNED.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np

from fund_pipeline.cerebro.lead_lag import LeadLag, PairAtLags, lead_lag, pair_at_lags
from fund_pipeline.cerebro.model import Floats, ReturnsMatrix
from fund_pipeline.cerebro.synchronise import Placement, synchronise
from fund_pipeline.errors import InputError

MARKET = "market"
"""Name of the market among the references."""

SIGNIFICANCE = 1e-3
"""Chance, over all lags and references together, of calling a relation significant where there is none."""

_CLEARLY_MORE = 3.0
"""z by which the relation at the lag must exceed that at lag 0."""


class TimingVerdict(StrEnum):
    """What the evidence says about a strategy's dates."""

    ALIGNED = "ALIGNED"
    MISDATED = "MISDATED"
    NOT_DETECTABLE = "NOT_DETECTABLE"


@dataclass(frozen=True)
class TimingEvidence:
    """The evidence about one strategy's dates.

    Attributes
    ----------
    verdict : MISDATED needs a relation off day 0 that is significant (p < 0.001) and clearly stronger than on day 0.
    days_late : +k means the file's dates are k trading days late, so that moving it back by k rows aligns it; −k means
        early. 0 when ALIGNED, None when NOT_DETECTABLE.
    reference : `market` or the strategy that shows it best; None when nothing is significant.
    correlation : with the reference at that lag; None without a reference.
    correlation_at_zero : with the reference, as the file is dated. If the reference is itself misdated, both
        correlations are taken with the reference's dates put right.
    z : robust z of the correlation; 0 without a reference.
    p : two-sided, after Bonferroni over all lags and references; 1 without a reference.
    """

    strategy: str
    verdict: TimingVerdict
    days_late: int | None
    reference: str | None
    correlation: float | None
    correlation_at_zero: float | None
    z: float
    p: float


def timing_evidence(matrix: ReturnsMatrix, market: Floats, max_lag: int = 10) -> tuple[TimingEvidence, ...]:
    """Evidence about every strategy's dates, in column order.

    The market decides where its relation is significant; elsewhere the strategies already known to be dated right vote,
    weighted by z² (see `synchronise`). 1000 strategies take a few seconds and (max_lag + 1)·N² × 4 bytes.

    Parameters
    ----------
    matrix : decimal daily returns; its rows are consecutive trading days.
    market : (S,) the market's decimal returns on the same days, NaN allowed (all NaN: peers only).
    max_lag : widest misdating looked for, in trading days; 1 ≤ max_lag, and 2·max_lag < S.

    Raises
    ------
    InputError : a market of another length, or a max_lag out of range.
    """
    rows, n = matrix.values.shape
    if market.shape != (rows,):
        raise InputError(f"market has shape {market.shape}, expected ({rows},): one return per day of the matrix")
    if max_lag < 1 or 2 * max_lag >= rows:
        raise InputError(f"max_lag is {max_lag}, expected at least 1 and less than half of the {rows} days")
    if not n:
        return ()
    series = np.column_stack([matrix.values, market])
    comparisons = (2 * max_lag + 1) * n
    significant_z = NormalDist().inv_cdf(1.0 - SIGNIFICANCE / comparisons / 2.0)
    table = lead_lag(series, max_lag)
    placements = synchronise(table, n, significant_z)
    names = (*matrix.strategies, MARKET)
    return tuple(_evidence(i, names, series, table, placements, comparisons) for i in range(n))


def _evidence(
    i: int,
    names: tuple[str, ...],
    series: Floats,
    table: LeadLag,
    placements: tuple[Placement, ...],
    comparisons: int,
) -> TimingEvidence:
    placement = placements[i]
    offset = placement.offset
    reference = None if offset is None else _best_reference(i, offset, table, placements)
    if offset is None or reference is None:
        return _not_detectable(names[i])
    reference_offset = placements[reference].offset or 0
    pair = pair_at_lags(series[:, i], series[:, reference], offset - reference_offset, -reference_offset)
    p = min(math.erfc(abs(pair.z) / math.sqrt(2.0)) * comparisons, 1.0)
    if p >= SIGNIFICANCE or (offset and pair.z_of_difference < _CLEARLY_MORE):
        return _not_detectable(names[i], names[reference], pair, p)
    return TimingEvidence(
        strategy=names[i],
        verdict=TimingVerdict.MISDATED if offset else TimingVerdict.ALIGNED,
        days_late=offset,
        reference=names[reference],
        correlation=pair.correlation,
        correlation_at_zero=pair.other_correlation,
        z=pair.z,
        p=p,
    )


def _best_reference(i: int, offset: int, table: LeadLag, placements: tuple[Placement, ...]) -> int | None:
    """The market where it decided, else the placed series with the strongest relation at this offset."""
    if placements[i].by_market:
        return len(placements) - 1
    placed = np.array([p.offset is not None for p in placements])
    offsets = np.array([p.offset or 0 for p in placements], dtype=np.int64)
    strength = np.where(placed, np.abs(table.with_each(i, offset - offsets)), 0.0)
    best = int(np.argmax(strength))
    return best if strength[best] > 0.0 else None


def _not_detectable(
    name: str, reference: str | None = None, pair: PairAtLags | None = None, p: float = 1.0
) -> TimingEvidence:
    return TimingEvidence(
        strategy=name,
        verdict=TimingVerdict.NOT_DETECTABLE,
        days_late=None,
        reference=reference,
        correlation=pair.correlation if pair else None,
        correlation_at_zero=pair.other_correlation if pair else None,
        z=pair.z if pair else 0.0,
        p=p,
    )
