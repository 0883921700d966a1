"""Marts out of a DuckDB file: opened to read, and closed before anybody else wants it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from fund_pipeline.errors import NotFoundError
from fund_pipeline.warehouse.marts.project import manifest

MART = "models/marts/"


def marts_of() -> dict[str, tuple[str, ...]]:
    """Every mart of the project with its columns, as its contract has them."""
    return {
        node["name"]: tuple(node["columns"])
        for node in manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["original_file_path"].startswith(MART)
    }


def read_marts(database: Path, marts: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Some marts of a file. NotFoundError where the file, or a mart in it, is not there."""
    if not database.exists():
        raise NotFoundError(f"there is no {database}", remedy="run `fund report build`")
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        try:
            return {mart: connection.sql(f'SELECT * FROM "{mart}"').pl() for mart in marts}  # noqa: S608 - our own names
        except duckdb.CatalogException as missing:
            raise NotFoundError(f"{database}: {missing}", remedy="run `fund report build`") from None
