"""Named snapshots in a folder: a table in Parquet, or a matrix of returns, replaced as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import numpy as np
import polars as pl

from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import ConflictError

PROVENANCE = "provenance"


class Warehouse:
    """Snapshots under one folder. Readers never see half of one: each is written beside and renamed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, table: pl.DataFrame, provenance: Mapping[str, str] | None = None) -> Path:
        """Replace the snapshot `name`; `provenance` says what it was made from, in the same file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.path(name)
        temporary = self.folder / f".{uuid4().hex}.tmp"
        try:
            table.write_parquet(temporary, metadata={PROVENANCE: json.dumps(dict(provenance or {}))})
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        return target

    def read(self, name: str) -> pl.DataFrame:
        """The snapshot `name`, or ConflictError naming the asset to materialise first."""
        return pl.read_parquet(self._existing(name))

    def provenance(self, name: str) -> dict[str, str]:
        """What the snapshot `name` was made from."""
        self._existing(name)
        found: dict[str, str] = json.loads(pl.read_parquet_metadata(self.path(name)).get(PROVENANCE, "{}"))
        return found

    def write_returns(self, name: str, matrix: ReturnsMatrix, provenance: Mapping[str, str] | None = None) -> Path:
        """Replace a returns matrix: column `date`, then one column of decimal daily returns per strategy."""
        columns = [pl.Series("date", matrix.dates.astype("datetime64[D]"))]
        for index, strategy in enumerate(matrix.strategies):
            columns.append(pl.Series(strategy, matrix.values[:, index], nan_to_null=True))
        return self.write(name, pl.DataFrame(columns), provenance)

    def read_returns(self, name: str) -> ReturnsMatrix:
        """The returns matrix `name`; absent returns are NaN."""
        table = self.read(name)
        strategies = tuple(column for column in table.columns if column != "date")
        values = np.full((table.height, len(strategies)), np.nan)
        for index, strategy in enumerate(strategies):
            values[:, index] = table[strategy].fill_null(float("nan")).to_numpy()
        return ReturnsMatrix(table["date"].to_numpy().astype("datetime64[D]"), strategies, values)

    def _existing(self, name: str) -> Path:
        path = self.path(name)
        if not path.exists():
            raise ConflictError(
                f"the warehouse has no {name} yet", remedy=f"materialise the asset {name}, or run `fund nightly`"
            )
        return path

    def path(self, name: str) -> Path:
        """Where the snapshot `name` lies, whether or not it is there."""
        return self.folder / f"{name}.parquet"
