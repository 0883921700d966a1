"""What a person needs to see of a recommendation before they decide, section by section, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagster import MetadataValue

from fund_pipeline.defs.markdown import markdown_table, percent
from fund_pipeline.defs.research.backtest_assets import SHOWN
from fund_pipeline.defs.research.pictures import frontier
from fund_pipeline.ledger.model import OptimisationRun

Sections = dict[str, MetadataValue]
"""Metadata by name, in the order in which it is to be read."""


def aid_of(run: OptimisationRun) -> Sections:
    """Everything the record of a run tells; a run without an answer tells what contradicts what.

    What an older record does not hold is left out.
    """
    result = run.result
    if not result["metrics"]:
        conflicts = "\n".join(f"- {conflict}" for conflict in result["conflicts"])
        return {"conflicts": MetadataValue.md(conflicts or "none"), **_left_out(result)}
    texts = {
        "current_versus_recommended": _comparison(result),
        "risk_contributions": _contributions(result),
        "figures": _figures(result),
        "stress_losses": _stress(result.get("stress")),
        "limits_changed": _changed_limits(result.get("changes")),
        "binding_limits": _binding(result["certificate"]),
    }
    sections: Sections = {name: MetadataValue.md(text) for name, text in texts.items() if text is not None}
    return sections | {"efficient_frontier": MetadataValue.md(_frontier(run))} | _left_out(result)


def _comparison(result: Mapping[str, Any]) -> str:
    changes = (result.get("changes") or {}).get("strategies", ())
    why = {one["strategy_id"]: "; ".join(one["why"]) for one in changes}
    first = "the fund holds nothing yet" if result["current"] is None else "–"
    rows = [
        (
            line["strategy_id"],
            percent(line["current_weight"]),
            percent(line["weight"]),
            percent(line["weight"] - line["current_weight"]),
            why.get(line["strategy_id"], first),
        )
        for line in _largest_first(result["strategies"])
    ]
    return markdown_table(("strategy", "current", "recommended", "change", "why"), rows)


def _contributions(result: Mapping[str, Any]) -> str:
    header = ("strategy", "weight", "return", "volatility", "CVaR", "of CVaR", "margin", "return alone", "never saw")
    whole = result["metrics"]["cvar"]
    rows = [
        (
            line["strategy_id"],
            percent(line["weight"]),
            percent(line["return_contribution"]),
            percent(line.get("volatility_contribution")),
            percent(line["cvar_contribution"], 4),
            percent(line["cvar_contribution"] / whole if whole else None, 0),
            percent((line["margin_use"] or 0.0) * line["weight"]),
            percent(line["expected_return_annual"]),
            ", ".join(line["hidden_crises"]) or "–",
        )
        for line in _largest_first(result["strategies"])
        if line["weight"]
    ]
    return markdown_table(header, rows)


def _figures(result: Mapping[str, Any]) -> str:
    """Before and after; before on the history the fund was shown then, and on today's if its weights were kept."""
    metrics, current = result["metrics"], result["current"] or {}
    kept = (result.get("changes") or {}).get("if_kept") or {}
    names = ("expected_return_annual", "volatility_annual", "var", "cvar", "leverage", "margin")
    rows = [
        (name.replace("_", " "), percent(current.get(name)), percent(kept.get(name)), percent(metrics[name]))
        for name in names
    ]
    rows.append(("sharpe", "–", "–", _ratio(metrics["sharpe"])))
    rows.append(("limits broken", "–", ", ".join(kept.get("breaks", ())) or "–", "–"))
    return markdown_table(("figure", "current", "current, if kept today", "recommended"), rows)


def _stress(stress: Mapping[str, Any] | None) -> str | None:
    if stress is None:
        return None
    after, before = stress["recommended"], stress["current"]
    then = {one["name"]: one for one in before["crises"]} if before else {}
    rows = [
        (
            one["name"],
            one["coverage"].lower(),
            percent(then.get(one["name"], {}).get("compounded_return")),
            percent(one["compounded_return"]),
            percent(one["worst_day"]),
            percent(one["max_drawdown"]),
            ", ".join(one["missing"]) or "–",
        )
        for one in after["crises"]
    ]
    header = ("crisis", "history", "current", "recommended", "worst day", "drawdown", "without")
    together, worst = after["together"], after["worst_misalignment"]
    told = [
        markdown_table(header, rows),
        f"If everything fell together: CVaR {percent(together['cvar_together'])} instead of "
        f"{percent(together['cvar'])}, volatility {percent(together['volatility_annual_together'])} instead of "
        f"{percent(together['volatility_annual'])}.",
    ]
    if worst is not None:
        told.append(
            f"If the dates of {worst['strategy_id']} were off by {worst['days']} day(s): CVaR "
            f"{percent(worst['cvar_after'])}."
        )
    return "\n\n".join(told)


def _changed_limits(changes: Mapping[str, Any] | None) -> str | None:
    if changes is None:
        return None
    rows = [(one["name"], one["before"], one["now"]) for one in changes["limits"]]
    return markdown_table(("limit", "before", "now"), rows)


def _binding(certificate: Mapping[str, Any] | None) -> str:
    if certificate is None:
        return "none"
    rows = [(one["name"], f"{one['shadow_price']:.6g}", one["in_words"]) for one in certificate["binding"]]
    return markdown_table(("limit", "shadow price", "in words"), rows)


def _frontier(run: OptimisationRun) -> str:
    metrics, current, points = run.result["metrics"], run.result["current"], run.result["frontier"]
    return frontier(
        [point["cvar"] for point in points],
        [point["expected_return_annual"] for point in points],
        (metrics["cvar"], metrics["expected_return_annual"]),
        (current["cvar"], current["expected_return_annual"]) if current and current["cvar"] is not None else None,
        run.inputs["limits"]["cvar_limit"],
        f"Efficient frontier, {run.fund_id}",
    )


def _left_out(result: Mapping[str, Any]) -> Sections:
    rows = [(one["strategy_id"], one["reason"], one["in_words"]) for one in result["excluded"]]
    return {"left_out": MetadataValue.md(markdown_table(("strategy", "reason", "in words"), rows[:SHOWN]))}


def _largest_first(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(lines, key=lambda line: -max(line["weight"], line["current_weight"]))[:SHOWN]


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
