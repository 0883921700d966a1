"""Bringing the export up to the ledger: what changed is read, laid over what is there, and put in its place at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import polars as pl

from fund_pipeline.collector import collector_paused
from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.exporting import Tally, View, viewing
from fund_pipeline.warehouse.export.columns import frame_of, schema_of
from fund_pipeline.warehouse.export.files import SUFFIX, replace_file
from fund_pipeline.warehouse.export.manifest import NAME, Manifest, Part, read_manifest, write_manifest
from fund_pipeline.warehouse.export.sources import SCHEMA, SOURCES, Source

OVERLAP = timedelta(hours=1)
"""How much is read again: a transaction may commit after one that began later. What it misses, the tally shows."""


@dataclass(frozen=True)
class Export:
    """What an export came to.

    Attributes
    ----------
    folder : where the files are; `manifest` says which.
    rows_read : rows that were asked of the ledger, by table; those of tables that changed in nothing are not there.
    """

    folder: Path
    manifest: Manifest
    rows_read: dict[str, int]

    @property
    def as_of(self) -> datetime:
        """The moment (UTC) at which the ledger was as the export has it."""
        return self.manifest.as_of

    def path(self, table: str) -> Path:
        """The file of a table."""
        return self.folder / self.manifest.parts[table].file


def export_ledger(
    ledger: Ledger, folder: Path, now: datetime, *, sources: Sequence[Source] = SOURCES, whole: bool = False
) -> Export:
    """Bring the Parquet files in a folder up to the ledger as it is now, all tables as of one moment.

    A table that names a moment of change is read from shortly before the newest known one on; then its rows and their
    revisions are counted on both sides, and if they differ all of it is read. `whole` reads all of every table. A crash
    at any time leaves the former export. Callers take turns (`ledger.locks`).

    InvariantError for a column that the schema does not know, or a value that is not what its column holds.
    """
    schemas = {source.table: schema_of(source) for source in sources}
    former = read_manifest(folder)
    if whole or former is None or former.schema != SCHEMA:
        former = Manifest(SCHEMA, now)
    folder.mkdir(parents=True, exist_ok=True)
    parts, rows_read = {}, {}
    with viewing(ledger) as view:
        for source in sources:
            brought = _Table(view, folder, source, schemas[source.table], former.parts.get(source.table)).bring()
            parts[source.table] = brought.part
            if brought.rows_read:
                rows_read[source.table] = brought.rows_read
    manifest = Manifest(SCHEMA, now, parts)
    write_manifest(folder, manifest)
    _remove_others(folder, manifest)
    return Export(folder, manifest, rows_read)


@dataclass(frozen=True)
class _Brought:
    part: Part
    rows_read: int


@dataclass(frozen=True)
class _Table:
    view: View
    folder: Path
    source: Source
    schema: dict[str, pl.DataType]
    former: Part | None

    def bring(self) -> _Brought:
        """The part of this table as it is now: the former one where nothing changed."""
        tally = self.view.tally(self.source.table, self.source.revision)
        former = self._usable()
        if former is not None and self.source.changed_at is not None:
            if Tally(former.rows, former.revisions) == tally:
                return _Brought(former, 0)
            held = self._held(former)
            newer = self._read(former.newest)
            merged = _laid_over(held, newer, self.source.key)
            if _counted(merged, self.source) == tally:
                return _Brought(self._keep(merged), newer.height)
        found = self._read(None)
        if _counted(found, self.source) != tally:
            raise InvariantError(f"{self.source.table} was read with {found.height} rows and counts {tally.rows}")
        if former is not None and self._held(former).equals(found):
            return _Brought(former, found.height)
        return _Brought(self._keep(found), found.height)

    def _usable(self) -> Part | None:
        """The former part, if it has the columns that are asked for now."""
        if self.former is None:
            return None
        path = self.folder / self.former.file
        try:
            columns = pl.read_parquet_schema(path)
        except (pl.exceptions.PolarsError, OSError) as damaged:
            raise self._damaged(path, damaged) from None
        return self.former if dict(columns) == self.schema else None

    def _held(self, former: Part) -> pl.DataFrame:
        path = self.folder / former.file
        try:
            return pl.read_parquet(path)
        except (pl.exceptions.PolarsError, OSError) as damaged:
            raise self._damaged(path, damaged) from None

    def _damaged(self, path: Path, damaged: Exception) -> InvariantError:
        return InvariantError(
            f"{path} is damaged: {damaged}", remedy=f"remove the folder {self.folder}: it is made again"
        )

    def _read(self, newest: str | None) -> pl.DataFrame:
        since = None
        if newest is not None and self.source.changed_at is not None:
            since = (self.source.changed_at, datetime.fromisoformat(newest) - OVERLAP)
        rows = self.view.rows(self.source.table, self.source.columns, since)
        with collector_paused():
            return frame_of(self.source, self.schema, rows).sort(self.source.key)

    def _keep(self, found: pl.DataFrame) -> Part:
        name = f"{self.source.table}-{uuid4().hex}.parquet"
        replace_file(self.folder / name, lambda path: found.write_parquet(path, compression="lz4"))
        counted = _counted(found, self.source)
        newest = found[self.source.changed_at].max() if self.source.changed_at else None
        told = newest.isoformat() if isinstance(newest, datetime) else None
        return Part(name, counted.rows, counted.revisions, told)


def _laid_over(held: pl.DataFrame, newer: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    return pl.concat([held.join(newer, on=key, how="anti"), newer]).sort(key)


def _counted(frame: pl.DataFrame, source: Source) -> Tally:
    revisions = int(frame[source.revision].sum()) if source.revision is not None else 0
    return Tally(frame.height, revisions)


def _remove_others(folder: Path, manifest: Manifest) -> None:
    named = {part.file for part in manifest.parts.values()} | {NAME}
    for path in folder.iterdir():
        if path.name not in named and (path.suffix == ".parquet" or path.name.endswith(SUFFIX)):
            path.unlink(missing_ok=True)
