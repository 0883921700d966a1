"""The front door in lineage: what came in, and how well each sender's signals come through."""

from datetime import timedelta

from dagster import AssetKey, DataVersion, MaterializeResult, MetadataValue, asset

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.ledger.signal_quality import count_states, newest_and_oldest_unread
from fund_pipeline.settings import load_settings
from fund_pipeline.signals.inbox import Counts, drain, process_pending
from fund_pipeline.signals.quality import SenderQuality, measure_senders
from fund_pipeline.signals.readers import reader_of
from fund_pipeline.signals.spool import Spool

GROUP = "signals"
OWNERS = ["team:quants"]
WINDOW = timedelta(hours=24)


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=[AssetKey("strategy_registry")])
def signal_inbox() -> MaterializeResult[None]:
    """Every signal that was answered 200, once, as the ledger holds it.

    What the HTTP API had no time to read is read here, and what waits on the spool is stored first, so that nothing
    is left behind by a process that ended.
    """
    settings = load_settings()
    reader = reader_of(settings)
    spool = Spool(settings.spool)
    with opened_ledger() as ledger:
        drained = drain(ledger, spool)
        # Another process may be at the spool: what is stored must not be read before what came before it.
        read = process_pending(ledger, reader, utc_now()) if spool.is_empty else Counts()
        states = count_states(ledger)
        newest, unread = newest_and_oldest_unread(ledger)
    metadata: dict[str, MetadataValue | int | str] = {state.value: states.get(state, 0) for state in SignalState}
    metadata |= {"signals": sum(states.values()), "drained_from_the_spool": drained, "read_here": read.total}
    metadata["spool_is_empty"] = str(spool.is_empty)
    if newest is not None:
        metadata["newest"] = MetadataValue.timestamp(newest)
    if unread is not None:
        metadata["oldest_unread"] = MetadataValue.timestamp(unread)
    version = f"{sum(states.values())}:{newest.isoformat() if newest else '-'}"
    return MaterializeResult(metadata=metadata, data_version=DataVersion(version))


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=[signal_inbox])
def signal_quality() -> MaterializeResult[None]:
    """How each sender's signals of the last 24 hours came through: shares refused and resent, delays, clocks."""
    with opened_ledger() as ledger:
        senders = measure_senders(ledger, utc_now() - WINDOW)
    return MaterializeResult(
        metadata={
            "senders": len(senders),
            "signals": sum(one.stored for one in senders),
            "by_sender": MetadataValue.md(markdown_table(HEAD, [_row(one) for one in senders])),
        }
    )


HEAD = (
    *("sender", "stored", "not taken", "refused", "resent", "rejected"),
    *("delay s (median)", "clock ahead s", "read s (95 %)"),
)


def _row(one: SenderQuality) -> tuple[object, ...]:
    return (
        one.sender_id or "(unknown)",
        *(one.stored, one.not_taken, one.refused, one.resent),
        f"{one.rejected_share:.1%}",
        *(seconds(one.delay_seconds), seconds(one.ahead_seconds), seconds(one.read_seconds)),
    )


def seconds(value: float | None) -> str:
    """A duration for a table; a dash where there is none."""
    return "–" if value is None else f"{value:.1f}"
