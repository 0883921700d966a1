"""Admitted series in the warehouse: one Parquet file per strategy, rebuildable from the source files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import polars as pl

from fund_pipeline.backtests.model import Backtest, Days, Floats
from fund_pipeline.backtests.scan import SAFE_ID
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InputError, NotFoundError

_TOGETHER = 64
COLUMNS = ("date", "return", "equity", "pnl", "margin", "notional")


@dataclass(frozen=True)
class BacktestStore:
    """Parquet files of a warehouse: ``<warehouse>/backtests/<strategy_id>.parquet``.

    Columns: ``date`` (Date), ``return`` (decimal), ``equity``, ``pnl``, ``margin``, ``notional`` (account currency,
    null where the source had none), all Float64, oldest first. Content hash, unit and calendar are in the file's
    key-value metadata.

    Attributes
    ----------
    warehouse : its ``backtests`` folder is made on the first write.
    """

    warehouse: Path

    @property
    def folder(self) -> Path:
        """Where the series are."""
        return self.warehouse / "backtests"

    def path(self, strategy_id: str) -> Path:
        """Where a strategy's series is kept. InputError where the id cannot name a file."""
        if not SAFE_ID.fullmatch(strategy_id):
            raise InputError(
                f"strategy id {strategy_id!r} cannot name a file",
                remedy="use up to 100 letters, digits, spaces and . _ + -, beginning with a letter or digit",
            )
        return self.folder / f"{strategy_id}.parquet"

    def write(self, backtest: Backtest) -> Path:
        """Write a series, replacing the strategy's former one in one step. Returns its path."""
        target = self.path(backtest.strategy_id)
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".{uuid4().hex}.tmp"
        try:
            # LZ4 without statistics: daily series are small and read whole.
            _frame(backtest).write_parquet(
                temporary, compression="lz4", statistics=False, metadata=_provenance(backtest)
            )
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        return target

    def write_all(self, backtests: Iterable[Backtest]) -> int:
        """Write many series as they come, so that a stream is never held in memory; returns how many.

        One at a time: encoding keeps the processor busy, and measured threads for it gained nothing.
        """
        written = 0
        for backtest in backtests:
            self.write(backtest)
            written += 1
        return written

    def strategies(self) -> tuple[str, ...]:
        """Ids of all strategies kept here, sorted."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.parquet")))

    def has(self, strategy_id: str) -> bool:
        """Whether a series of the strategy is kept here."""
        return self.path(strategy_id).exists()

    def provenance(self, strategy_id: str) -> dict[str, str]:
        """What was recorded with a series: content_hash, source_file, unit, unit_source, unit_evidence, calendar."""
        found = pl.read_parquet_metadata(self._existing(strategy_id))
        return {key: value for key, value in found.items() if not key.startswith("ARROW")}

    def frame(self, strategy_id: str) -> pl.DataFrame:
        """One series with the columns above. NotFoundError where none is kept."""
        return pl.read_parquet(self._existing(strategy_id), glob=False)

    def load(self, strategies: Sequence[str]) -> pl.DataFrame:
        """Long table of several series: ``strategy_id`` and the columns above, in the order given."""
        frames = [
            self.frame(name).select(pl.lit(name).alias("strategy_id"), pl.all()) for name in dict.fromkeys(strategies)
        ]
        return pl.concat(frames) if frames else pl.DataFrame(schema={"strategy_id": pl.String, **_schema()})

    def returns_matrix(self, strategies: Sequence[str]) -> ReturnsMatrix:
        """Returns aligned on the union of the strategies' dates; NaN where a strategy has none, never zero-filled."""
        series = []
        calendars: dict[bytes, Days] = {}
        for first in range(0, len(strategies), _TOGETHER):
            paths = [self._existing(name) for name in strategies[first : first + _TOGETHER]]
            for frame in pl.collect_all([pl.scan_parquet(path, glob=False).select("date", "return") for path in paths]):
                days: Days = frame["date"].to_numpy().astype("datetime64[D]")
                # Most strategies share their dates: keep each distinct set once.
                series.append((calendars.setdefault(days.tobytes(), days), frame["return"].to_numpy()))
        return align(tuple(strategies), series)

    def margin_use(self, strategy_id: str) -> Floats:
        """Margin used ÷ start-of-day equity, float64, shape (n,), by day; NaN where either is unknown.

        Start-of-day equity is equity − PnL, or equity ÷ (1 + return) where the file had no PnL.
        """
        frame = self.frame(strategy_id)
        columns = {name: frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in COLUMNS[1:]}
        by_pnl = columns["equity"] - columns["pnl"]
        start = np.where(np.isnan(by_pnl), columns["equity"] / (1.0 + columns["return"]), by_pnl)
        use: Floats = columns["margin"] / np.where(start > 0, start, np.nan)
        return use

    def _existing(self, strategy_id: str) -> Path:
        path = self.path(strategy_id)
        if not path.exists():
            raise NotFoundError(
                f"no backtest of strategy {strategy_id} is stored",
                remedy=f"run 'fund strategies sync-backtest {strategy_id}'",
            )
        return path


def align(strategies: tuple[str, ...], series: Sequence[tuple[Days, Floats]]) -> ReturnsMatrix:
    """Scatter series (strictly increasing dates, returns) into one matrix over the union of their dates."""
    distinct = {id(days): days for days, _ in series}
    if not distinct:
        return ReturnsMatrix(np.array([], dtype="datetime64[D]"), strategies, np.empty((0, 0)))
    union: Days = np.unique(np.concatenate(list(distinct.values())))
    rows = {key: np.searchsorted(union, days) for key, days in distinct.items()}
    columns = np.full((len(series), len(union)), np.nan)
    for line, (days, returns) in zip(columns, series, strict=True):
        line[rows[id(days)]] = returns
    # Stored by strategy, seen by day: each series is contiguous, and nothing is copied.
    return ReturnsMatrix(union, strategies, columns.T)


def _schema() -> dict[str, type[pl.DataType]]:
    return {"date": pl.Date, **dict.fromkeys(COLUMNS[1:], pl.Float64)}


def _frame(backtest: Backtest) -> pl.DataFrame:
    numbers = (backtest.returns, backtest.equity, backtest.pnl, backtest.margin, backtest.notional)
    return pl.DataFrame(
        [
            pl.Series("date", backtest.dates, dtype=pl.Date),
            *(_column(name, values, len(backtest)) for name, values in zip(COLUMNS[1:], numbers, strict=True)),
        ]
    )


def _column(name: str, values: Floats | None, length: int) -> pl.Series:
    if values is None:
        return pl.repeat(None, length, dtype=pl.Float64, eager=True).alias(name)
    return pl.Series(name, values, nan_to_null=True)


def _provenance(backtest: Backtest) -> dict[str, str]:
    return {
        "strategy_id": backtest.strategy_id,
        "content_hash": backtest.content_hash,
        "source_file": backtest.source_file,
        "unit": str(backtest.unit.unit),
        "unit_source": str(backtest.unit.source),
        "unit_evidence": backtest.unit.evidence,
        "calendar": backtest.calendar,
    }
