"""Rows of the ledger as Polars columns: decimals exact, moments in UTC, and nothing that the schema does not know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger.exporting import MOMENT_TEXT, Kind, kinds_of
from fund_pipeline.warehouse.export.sources import Source

MONEY = pl.Decimal(38, 12)
"""What the ledger keeps of an exact number; decimal128 in Parquet."""

MOMENT = pl.Datetime("us", "UTC")

TYPES: Mapping[Kind, pl.DataType] = {
    Kind.TEXT: pl.String(),
    Kind.DECIMAL: MONEY,
    Kind.MOMENT: MOMENT,
    Kind.DAY: pl.Date(),
    Kind.INTEGER: pl.Int64(),
    Kind.FLAG: pl.Boolean(),
    Kind.JSON: pl.String(),
}


def schema_of(source: Source) -> dict[str, pl.DataType]:
    """The source's columns with their types. InvariantError for a column of the ledger's that it does not know."""
    there = kinds_of(source.table)
    known = {*source.columns, *source.left_out}
    if unknown := sorted(there.keys() ^ known):
        where = "the ledger has, the warehouse does not know" if unknown[0] in there else "the ledger does not have"
        raise InvariantError(
            f"{source.table}.{unknown[0]}: a column that {where}",
            remedy="name it in warehouse/export/sources.py, among those exported or those left out",
        )
    return {name: TYPES[there[name]] for name in source.columns}


def frame_of(
    source: Source, schema: Mapping[str, pl.DataType], chunks: Iterable[Sequence[Sequence[Any]]]
) -> pl.DataFrame:
    """Rows as a table. InvariantError where a value is not what its column holds."""
    frames = [_chunk(source, schema, chunk) for chunk in chunks if chunk]
    return pl.concat(frames) if frames else pl.DataFrame(schema=dict(schema))


def _column(name: str, values: Sequence[Any], kind: pl.DataType) -> pl.Series:
    if kind == MOMENT:
        told = pl.Series(name, values, dtype=pl.String(), strict=True)
        return told.str.to_datetime(MOMENT_TEXT, time_unit="us", strict=True).dt.replace_time_zone("UTC")
    if kind == MONEY:
        return pl.Series(name, values, dtype=pl.String(), strict=True).cast(kind, strict=True)
    return pl.Series(name, values, dtype=kind, strict=True)


def _chunk(source: Source, schema: Mapping[str, pl.DataType], rows: Sequence[Sequence[Any]]) -> pl.DataFrame:
    columns = []
    for name, values in zip(schema, zip(*rows, strict=True), strict=True):
        kind = schema[name]
        try:
            columns.append(_column(name, values, kind))
        except (pl.exceptions.PolarsError, TypeError) as wrong:
            raise InvariantError(
                f"{source.table}.{name} holds what is no {kind}: {wrong}", remedy="look at that column in the ledger"
            ) from None
    return pl.DataFrame(columns)
