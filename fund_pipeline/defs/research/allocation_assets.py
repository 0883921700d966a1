"""The assets that everything before them is for: what each fund is recommended to hold, and the record of it."""

import polars as pl
from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    MetadataValue,
    asset,
    multi_asset,
)

from fund_pipeline.allocations.service import read_basis, recommend_for
from fund_pipeline.clock import utc_now
from fund_pipeline.defs.funds import recommended_key, step_of
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.research.acts import act_of
from fund_pipeline.defs.research.allocation_metadata import outcome_metadata
from fund_pipeline.defs.research.backtest_assets import GROUP, OWNERS
from fund_pipeline.defs.research.outcomes import outcome_table, read_outcomes, snapshot_of
from fund_pipeline.defs.research.resources import FundResource
from fund_pipeline.defs.research.risk_assets import correlation_matrix, series_timing, strategy_statistics
from fund_pipeline.ledger.anchors import anchor_audit

FUND_REGISTRY = AssetKey("fund_registry")
STRATEGY_REGISTRY = AssetKey("strategy_registry")


def recommended_allocation(fund_id: str) -> AssetsDefinition:
    """The asset of one fund's recommendation."""
    spec = AssetSpec(
        recommended_key(fund_id),
        description=f"The weights of greatest expected return for fund {fund_id} whose CVaR and other limits hold. "
        "They are PENDING_APPROVAL until a person has decided: see the check allocation_approved.",
        group_name=GROUP,
        owners=OWNERS,
        kinds={"scipy"},
        deps=[strategy_statistics, correlation_matrix, series_timing, FUND_REGISTRY, STRATEGY_REGISTRY],
    )

    @multi_asset(name=step_of("recommended_allocation", fund_id), specs=[spec])
    def recommend(context: AssetExecutionContext, fund: FundResource) -> MaterializeResult[None]:
        basis = read_basis(fund.ledger, fund.warehouse, fund.settings.min_overlap_days)
        outcome = recommend_for(fund.ledger, fund_id, basis, act_of(context))
        fund.warehouse.write(snapshot_of(fund_id), outcome_table(outcome))
        return MaterializeResult(asset_key=spec.key, metadata=outcome_metadata(outcome))

    return recommend


def recommendations(fund_ids: tuple[str, ...]) -> AssetsDefinition:
    """The asset that gathers what the night came to for every fund."""

    @asset(
        name="recommendations",
        group_name=GROUP,
        owners=OWNERS,
        kinds={"parquet"},
        deps=[recommended_key(fund_id) for fund_id in fund_ids],
    )
    def gather(fund: FundResource) -> MaterializeResult[None]:
        """What the night came to, fund by fund: the recommendation, or why there is none."""
        outcomes = read_outcomes(fund.warehouse, fund_ids)
        fund.warehouse.write("recommendations", outcomes)
        unanswered = outcomes.filter(pl.col("allocation_id").is_null())["fund_id"].to_list()
        table = markdown_table(tuple(outcomes.columns), outcomes.iter_rows())
        return MaterializeResult(
            metadata={
                "funds": outcomes.height,
                "funds_without_answer": unanswered,
                "outcomes": MetadataValue.md(table),
            }
        )

    return gather


@asset(group_name=GROUP, owners=OWNERS, kinds={"json"}, deps=[AssetKey("recommendations")])
def audit_anchor(fund: FundResource) -> MaterializeResult[None]:
    """The head of the audit log, kept outside the database: what was audited so far cannot be cut off unseen."""
    anchor = anchor_audit(fund.ledger, fund.settings.audit_anchors, utc_now())
    return MaterializeResult(metadata={"sequence": anchor.sequence, "hash": anchor.hash, "anchored_at": anchor.at})
