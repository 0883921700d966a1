"""Part files: many series in one Parquet file, found by an index in its key-value metadata.

A file per series cost ten times the processor time of a shared one. A part is written whole under a temporary name,
then renamed to one that sorts after every other; it never changes. Of all parts that name a strategy the last holds
its current series; its rows in earlier parts are dead and never read, and a part of dead rows only is removed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Self
from uuid import uuid4

import numpy as np
import polars as pl

from fund_pipeline.backtests.model import Backtest, Floats
from fund_pipeline.errors import InvariantError, NotFoundError

NUMBERS = ("return", "equity", "pnl", "margin", "notional")
COLUMNS = ("date", *NUMBERS)
ROWS = 80_000
"""A part is closed at about this many rows: some 32 series of ten years, 4 MB."""
_INDEX = "series"
_PARTS = "part-*.parquet"
_TRIES = 5
Listing = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class Place:
    """Where the current series of a strategy lies: rows ``offset`` to ``offset + rows`` of a part, and its origin."""

    part: Path
    offset: int
    rows: int
    provenance: Mapping[str, str]


def places(folder: Path) -> Mapping[str, Place]:
    """The current series of every strategy. InvariantError where a part cannot be read."""
    for _ in range(_TRIES):
        try:
            return _index(folder, tuple((path.name, *_stamp(path)) for path in sorted(folder.glob(_PARTS))))
        except FileNotFoundError:
            continue  # a newer part replaced one of them since they were listed: list again
    raise _unsettled(folder)


def read_parts(
    folder: Path, strategies: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[pl.DataFrame, dict[str, slice]]]:
    """Columns of the current series of some strategies, part by part: a table, and each series' rows in it.

    NotFoundError where a strategy has none.
    """
    wanted = list(dict.fromkeys(strategies))
    for _ in range(_TRIES):
        found = places(folder)
        by_part: dict[Path, list[str]] = {}
        for name in wanted:
            by_part.setdefault(place_of(found, name).part, []).append(name)
        done: set[str] = set()
        for part, names in by_part.items():
            first = min(found[name].offset for name in names)
            last = max(found[name].offset + found[name].rows for name in names)
            try:
                frame = pl.scan_parquet(part, glob=False).slice(first, last - first).select(columns).collect()
            except FileNotFoundError:
                break  # a newer part replaced all of it since it was looked up: look up again
            starts = {name: found[name].offset - first for name in names}
            yield frame, {name: slice(start, start + found[name].rows) for name, start in starts.items()}
            done.update(names)
        wanted = [name for name in wanted if name not in done]
        if not wanted:
            return
    raise _unsettled(folder)


class PartWriter:
    """Collects series and writes a part whenever enough rows are together. Use it as a context.

    A part is written in a thread beside the caller's work, one at a time, so that at most two are in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="backtest-write")
        self._writing: Future[None] | None = None
        self._pending: list[Backtest] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def add(self, backtest: Backtest) -> None:
        """Take one series; it replaces the strategy's former one when its part is written."""
        self._pending.append(backtest)
        self._rows += len(backtest)
        if self._rows >= ROWS:
            self._flush()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Write what is left, wait, and remove parts that hold nothing current. After an error write no more."""
        with self._pool:
            if error is None:
                self._flush()
                self._settle()
                _remove_dead(self._folder)

    def _flush(self) -> None:
        self._settle()
        if self._pending:
            self._writing = self._pool.submit(_write, self._folder, self._pending)
        self._pending, self._rows = [], 0

    def _settle(self) -> None:
        if self._writing is not None:
            self._writing.result()
        self._writing = None


def _remove_dead(folder: Path) -> None:
    live = {place.part for place in places(folder).values()}
    for part in folder.glob(_PARTS):
        if part not in live:
            part.unlink(missing_ok=True)


def _write(folder: Path, backtests: Sequence[Backtest]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{uuid4().hex}.tmp"
    frame = _frame(backtests)
    try:
        # Neither compressed nor in small groups: a series is a slice, and both would cost more than they spare.
        frame.write_parquet(
            temporary,
            compression="uncompressed",
            statistics=False,
            row_group_size=frame.height,
            metadata={_INDEX: json.dumps(_entries(backtests))},
        )
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, folder / _next_name(folder))
    finally:
        temporary.unlink(missing_ok=True)


def _next_name(folder: Path) -> str:
    last = max((path.name for path in folder.glob(_PARTS)), default="part-00000000")
    # The tail keeps two writers apart that take the same number at the same time.
    return f"part-{int(last[5:13]) + 1:08d}-{uuid4().hex[:8]}.parquet"


def _frame(backtests: Sequence[Backtest]) -> pl.DataFrame:
    lengths = [len(one) for one in backtests]
    ids = pl.Series([one.strategy_id for one in backtests]).gather(np.repeat(np.arange(len(lengths)), lengths))
    numbers = {
        "return": [one.returns for one in backtests],
        "equity": [_or_blank(one.equity, len(one)) for one in backtests],
        "pnl": [_or_blank(one.pnl, len(one)) for one in backtests],
        "margin": [_or_blank(one.margin, len(one)) for one in backtests],
        "notional": [_or_blank(one.notional, len(one)) for one in backtests],
    }
    return pl.DataFrame(
        [
            ids.alias("strategy_id"),
            pl.Series("date", np.concatenate([one.dates for one in backtests]), dtype=pl.Date),
            *(pl.Series(name, np.concatenate(numbers[name]), nan_to_null=True) for name in NUMBERS),
        ]
    )


def _or_blank(values: Floats | None, length: int) -> Floats:
    return np.full(length, np.nan) if values is None else values


def _entries(backtests: Sequence[Backtest]) -> list[dict[str, object]]:
    ends = np.cumsum([len(one) for one in backtests]).tolist()
    return [
        {"offset": end - len(one), "rows": len(one), "provenance": _provenance(one)}
        for one, end in zip(backtests, ends, strict=True)
    ]


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


def _stamp(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return (stat.st_ino, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _index(folder: Path, listing: Listing) -> Mapping[str, Place]:
    current: dict[str, Place] = {}
    for name, *_ in listing:
        part = folder / name
        try:
            entries = json.loads(pl.read_parquet_metadata(part)[_INDEX])
        except (pl.exceptions.PolarsError, KeyError) as broken:
            raise InvariantError(
                f"{part} is damaged: {broken}", remedy="remove that file, then run 'fund backtests ingest'"
            ) from broken
        for entry in entries:
            origin = entry["provenance"]
            current[origin["strategy_id"]] = Place(part, entry["offset"], entry["rows"], MappingProxyType(origin))
    return MappingProxyType(current)


def place_of(found: Mapping[str, Place], strategy_id: str) -> Place:
    """Where a strategy's series lies. NotFoundError where it has none."""
    if strategy_id not in found:
        raise NotFoundError(
            f"no backtest of strategy {strategy_id} is stored",
            remedy=f"run 'fund strategies sync-backtest {strategy_id}'",
        )
    return found[strategy_id]


def _unsettled(folder: Path) -> InvariantError:
    return InvariantError(
        f"the parts in {folder} change faster than they are read", remedy="wait for the other ingestion to end"
    )
