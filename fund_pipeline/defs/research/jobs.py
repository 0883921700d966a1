"""What research runs as one: the nightly optimisation, reading backtests, a person's decision, the dashboards."""

from __future__ import annotations

from dagster import AssetSelection, define_asset_job, in_process_executor
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from fund_pipeline.backtests import ingestion
from fund_pipeline.defs.funds import APPROVE, approved_key
from fund_pipeline.defs.research.approval_config import empty_form

NIGHTLY = "nightly_optimisation"
PUBLISH = "publish_dashboards"

nightly_optimisation = define_asset_job(
    NIGHTLY,
    selection=AssetSelection.groups("research"),
    description="Backtest files to a recommended allocation for each fund, with every check on the way.",
    executor_def=in_process_executor,
)

publish_dashboards = define_asset_job(
    PUBLISH,
    selection=AssetSelection.groups("marts"),
    description="The ledger to what pages and reports show: the export, every model with its tests, what is expected "
    "of each mart, and the publication. If it fails, what was published before stays.",
    executor_def=in_process_executor,
)

ingest_backtests = define_asset_job(
    ingestion.JOB,
    # Without the checks, which judge every strategy's series again: the night does, and admission judges each file.
    selection=AssetSelection.assets("backtest_files", "backtests").without_checks(),
    description="Backtest files to clean series: all that changed, or one strategy's again. A single file that is "
    "refused fails the run and says why.",
    executor_def=in_process_executor,
)


def approve_allocations(fund_ids: tuple[str, ...]) -> UnresolvedAssetJobDefinition:
    """The job in which a person decides: the checks alone, opening in the Launchpad with a form for each fund."""
    return define_asset_job(
        APPROVE,
        selection=AssetSelection.checks(*(approved_key(fund_id) for fund_id in fund_ids)),
        config=empty_form(fund_ids),
        description="Decide on what is recommended: open the Launchpad, fill in the fund's form, launch. A fund left "
        "at `wait` is only reported. The metadata of each check allocation_approved has a link that fills the form in.",
        executor_def=in_process_executor,
    )
