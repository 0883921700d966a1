"""What a mart must look like before anybody sees it, as Great Expectations suites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from fund_pipeline.ledger.dashboards import columns_of, key_of
from fund_pipeline.warehouse.expectations import ExpectationOutcome, validate

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation

HEALTH = ("OK", "WAITING", "ATTENTION", "HALTED")
RECENT = 50

BETWEEN: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "fund_overview": {
        "margin_used": {"min_value": 0},
        "margin_cap": {"min_value": 0, "strict_min": True, "max_value": 1},
        "open_positions": {"min_value": 0},
        "critical_alerts": {"min_value": 0},
    },
    "fund_rates": {"rate": {"min_value": 0, "strict_min": True}},
    "fund_recent_signals": {"place": {"min_value": 1, "max_value": RECENT}},
    "fund_recent_orders": {
        "place": {"min_value": 1, "max_value": RECENT},
        "quantity": {"min_value": 0, "strict_min": True},
        "filled_quantity": {"min_value": 0},
    },
    "strategy_scorecard": {
        "weight": {"min_value": 0},
        "commission": {"min_value": 0},
        "backtest_max_drawdown": {"max_value": 0},
        "live_days": {"min_value": 1},
    },
    "sender_statement": {"signals": {"min_value": 0}, "unread": {"min_value": 0}},
}
"""Bounds that no figure crosses, whatever happens at a broker. Commission may be a rebate only in a single fill."""


def check_mart(mart: str, table: pl.DataFrame) -> tuple[ExpectationOutcome, ...]:
    """Its columns are exactly those it is published with; keys are there and unique; figures are within bounds."""
    found = validate(f"{mart} columns", _described(table), list(_of_columns(mart)))
    return found + validate(mart, table, list(_of_rows(mart, table)))


def _described(table: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame({"column": list(table.columns)})


def _of_columns(mart: str) -> Iterator[Expectation]:
    import great_expectations.expectations as gxe

    yield gxe.ExpectColumnDistinctValuesToEqualSet(column="column", value_set=list(columns_of(mart)))


def _of_rows(mart: str, table: pl.DataFrame) -> Iterator[Expectation]:
    import great_expectations.expectations as gxe

    key = key_of(mart)
    for name in key:
        yield gxe.ExpectColumnValuesToNotBeNull(column=name)
    if len(key) > 1:
        yield gxe.ExpectCompoundColumnsToBeUnique(column_list=list(key))
    else:
        yield gxe.ExpectColumnValuesToBeUnique(column=key[0])
    if mart == "fund_overview":
        yield gxe.ExpectColumnValuesToBeInSet(column="health", value_set=list(HEALTH))
    for name, bounds in BETWEEN.get(mart, {}).items():
        if table[name].count():  # a column without any value has no type that could be compared
            yield gxe.ExpectColumnValuesToBeBetween(column=name, **bounds)
