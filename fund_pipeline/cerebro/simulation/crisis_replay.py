"""The named crises, lived through again with today's weights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from fund_pipeline.cerebro.crises import CRISES, Crisis
from fund_pipeline.cerebro.model import Floats, ReturnsMatrix
from fund_pipeline.cerebro.statistics import max_drawdown


class Coverage(StrEnum):
    """How much of a crisis the history shows."""

    WHOLE = "WHOLE"
    PARTIAL = "PARTIAL"
    ABSENT = "ABSENT"


@dataclass(frozen=True)
class CrisisReplay:
    """One crisis with weights that are restored every day.

    A strategy adds nothing on a day without a return of its own: its capital is counted as idle. Unless the coverage is
    WHOLE, the figures are therefore those of a part of the portfolio, or of a part of the crisis.

    Attributes
    ----------
    coverage : WHOLE if every strategy held has a return on every day of the history in the crisis, and the history
        contains the crisis; ABSENT if no strategy held has any return in it, or nothing is held.
    days : days on which any strategy held has a return.
    compounded_return, worst_day, max_drawdown : decimals; None if ABSENT.
    worst_date : None if ABSENT.
    missing : strategies held without any return in it.
    incomplete : strategies held with a return on some of its days only.
    weight_covered : share of Σ|w| × days that has a return, in [0, 1].
    """

    crisis: Crisis
    coverage: Coverage
    days: int
    compounded_return: float | None
    worst_day: float | None
    worst_date: date | None
    max_drawdown: float | None
    missing: tuple[str, ...]
    incomplete: tuple[str, ...]
    weight_covered: float


def replay_crises(weights: dict[str, float], history: ReturnsMatrix) -> tuple[CrisisReplay, ...]:
    """Every named crisis, oldest first.

    Parameters
    ----------
    weights : per strategy held; those not in the history are missing from every crisis.
    history : decimal daily returns, NaN where a strategy has none.
    """
    names = tuple(weights)
    place = {name: i for i, name in enumerate(history.strategies)}
    values = np.full((len(history.dates), len(names)), np.nan)
    for column, name in enumerate(names):
        if name in place:
            values[:, column] = history.values[:, place[name]]
    held = ReturnsMatrix(history.dates, names, values)
    return tuple(_replay(crisis, np.array(list(weights.values())), held) for crisis in CRISES)


def _replay(crisis: Crisis, weights: Floats, held: ReturnsMatrix) -> CrisisReplay:
    inside = (held.dates >= np.datetime64(crisis.first)) & (held.dates <= np.datetime64(crisis.last))
    dates, values = held.dates[inside], held.values[inside]
    present = np.isfinite(values)
    per_strategy = present.sum(axis=0)
    missing = tuple(n for n, count in zip(held.strategies, per_strategy, strict=True) if not count)
    incomplete = tuple(n for n, count in zip(held.strategies, per_strategy, strict=True) if 0 < count < len(dates))
    lived = present.any(axis=1)
    if not lived.any():
        return CrisisReplay(crisis, Coverage.ABSENT, 0, None, None, None, None, missing, incomplete, 0.0)
    returns = (np.where(present, values, 0.0) @ weights)[lived]
    contained = held.dates[0] <= np.datetime64(crisis.first) and held.dates[-1] >= np.datetime64(crisis.last)
    worst = int(np.argmin(returns))
    worst_date: date = dates[lived][worst].astype("datetime64[D]").item()
    total = float(np.abs(weights).sum()) * len(dates)
    return CrisisReplay(
        crisis=crisis,
        coverage=Coverage.WHOLE if contained and present.all() else Coverage.PARTIAL,
        days=int(lived.sum()),
        compounded_return=float(np.prod(1.0 + returns)) - 1.0,
        worst_day=float(returns[worst]),
        worst_date=worst_date,
        max_drawdown=max_drawdown(returns).depth,
        missing=missing,
        incomplete=incomplete,
        weight_covered=min(float(np.abs(weights) @ per_strategy) / total, 1.0),
    )
