"""Which strategies take part in an optimisation, and why each of the others does not."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.ledger.model import BacktestSummary, Strategy, StrategyStatus

Flags = NDArray[np.bool_]


class ExclusionReason(StrEnum):
    """Why a registered strategy gets no weight."""

    NOT_ACTIVE = "NOT_ACTIVE"
    NOT_INCLUDED = "NOT_INCLUDED"
    NO_BACKTEST = "NO_BACKTEST"
    SHORT_HISTORY = "SHORT_HISTORY"
    MISDATED = "MISDATED"
    GAPS = "GAPS"
    NO_COMMON_WINDOW = "NO_COMMON_WINDOW"


MOST_MISSING = 0.02
"""Share of a strategy's own sessions that may be missing: days left out because of what happened on them would tell
every strategy's story without them.
"""

LEAST_KEPT = 0.85
"""Share of the sessions between the latest start and the earliest end that the common window must keep."""


@dataclass(frozen=True)
class Exclusion:
    """One strategy that is kept out, with the reason in words and what a person can do about it."""

    strategy_id: str
    reason: ExclusionReason
    in_words: str


@dataclass(frozen=True)
class Eligibility:
    """The strategies that take part, by id, and those that do not."""

    included: tuple[str, ...]
    excluded: tuple[Exclusion, ...]


def decide_eligibility(
    strategies: tuple[Strategy, ...],
    summaries: Mapping[str, BacktestSummary],
    matrix: ReturnsMatrix,
    misdated_by: Mapping[str, int],
    accepted: Set[tuple[str, str]],
    min_days: int,
) -> Eligibility:
    """Sort the registry into those that are optimised and those that are not.

    Parameters
    ----------
    summaries : the admitted backtest per strategy id.
    matrix : all admitted returns; a strategy without a column has no backtest.
    misdated_by : trading days by which a series is late, for the series flagged as misdated.
    accepted : (strategy id, content hash) pairs whose dates a person accepted.
    min_days : least days of history, and least days of the window common to all that take part.
    """
    columns = set(matrix.strategies)
    included: list[str] = []
    excluded: list[Exclusion] = []
    for strategy in strategies:
        summary = summaries.get(strategy.strategy_id)
        verdict = _exclusion(strategy, summary, columns, misdated_by, accepted, min_days)
        if verdict is None:
            included.append(strategy.strategy_id)
        else:
            excluded.append(Exclusion(strategy.strategy_id, *verdict))
    for strategy_id, words in _without_common_window(matrix, included, min_days):
        included.remove(strategy_id)
        excluded.append(Exclusion(strategy_id, ExclusionReason.NO_COMMON_WINDOW, words))
    return Eligibility(tuple(sorted(included)), tuple(sorted(excluded, key=lambda e: e.strategy_id)))


def _exclusion(
    strategy: Strategy,
    summary: BacktestSummary | None,
    columns: Set[str],
    misdated_by: Mapping[str, int],
    accepted: Set[tuple[str, str]],
    min_days: int,
) -> tuple[ExclusionReason, str] | None:
    name = strategy.strategy_id
    if strategy.status is not StrategyStatus.ACTIVE:
        return ExclusionReason.NOT_ACTIVE, f"its status is {strategy.status.value}, not ACTIVE"
    if not strategy.include_in_optimization:
        return ExclusionReason.NOT_INCLUDED, "the registry keeps it out (include_in_optimization is false)"
    if summary is None or name not in columns:
        return ExclusionReason.NO_BACKTEST, "no backtest of it was admitted; see `fund backtests quarantine`"
    if summary.days < min_days:
        return ExclusionReason.SHORT_HISTORY, f"its backtest has {summary.days} days, fewer than {min_days}"
    if summary.missing_sessions > MOST_MISSING * (summary.days + summary.missing_sessions):
        missing = f"{summary.missing_sessions} sessions of {summary.calendar}"
        return ExclusionReason.GAPS, f"its backtest lacks {missing}, more than {MOST_MISSING:.0%}; send every session"
    if name in misdated_by and (name, summary.content_hash) not in accepted:
        days = misdated_by[name]
        words = (
            f"its dates look {abs(days)} trading day(s) {'late' if days > 0 else 'early'}; correct the file, or accept "
            f"them with `fund strategies accept-dates {name}`"
        )
        return ExclusionReason.MISDATED, words
    return None


def _without_common_window(matrix: ReturnsMatrix, included: list[str], min_days: int) -> list[tuple[str, str]]:
    """Drop, one at a time, the strategy whose absence lengthens the common window most, until it is long enough."""
    present = {name: np.isfinite(matrix.values[:, matrix.strategies.index(name)]) for name in included}
    dropped: list[tuple[str, str]] = []
    while present:
        together = np.array(list(present.values()))
        missing = (~together).sum(axis=0)
        window = int(np.count_nonzero(missing == 0))
        span = _span(together)
        if window >= min_days and window >= LEAST_KEPT * span:
            break
        gains = {name: int(np.count_nonzero((missing == 1) & ~has)) for name, has in present.items()}
        shortest_first = sorted(present, key=lambda name: (-gains[name], int(present[name].sum()), name))
        words = (
            f"with it the common window has {window} of {span} sessions; {min_days} and {LEAST_KEPT:.0%} of them are "
            "needed; give it a longer history without gaps"
        )
        dropped.append((shortest_first[0], words))
        del present[shortest_first[0]]
    return dropped


def _span(together: Flags) -> int:
    """Rows from the latest first day to the earliest last day of all; 0 if they never meet."""
    first = max(int(np.argmax(has)) for has in together)
    last = min(len(has) - 1 - int(np.argmax(has[::-1])) for has in together)
    return max(last - first + 1, 0)
