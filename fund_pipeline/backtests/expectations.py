"""What the table of all admitted backtests must look like, as Great Expectations suites."""

from __future__ import annotations

import polars as pl

from fund_pipeline.warehouse.expectations import ExpectationOutcome, validate

TYPES = {
    "strategy_id": pl.String,
    "date": pl.Date,
    "return": pl.Float64,
    "equity": pl.Float64,
    "pnl": pl.Float64,
    "margin": pl.Float64,
    "notional": pl.Float64,
    "days_since_previous": pl.Int64,
}


def with_day_steps(table: pl.DataFrame) -> pl.DataFrame:
    """Add `days_since_previous`, calendar days since the row before of the same strategy; null on its first row."""
    step = pl.col("date").diff().over("strategy_id").dt.total_days().cast(pl.Int64)
    return table.with_columns(step.alias("days_since_previous"))


def check_schema(table: pl.DataFrame) -> tuple[ExpectationOutcome, ...]:
    """The columns are exactly those of the store, with their types."""
    import great_expectations.expectations as gxe

    typed = pl.DataFrame({"column": list(table.columns), "type": [str(dtype) for dtype in table.dtypes]})
    wanted = [f"{name}:{dtype}" for name, dtype in TYPES.items()]
    described = typed.select(pl.concat_str("column", "type", separator=":").alias("column_and_type"))
    return validate(
        "backtests",
        described,
        [
            gxe.ExpectColumnDistinctValuesToEqualSet(column="column_and_type", value_set=wanted),
            gxe.ExpectColumnValuesToBeUnique(column="column_and_type"),
        ],
    )


def check_ranges(table: pl.DataFrame) -> tuple[ExpectationOutcome, ...]:
    """Returns above −100 % and below 1000 % a day, equity above 0, margin and notional not below 0."""
    import great_expectations.expectations as gxe

    between = gxe.ExpectColumnValuesToBeBetween
    return validate(
        "backtests",
        table,
        [
            between(column="return", min_value=-1, strict_min=True, max_value=10),
            between(column="equity", min_value=0, strict_min=True),
            between(column="margin", min_value=0),
            between(column="notional", min_value=0),
        ],
    )


def check_keys(table: pl.DataFrame) -> tuple[ExpectationOutcome, ...]:
    """Strategy, date and return are never null; a strategy has a date once; its dates increase."""
    import great_expectations.expectations as gxe

    return validate(
        "backtests",
        table,
        [
            *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in ("strategy_id", "date", "return")),
            gxe.ExpectCompoundColumnsToBeUnique(column_list=["strategy_id", "date"]),
            gxe.ExpectColumnValuesToBeBetween(column="days_since_previous", min_value=0, strict_min=True),
        ],
    )
