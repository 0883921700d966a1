"""Where the marts are built: a folder that is made anew for each build, and the file that the last good one left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import polars as pl

from fund_pipeline.errors import ConflictError
from fund_pipeline.warehouse.export import Export
from fund_pipeline.warehouse.export.files import replace_file
from fund_pipeline.warehouse.marts.project import copy_project

SOURCES = "sources"
DATABASE = "build.duckdb"
BUILD = "build-"


@dataclass(frozen=True)
class Site:
    """The marts' place in the warehouse. Builders take turns (`ledger.locks.MARTS`); what one left behind is cleared.

    Attributes
    ----------
    folder : holds `export`, `marts.duckdb`, and while a build is made its own folder and `building`, which leads there.
    """

    folder: Path

    @property
    def export(self) -> Path:
        """Folder of the ledger's export."""
        return self.folder / "export"

    @property
    def building(self) -> Path:
        """Leads to the folder of the build that is being made: no other build is ever given that folder's name."""
        return self.folder / "building"

    @property
    def database(self) -> Path:
        """The DuckDB file of the build that is being made."""
        return self.building / DATABASE

    @property
    def finished(self) -> Path:
        """The DuckDB file of the last build that was published."""
        return self.folder / "marts.duckdb"

    def begin(self, export: Export, worked_out: Mapping[str, pl.DataFrame]) -> None:
        """Clear the ground, and lay out the project and its sources: the export's very files, under plain names."""
        self._clear()
        made = self.folder / f"{BUILD}{uuid4().hex}"
        (made / SOURCES).mkdir(parents=True)
        self.building.symlink_to(made.name)
        copy_project(self.building)
        for table in export.manifest.parts:
            os.link(export.path(table), self.building / SOURCES / f"{table}.parquet")
        for name, frame in worked_out.items():
            replace_file(self.building / SOURCES / f"{name}.parquet", frame.write_parquet)

    def begun(self) -> Path:
        """The folder of a build that was begun. ConflictError where none was."""
        if not (self.building / SOURCES).is_dir():
            raise ConflictError(
                "no build of the marts has begun", remedy="materialise the ledger's export first: run the whole job"
            )
        return self.building.resolve()

    def finish(self) -> Path:
        """Put the new file in the place of the former one, and clear the ground."""
        os.replace(self.database, self.finished)
        self._clear()
        return self.finished

    def _clear(self) -> None:
        # What a killed build left running may still write, but only where it was: nobody looks there, and what it
        # makes anew is cleared the next time.
        if self.building.is_symlink():
            self.building.unlink()
        elif self.building.exists():  # a folder, as former versions had it
            shutil.rmtree(self.building, ignore_errors=True)
        for left in self.folder.glob(f"{BUILD}*"):
            shutil.rmtree(left, ignore_errors=True)
