"""Backtests to test with: a small honest one, written in whatever form a test asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import exchange_calendars
import numpy as np
import pytest

from fund_pipeline.backtests import BatchResult, Unit, read_batch, scan_folder

HEADER = ("Date", "Daily_Return_Pct", "Account_Equity", "Daily_PnL", "Max_Margin_Used", "Max_Notional_Value")
Rows = list[list[str]]


@pytest.fixture(scope="session")
def honest() -> Callable[..., Rows]:
    """Rows of a self-consistent backtest on XNYS sessions from 2023: percent returns, dollars and cents."""
    sessions = exchange_calendars.get_calendar("XNYS", start="2023-01-01", end="2024-12-31").sessions

    def make(days: int = 300, seed: int = 1) -> Rows:
        returns = np.random.default_rng(seed).normal(0.0005, 0.01, days)
        equity = np.round(1e6 * np.concatenate([[1.0], np.cumprod(1.0 + returns)]), 2)
        pnl = np.round(np.diff(equity), 2)
        percent = np.round(100.0 * pnl / equity[:-1], 6)
        figures = (percent, equity[1:], pnl, np.round(0.3 * equity[:-1], 2), np.round(0.6 * equity[:-1], 2))
        dates = [str(day.date()) for day in sessions[:days]]
        return [
            [day, *(repr(float(value)) for value in row)]
            for day, row in zip(dates, np.column_stack(figures), strict=True)
        ]

    return make


@pytest.fixture(scope="session")
def write() -> Callable[..., Path]:
    """Write rows as a file, with a manifest if one is given."""

    def make(
        path: Path, rows: Rows, *, header: Sequence[str] = HEADER, delimiter: str = ",", manifest: str | None = None
    ) -> Path:
        lines = [delimiter.join(header), *(delimiter.join(row) for row in rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        if manifest is not None:
            path.with_suffix(".yaml").write_text(manifest, encoding="utf-8")
        return path

    return make


@pytest.fixture(scope="session")
def ingest() -> Callable[..., BatchResult]:
    """Scan a folder and read it, every strategy being registered unless said otherwise."""

    def run(
        folder: Path,
        *,
        unit: Unit | None = None,
        known: dict[str, str] | None = None,
        unregistered: frozenset[str] = frozenset(),
        calendar: str = "XNYS",
    ) -> BatchResult:
        files = scan_folder(folder)
        return read_batch(
            files,
            registered=frozenset(file.strategy_id for file in files) - unregistered,
            known_hashes=known or {},
            unit=unit,
            default_calendar=calendar,
            today=date(2025, 6, 30),
        )

    return run
