"""The asset that everything before it is for: what each fund is recommended to hold."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetExecutionContext, AssetKey, MaterializeResult, MetadataValue, asset

from fund_pipeline.allocations import Recommendation, recommend_for_all
from fund_pipeline.defs.research.acts import act_of
from fund_pipeline.defs.research.backtest_assets import GROUP, OWNERS
from fund_pipeline.defs.research.markdown import markdown_table, percent
from fund_pipeline.defs.research.pictures import frontier
from fund_pipeline.defs.research.resources import FundResource
from fund_pipeline.defs.research.risk_assets import correlation_matrix, series_timing, strategy_statistics

FUND_REGISTRY = AssetKey("fund_registry")
STRATEGY_REGISTRY = AssetKey("strategy_registry")


@asset(
    group_name=GROUP,
    owners=OWNERS,
    kinds={"scipy"},
    deps=[strategy_statistics, correlation_matrix, series_timing, FUND_REGISTRY, STRATEGY_REGISTRY],
)
def recommended_allocation(context: AssetExecutionContext, fund: FundResource) -> MaterializeResult[None]:
    """For each fund, the weights of greatest expected return whose CVaR and other limits hold; PENDING_APPROVAL."""
    settings = fund.settings
    recommendations = recommend_for_all(
        fund.ledger, fund.warehouse, fund.backtests, settings.min_overlap_days, act_of(context)
    )
    metadata: dict[str, Any] = {
        "funds": len(recommendations),
        "new_recommendations": sum(one.new and one.allocation is not None for one in recommendations),
        "infeasible": sum(one.allocation is None for one in recommendations),
    }
    for one in recommendations:
        metadata |= {f"{one.run.fund_id}_{key}": value for key, value in _fund_metadata(one).items()}
    return MaterializeResult(metadata=metadata)


def _fund_metadata(one: Recommendation) -> dict[str, Any]:
    result = one.run.result
    excluded = [(e["strategy_id"], e["reason"], e["in_words"]) for e in result["excluded"]]
    record: dict[str, Any] = {
        "left_out": MetadataValue.md(markdown_table(("strategy", "reason", "in words"), excluded)),
        "status": one.run.status,
        "run": one.run.run_id,
    }
    if one.allocation is None:
        return {"conflicts": MetadataValue.md("\n".join(f"- {c}" for c in result["conflicts"]))} | record
    metrics, current = result["metrics"], result["current"]
    points = result["frontier"]
    picture = frontier(
        [point["cvar"] for point in points],
        [point["expected_return_annual"] for point in points],
        (metrics["cvar"], metrics["expected_return_annual"]),
        (current["cvar"], current["expected_return_annual"]) if current else None,
        one.run.inputs["limits"]["cvar_limit"],
        f"Efficient frontier, {one.run.fund_id}",
    )
    binding = "\n".join(f"- {limit['in_words']}" for limit in result["certificate"]["binding"])
    return {
        "current_versus_recommended": MetadataValue.md(_comparison(result)),
        "efficient_frontier": MetadataValue.md(picture),
        "figures": MetadataValue.md(_figures(metrics, current or {})),
        "binding_limits": MetadataValue.md(binding or "none"),
        **record,
        "allocation": one.allocation.allocation_id,
        "digest": one.allocation.digest,
    }


def _comparison(result: Mapping[str, Any]) -> str:
    header = ("strategy", "current", "recommended", "change", "return a year", "CVaR contribution", "margin", "starts")
    rows = [
        (
            line["strategy_id"],
            percent(line["current_weight"]),
            percent(line["weight"]),
            percent(line["weight"] - line["current_weight"]),
            percent(line["expected_return_annual"]),
            percent(line["cvar_contribution"], 4),
            percent(line["margin_use"] * line["weight"]),
            line["first_date"] + (f" (never saw {', '.join(line['hidden_crises'])})" if line["hidden_crises"] else ""),
        )
        for line in result["strategies"]
    ]
    return markdown_table(header, rows)


def _figures(metrics: Mapping[str, Any], current: Mapping[str, Any]) -> str:
    names = ("expected_return_annual", "volatility_annual", "var", "cvar", "leverage", "margin")
    rows = [(name.replace("_", " "), percent(current.get(name)), percent(metrics[name])) for name in names]
    sharpe = metrics["sharpe"]
    rows.append(("sharpe", "–", "–" if sharpe is None else f"{sharpe:.2f}"))
    return markdown_table(("figure", "current", "recommended"), rows)
