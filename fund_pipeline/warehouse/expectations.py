"""Great Expectations on a table, without its ceremonies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


@dataclass(frozen=True)
class ExpectationOutcome:
    """One expectation: whether it was met, on how many values, and samples of those that broke it."""

    expectation: str
    column: str
    met: bool
    checked: int
    broken: int
    samples: tuple[str, ...]


def prepare() -> None:
    """Great Expectations takes seconds to import: begin with it while others work. `validate` waits for the rest."""
    Thread(target=_import, name="import of Great Expectations", daemon=True).start()


def _import() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # it reads this once, when its first context is made
    import great_expectations

    return great_expectations


def validate(name: str, table: pl.DataFrame, expectations: list[Expectation]) -> tuple[ExpectationOutcome, ...]:
    """Whether a table is as it is expected to be; `name` is what the suite is called."""
    gx = _import()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    definition = context.data_sources.add_pandas(name).add_dataframe_asset("table")
    batch = definition.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": table.to_pandas()})
    outcome = batch.validate(gx.ExpectationSuite(name=name, expectations=expectations))
    return tuple(_outcome(result) for result in outcome.results)


def _outcome(result: Any) -> ExpectationOutcome:
    told, asked = result.result, result.expectation_config.kwargs
    column = asked.get("column") or ", ".join(asked.get("column_list", ()))
    samples = told.get("partial_unexpected_list") or ()
    return ExpectationOutcome(
        expectation=result.expectation_config.type,
        column=column,
        met=bool(result.success),
        checked=int(told.get("element_count", 0)),
        broken=int(told.get("unexpected_count", 0)),
        samples=tuple(str(sample) for sample in samples[:5]),
    )
