"""How fast the signal path is, and whether that is fast enough."""

from datetime import timedelta

from dagster import AssetCheckResult, AssetCheckSeverity, MaterializeResult, MetadataValue, asset, asset_check

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.signal_assets import GROUP, OWNERS, signal_inbox
from fund_pipeline.settings import load_settings
from fund_pipeline.signals.latency import PathLatency, measure_path

WINDOW = timedelta(hours=24)
SHOWN = 20


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=[signal_inbox])
def signal_latency() -> MaterializeResult[None]:
    """Seconds from a signal's receipt to the broker's acknowledgement over the last 24 hours, stretch by stretch.

    `fund signals trace ID` shows one signal's.
    """
    found = _measured()
    rows = [
        (one.stretch.value, one.count, *(_seconds(value) for value in (one.p50, one.p95, one.p99)))
        for one in found.stretches
    ]
    metadata: dict[str, MetadataValue | int | float] = {"signals": found.signals, "overdue": len(found.overdue)}
    if found.total.p95 is not None:
        metadata["total_p95_seconds"] = found.total.p95
    metadata["stretches"] = MetadataValue.md(markdown_table(("until", "signals", "p50 s", "p95 s", "p99 s"), rows))
    return MaterializeResult(metadata=metadata)


@asset_check(
    asset=signal_latency,
    description="95 % of the last day's orders are acknowledged within FUND_SIGNAL_TARGET_SECONDS of their signal's "
    "receipt, and no signal that is older waits for a decision.",
)
def signals_are_in_time() -> AssetCheckResult:
    """One measurement against the target."""
    target = load_settings().signal_target_seconds
    found = _measured()
    metadata: dict[str, str | int | float] = {
        "target_seconds": target,
        "acknowledged": found.total.count,
        "overdue": ", ".join(found.overdue[:SHOWN]) or "none",
    }
    if found.total.p95 is not None:
        metadata["p95_seconds"] = found.total.p95
    return AssetCheckResult(passed=found.keeps(target), severity=AssetCheckSeverity.WARN, metadata=metadata)


def _measured() -> PathLatency:
    now, target = utc_now(), load_settings().signal_target_seconds
    with opened_ledger() as ledger:
        return measure_path(ledger, now - WINDOW, now, target)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
