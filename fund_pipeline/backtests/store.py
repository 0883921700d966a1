"""Admitted series in the warehouse: Parquet parts, rebuildable from the source files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from fund_pipeline.backtests.margin import margin_use
from fund_pipeline.backtests.model import Backtest, Days, Floats
from fund_pipeline.backtests.parts import COLUMNS, NUMBERS, PartWriter, place_of, places, read_parts
from fund_pipeline.cerebro.model import ReturnsMatrix


@dataclass(frozen=True)
class BacktestStore:
    """The series of a warehouse: ``<warehouse>/backtests/part-*.parquet``, many strategies in each.

    Columns: ``date`` (Date), ``return`` (decimal), ``equity``, ``pnl``, ``margin``, ``notional`` (account currency,
    null where the source had none), all Float64, oldest first. Where the same strategy is in several parts, only the
    last counts: read through this class, not with a pattern over the folder.

    Attributes
    ----------
    warehouse : its ``backtests`` folder is made on the first write.
    """

    warehouse: Path

    @property
    def folder(self) -> Path:
        """Where the parts are."""
        return self.warehouse / "backtests"

    def write(self, backtest: Backtest) -> None:
        """Write one series, replacing the strategy's former one in one step; for more than one use ``writing``."""
        with self.writing() as writer:
            writer.add(backtest)

    def writing(self) -> PartWriter:
        """A context that takes series as they come (``add``), holding few; all are stored when it ends.

        After an error those of complete parts are stored and the others are not; none is ever there in part.
        """
        return PartWriter(self.folder)

    def write_all(self, backtests: Iterable[Backtest]) -> int:
        """Write many series as they come, so that a stream is never held in memory; returns how many."""
        written = 0
        with self.writing() as writer:
            for backtest in backtests:
                writer.add(backtest)
                written += 1
        return written

    def strategies(self) -> tuple[str, ...]:
        """Ids of all strategies kept here, sorted."""
        return tuple(sorted(places(self.folder)))

    def content_hashes(self) -> dict[str, str]:
        """Strategy id → content hash of the file its series was read from."""
        return {name: place.provenance["content_hash"] for name, place in places(self.folder).items()}

    def has(self, strategy_id: str) -> bool:
        """Whether a series of the strategy is kept here."""
        return strategy_id in places(self.folder)

    def provenance(self, strategy_id: str) -> dict[str, str]:
        """What was recorded with a series: content_hash, source_file, unit, unit_source, unit_evidence, calendar."""
        return dict(place_of(places(self.folder), strategy_id).provenance)

    def frame(self, strategy_id: str) -> pl.DataFrame:
        """One series with the columns above. NotFoundError where none is kept."""
        return self._frames([strategy_id], COLUMNS)[strategy_id]

    def load(self, strategies: Sequence[str]) -> pl.DataFrame:
        """Long table of several series: ``strategy_id`` and the columns above, in the order given."""
        if not strategies:
            return pl.DataFrame(
                schema={"strategy_id": pl.String, "date": pl.Date, **dict.fromkeys(NUMBERS, pl.Float64)}
            )
        found = self._frames(strategies, ("strategy_id", *COLUMNS))
        return pl.concat([found[name] for name in dict.fromkeys(strategies)])

    def returns_matrix(self, strategies: Sequence[str]) -> ReturnsMatrix:
        """Returns aligned on the union of the strategies' dates; NaN where a strategy has none, never zero-filled."""
        calendars: dict[bytes, Days] = {}
        series: dict[str, tuple[Days, Floats]] = {}
        for frame, rows in read_parts(self.folder, strategies, ("date", "return")):
            dates, returns = frame["date"].to_numpy(), frame["return"].to_numpy()
            for name, at in rows.items():
                key = dates[at].tobytes()
                if key not in calendars:  # most strategies share their dates: each distinct set is kept once
                    calendars[key] = dates[at].copy()
                series[name] = (calendars[key], returns[at])
        return align(tuple(strategies), [series[name] for name in strategies])

    def margin_use(self, strategy_id: str) -> Floats:
        """Margin used ÷ start-of-day equity by day, shape (n,); see the function `margin_use`."""
        frame = self.frame(strategy_id)
        columns = {name: frame[name].fill_null(float("nan")).to_numpy() for name in NUMBERS}
        return margin_use(columns["margin"], columns["equity"], columns["pnl"], columns["return"])

    def _frames(self, strategies: Sequence[str], columns: Sequence[str]) -> dict[str, pl.DataFrame]:
        parts = read_parts(self.folder, strategies, columns)
        return {name: frame[at] for frame, rows in parts for name, at in rows.items()}


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
