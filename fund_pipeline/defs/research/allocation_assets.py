"""The asset that everything before it is for: what each fund is recommended to hold."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from dagster import AssetExecutionContext, AssetKey, MaterializeResult, MetadataValue, asset

from fund_pipeline.allocations import FundOutcome, Recommendation, recommend_for_all
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
    outcomes = recommend_for_all(fund.ledger, fund.warehouse, fund.settings.min_overlap_days, act_of(context))
    fund.warehouse.write("recommendations", _outcome_table(outcomes))
    made = [outcome.recommendation for outcome in outcomes if outcome.recommendation is not None]
    metadata: dict[str, Any] = {
        "funds": len(outcomes),
        "new_recommendations": sum(one.new and one.allocation is not None for one in made),
        "funds_without_answer": [
            o.fund_id for o in outcomes if not o.recommendation or not o.recommendation.allocation
        ],
    }
    for outcome in outcomes:
        one = outcome.recommendation
        told = _fund_metadata(one) if one is not None else {"problem": outcome.problem}
        metadata |= {f"{outcome.fund_id}_{key}": value for key, value in told.items()}
    return MaterializeResult(metadata=metadata)


def _outcome_table(outcomes: tuple[FundOutcome, ...]) -> pl.DataFrame:
    """What this night came to, fund by fund, for checks and for the command."""
    rows = []
    for outcome in outcomes:
        one = outcome.recommendation
        rows.append(
            {
                "fund_id": outcome.fund_id,
                "run_id": one.run.run_id if one else None,
                "status": one.run.status if one else "FAILED",
                "allocation_id": one.allocation.allocation_id if one and one.allocation else None,
                "problem": outcome.problem or (", ".join(one.run.result["conflicts"]) if one else ""),
            }
        )
    schema = dict.fromkeys(("fund_id", "run_id", "status", "allocation_id", "problem"), pl.String)
    return pl.DataFrame(rows, schema=schema)


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
        (current["cvar"], current["expected_return_annual"]) if current and current["cvar"] is not None else None,
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
    header = (
        "strategy",
        "current",
        "recommended",
        "change",
        "return a year",
        "CVaR contribution",
        "margin",
        "never saw",
    )
    rows = [
        (
            line["strategy_id"],
            percent(line["current_weight"]),
            percent(line["weight"]),
            percent(line["weight"] - line["current_weight"]),
            percent(line["expected_return_annual"]),
            percent(line["cvar_contribution"], 4),
            percent((line["margin_use"] or 0.0) * line["weight"]),
            ", ".join(line["hidden_crises"]) or "–",
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
