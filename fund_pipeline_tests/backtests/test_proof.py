"""The checks on stored series can fail, and say where."""

from __future__ import annotations

import polars as pl
import pytest

from fund_pipeline.backtests.expectations import check_keys, check_ranges, check_schema, with_day_steps
from fund_pipeline.backtests.proof import Proof, prove_compounding, prove_pnl

FILES = ["Factor_Rotation", "Pairs_MeanRev", "SPX_DipBuyer"]


def stored(name: str) -> pl.DataFrame:
    """A sample file in the columns of the store."""
    table = pl.read_csv(f"data/backtests/{name}.csv", try_parse_dates=True)
    return table.select(
        pl.col("Date").alias("date"),
        (pl.col("Daily_Return_Pct") / 100).round(8).alias("return"),
        pl.col("Account_Equity").cast(pl.Float64).alias("equity"),
        pl.col("Daily_PnL").cast(pl.Float64).alias("pnl"),
        pl.col("Max_Margin_Used").cast(pl.Float64).alias("margin"),
        pl.col("Max_Notional_Value").cast(pl.Float64).alias("notional"),
    )


def table() -> pl.DataFrame:
    frames = [stored(name).select(pl.lit(name).alias("strategy_id"), pl.all()) for name in FILES]
    return with_day_steps(pl.concat(frames))


@pytest.mark.parametrize("name", FILES)
def test_the_sample_series_prove_themselves(name: str) -> None:
    pnl, equity = prove_pnl(stored(name), "XNYS"), prove_compounding(stored(name), "XNYS")
    assert (pnl.compared, pnl.disagreeing) == (stored(name).height, 0)
    assert (equity.compared, equity.disagreeing) == (stored(name).height - 1, 0)


def test_one_wrong_day_is_found() -> None:
    wrong = (
        stored("Pairs_MeanRev")
        .with_row_index()
        .with_columns(
            pl.when(pl.col("index") == 100).then(pl.col("return") + 0.0001).otherwise(pl.col("return")).alias("return")
        )
    )
    assert prove_pnl(wrong, "XNYS").disagreeing == 1
    assert prove_compounding(wrong, "XNYS").disagreeing == 1
    assert prove_pnl(wrong, "XNYS").worst == pytest.approx(0.0001, rel=0.01)


def test_a_series_with_nothing_to_compare_says_so() -> None:
    bare = stored("Pairs_MeanRev").with_columns(equity=pl.lit(None), pnl=pl.lit(None))
    assert prove_pnl(bare, "XNYS") == Proof(0, 0, 0.0)
    assert prove_compounding(bare, "XNYS") == Proof(0, 0, 0.0)


def test_the_sample_table_meets_every_expectation() -> None:
    outcomes = [*check_schema(table()), *check_ranges(table()), *check_keys(table())]
    assert len(outcomes) == 11
    assert all(one.met for one in outcomes)


@pytest.mark.parametrize(
    ("spoil", "check", "broken"),
    [
        (pl.col("return") - 2, check_ranges, {"return"}),
        (-pl.col("margin") - 1, check_ranges, {"margin"}),
        (pl.lit(0.0).alias("equity"), check_ranges, {"equity"}),
        (pl.lit(None, dtype=pl.Float64).alias("return"), check_keys, {"return"}),
        (pl.lit("2024-01-02").str.to_date().alias("date"), check_keys, {"strategy_id, date", "days_since_previous"}),
        (pl.col("return").cast(pl.Float32), check_schema, {"column_and_type"}),
        (pl.lit(1).alias("another"), check_schema, {"column_and_type"}),
    ],
)
def test_a_broken_table_is_told_by_the_column_that_broke_it(spoil: pl.Expr, check, broken: set[str]) -> None:
    spoiled = table().with_columns(spoil)
    if "days_since_previous" in broken:
        spoiled = with_day_steps(spoiled)
    assert {one.column for one in check(spoiled) if not one.met} == broken
