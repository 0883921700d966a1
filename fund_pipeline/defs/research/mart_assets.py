"""Assets from the ledger to what pages show: the export, every model of the dbt project, and the publication."""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    Config,
    Failure,
    MaterializeResult,
    MetadataValue,
    asset,
    multi_asset,
)
from pydantic import Field

from fund_pipeline.clock import utc_now
from fund_pipeline.dashboards.building import begin_build
from fund_pipeline.dashboards.publishing import check_build, publish_build
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.research.dbt_apart import DagsterDbtTranslator, DbtProcess, dbt_assets
from fund_pipeline.defs.research.resources import MartsResource
from fund_pipeline.ledger.dashboards import published_marts
from fund_pipeline.warehouse.export import SOURCES
from fund_pipeline.warehouse.marts import prepared_manifest
from fund_pipeline.warehouse.marts.running import dbt_executable

GROUP = "marts"
OWNERS = ["team:operations"]
POOL = "duckdb"
"""One step at a time writes DuckDB; the lock that MartsResource holds says so of whole builds."""

UPSTREAM = {
    "signals": [AssetKey("signals")],
    "decisions": [AssetKey("decisions")],
    "orders": [AssetKey("orders")],
    "executions": [AssetKey("executions")],
    "positions": [AssetKey("positions")],
    "account_snapshots": [AssetKey("account_snapshots")],
    "funds": [AssetKey("fund_registry")],
    "accounts": [AssetKey("fund_registry")],
    "strategies": [AssetKey("strategy_registry")],
    "backtest_summaries": [AssetKey("strategy_statistics")],
}
"""Which asset's rows a table of the export has."""

WORKED_OUT = {
    "build": "The moment of this build, and the fund's day in which it lies.",
    "fund_limits": "Each fund's limits in force.",
    "strategy_funds": "Which strategy may trade for which fund.",
    "marks": "What each broker last valued each position at.",
    "rates": "The rates to a fund's currency by which what it has in others is valued, or why there is none.",
    "client_figures": "What each client holds at the newest NAV, and both returns since its first day.",
    "payout_figures": "What each sender was and is owed in each fund and mode.",
    "flow_kinds": "Which kinds of cash flow are capital.",
    "reasons": "Every reason code with what it means and what to do.",
}


class Translator(DagsterDbtTranslator):
    """Models and sources as assets of ours."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """Sources as they are exported, staging and intermediate models below their layer, marts by their own name."""
        if dbt_resource_props["resource_type"] == "source":
            return AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        layer = dbt_resource_props["fqn"][1]
        return AssetKey([layer, dbt_resource_props["name"]])


def _exported() -> Iterator[AssetSpec]:
    common: dict[str, Any] = {"group_name": GROUP, "owners": OWNERS, "kinds": {"polars", "parquet"}}
    for source in SOURCES:
        yield AssetSpec(
            ["ledger", source.table],
            description=f"The ledger's table {source.table} in Parquet, as of one moment with all others.",
            deps=UPSTREAM.get(source.table, []),
            **common,
        )
    for name, description in WORKED_OUT.items():
        yield AssetSpec(["worked_out", name], description=description, **common)


class Exporting(Config):
    """How the ledger is read."""

    whole: bool = Field(False, description="Read all of every table again, not only what changed.")


@multi_asset(name="ledger_export", specs=list(_exported()))
def ledger_export(config: Exporting, marts: MartsResource) -> Iterator[MaterializeResult[None]]:
    """The ledger in Parquet: what changed is read again, and a new build is laid out from it."""
    export = begin_build(marts.ledger, marts.site, utc_now(), marts.settings.time_zone, whole=config.whole)
    for source in SOURCES:
        yield MaterializeResult(
            asset_key=["ledger", source.table],
            metadata={
                "dagster/row_count": export.manifest.parts[source.table].rows,
                "rows_read": export.rows_read.get(source.table, 0),
                "as_of": MetadataValue.timestamp(export.as_of),
            },
        )
    for name in WORKED_OUT:
        yield MaterializeResult(asset_key=["worked_out", name])


@dbt_assets(manifest=prepared_manifest(), name="marts", dagster_dbt_translator=Translator(), pool=POOL)
def dbt_models(context: AssetExecutionContext, marts: MartsResource) -> Iterator[Any]:
    """Every model, built in a new file; every dbt test is a check of the model it asks about."""
    folder = marts.site.begun()
    dbt = DbtProcess(project_dir=str(folder), profiles_dir=str(folder), dbt_executable=dbt_executable())
    yield from dbt.cli(["build"], context=context).stream()


@asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"great-expectations", "sql"},
    deps=[AssetKey(["marts", mart]) for mart in published_marts()],
    check_specs=[
        AssetCheckSpec(
            f"{mart}_is_as_expected",
            asset="published_dashboards",
            description=f"Great Expectations: {mart} has its columns, its keys are unique, its figures within bounds.",
        )
        for mart in published_marts()
    ],
    pool=POOL,
)
def published_dashboards(marts: MartsResource) -> Iterator[AssetCheckResult | MaterializeResult[None]]:
    """What pages and reports read: the marts of this build, in the ledger, all at once or not at all."""
    checked = check_build(marts.site)
    header = ("expectation", "column", "outcome", "values", "broken", "for example")
    for mart, outcomes in checked.outcomes.items():
        rows = [
            (
                one.expectation,
                one.column,
                "met" if one.met else "BROKEN",
                one.checked,
                one.broken,
                ", ".join(one.samples),
            )
            for one in outcomes
        ]
        yield AssetCheckResult(
            check_name=f"{mart}_is_as_expected",
            passed=all(one.met for one in outcomes),
            severity=AssetCheckSeverity.ERROR,
            metadata={"expectations": MetadataValue.md(markdown_table(header, rows))},
        )
    if checked.broken:
        raise Failure(f"nothing was published: {'; '.join(checked.broken)}", allow_retries=False)
    build = publish_build(marts.ledger, marts.site, utc_now(), checked).build
    yield MaterializeResult(
        metadata={
            "build": build.build_id,
            "as_of": MetadataValue.timestamp(build.as_of),
            "dagster/row_count": sum(build.rows.values()),
            "rows": MetadataValue.md(markdown_table(("mart", "rows"), sorted(build.rows.items()))),
        }
    )
