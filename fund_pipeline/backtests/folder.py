"""The returns of a folder of backtest files, read without storing or registering anything."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from fund_pipeline.backtests.batch import read_batch
from fund_pipeline.backtests.margin import known_margin_use, margin_use
from fund_pipeline.backtests.model import Backtest
from fund_pipeline.backtests.scan import scan_folder
from fund_pipeline.backtests.sessions import session_days
from fund_pipeline.backtests.store import align
from fund_pipeline.cerebro.model import Floats, ReturnsMatrix
from fund_pipeline.cerebro.sessions import compound_onto
from fund_pipeline.errors import InputError


def read_folder_returns(folder: Path, calendar: str, today: date) -> tuple[ReturnsMatrix, Floats | None]:
    """Returns on the sessions of a calendar, and each strategy's greatest margin ÷ equity (None if any tells none).

    InputError names the first file that would be refused: an experiment must not leave a strategy out unseen.
    """
    files = scan_folder(folder)
    batch = read_batch(
        files,
        registered=frozenset(file.strategy_id for file in files),
        known_hashes={},
        default_calendar=calendar,
        today=today,
    )
    if batch.quarantined:
        finding = batch.quarantined[0].findings[0]
        raise InputError(finding.describe(), remedy="correct the file or take it out of the folder")
    raw = align(tuple(one.strategy_id for one in batch.admitted), [(one.dates, one.returns) for one in batch.admitted])
    matrix = compound_onto(raw, session_days(calendar, raw.dates[-1].item().year))
    margins = [_greatest(one) for one in batch.admitted]
    return matrix, None if None in margins else np.array(margins, dtype=np.float64)


def _greatest(one: Backtest) -> float | None:
    if one.margin is None or one.equity is None:
        return None
    pnl = one.pnl if one.pnl is not None else np.full(len(one), np.nan)
    known = known_margin_use(margin_use(one.margin, one.equity, pnl, one.returns))
    return float(known.max()) if known.size else None
