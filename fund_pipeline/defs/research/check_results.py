"""The two shapes most checks end in."""

from __future__ import annotations

from collections.abc import Sequence

from dagster import AssetCheckResult, AssetCheckSeverity, MetadataValue

from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.research.backtest_assets import SHOWN


def found_nothing(
    rows: Sequence[Sequence[object]], header: Sequence[str], severity: AssetCheckSeverity = AssetCheckSeverity.WARN
) -> AssetCheckResult:
    """Passes when there is no row; the rows are the evidence."""
    return AssetCheckResult(
        passed=not rows,
        severity=severity,
        metadata={"found": len(rows), "evidence": MetadataValue.md(markdown_table(header, rows[:SHOWN]))},
    )
