"""The stored series proved once more: return, PnL and equity say the same, and equity compounds oldest to newest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from fund_pipeline.backtests.agreement import SLACK
from fund_pipeline.backtests.model import Floats
from fund_pipeline.backtests.series import printed_decimals
from fund_pipeline.backtests.sessions import check_sessions, trading_sessions


@dataclass(frozen=True)
class Proof:
    """Days on which one series contradicts itself, and the greatest difference as a decimal return.

    Attributes
    ----------
    compared : days on which both sides are known; 0 where the file told nothing to compare.
    disagreeing : days beyond what rounding of the printed figures explains.
    worst : greatest difference over the compared days, whether or not rounding explains it.
    """

    compared: int
    disagreeing: int
    worst: float


def prove_pnl(frame: pl.DataFrame, _calendar: str) -> Proof:
    """Each day's return against PnL ÷ (equity − PnL). `frame` has the columns of the store, oldest first."""
    returns, equity, pnl = (_column(frame, name) for name in ("return", "equity", "pnl"))
    start = equity - pnl
    tolerance = _unit(returns) + (2 * _unit(pnl) + _unit(equity)) / np.abs(start) + SLACK
    return _proof(returns - pnl / start, tolerance)


def prove_compounding(frame: pl.DataFrame, calendar: str) -> Proof:
    """Each day's equity against the day before's, compounded by the return; not across sessions that are missing."""
    returns, equity = (_column(frame, name) for name in ("return", "equity"))
    before = equity[:-1]
    dates = frame["date"].to_numpy().astype("datetime64[D]")
    sessions = trading_sessions(calendar, dates[-1].item().year)
    after_gap = check_sessions(dates, np.arange(len(dates), dtype=np.int64), "date", sessions).after_gap
    before = np.where(after_gap[1:], np.nan, before)
    tolerance = _unit(returns) + 3 * _unit(equity) / np.abs(before) + SLACK
    return _proof(returns[1:] - (equity[1:] / before - 1.0), tolerance)


def _column(frame: pl.DataFrame, name: str) -> Floats:
    return frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _unit(values: Floats) -> float:
    decimals = printed_decimals(values)
    return 0.0 if decimals is None else float(10.0**-decimals)


def _proof(difference: Floats, tolerance: Floats) -> Proof:
    known = np.isfinite(difference)
    if not known.any():
        return Proof(0, 0, 0.0)
    off = np.abs(difference[known])
    return Proof(int(known.sum()), int((off > tolerance[known]).sum()), float(off.max()))
