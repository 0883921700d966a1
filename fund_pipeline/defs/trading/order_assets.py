"""The signal path as assets: one run reads a batch, decides it, sends its orders and books what was filled.

Each body calls one room, and may be run again: what is done is not done twice, for the ledger says what is done.
"""

from collections.abc import Iterable, Sequence

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
)

from fund_pipeline.clock import utc_now
from fund_pipeline.decisions import Settled
from fund_pipeline.decisions.work import decide_rounds, follow_orders, read_waiting, send_intents
from fund_pipeline.defs.funds import active_key
from fund_pipeline.defs.markdown import markdown_table
from fund_pipeline.defs.trading.beside import finish_sending, finishing_what_is_sent, recorded
from fund_pipeline.defs.trading.desk import opened_desk
from fund_pipeline.defs.trading.following import count_followed
from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.defs.trading.signal_assets import signal_inbox
from fund_pipeline.ledger.executions import list_executions
from fund_pipeline.ledger.order_model import OrderRow
from fund_pipeline.ledger.orders import orders_by_id
from fund_pipeline.ledger.positions import count_open_positions, newest_positions

GROUP = "trading"
OWNERS = ["team:quants"]
SHOWN = 100
SIGNALS_TAG = "fund/signals"
MOST_TAGGED = 20


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=[signal_inbox])
def signals() -> MaterializeResult[None]:
    """Signals in their standardised form, read from the inbox: typed legs on known instruments, or why not."""
    with opened_desk() as desk:
        read = read_waiting(desk, utc_now)
    return MaterializeResult(
        metadata={
            "drained_from_the_spool": read.drained,
            "standardised": read.counts.standardised,
            "quarantined": read.counts.quarantined,
            "rejected": read.counts.rejected,
        }
    )


def decisions(fund_ids: tuple[str, ...]) -> AssetsDefinition:
    """The asset of decisions, which rest on each fund's allocation in force."""

    @asset(
        name="decisions",
        group_name=GROUP,
        owners=OWNERS,
        kinds={"sqlalchemy"},
        deps=[signals, *(active_key(fund_id) for fund_id in fund_ids)],
        description="What was decided about each signal, in each fund: approved, cut, refused or dropped, with the "
        "reason and every figure. `fund signals explain ID` tells one in words.",
    )
    def decide(context: AssetExecutionContext) -> MaterializeResult[None]:
        with opened_desk() as desk, finishing_what_is_sent():
            settled = decide_rounds(desk, context.run.run_id, utc_now, recorded)
            if settled:
                ids = ",".join(one.signal.signal_id for one in settled[:MOST_TAGGED])
                context.instance.add_run_tags(context.run.run_id, {SIGNALS_TAG: ids})
        return MaterializeResult(
            metadata={
                "signals": len(settled),
                "decisions": MetadataValue.md(markdown_table(DECIDED, _decided(settled[:SHOWN]))),
            }
        )

    return decide


DECIDED = ("signal", "strategy", "fund", "type", "outcome", "reason", "orders")


def _decided(settled: Iterable[Settled]) -> Iterable[Sequence[object]]:
    for one in settled:
        who = (one.signal.signal_id, one.signal.strategy)
        if not one.decisions:
            yield (*who, "–", one.signal.type or "–", one.verdict.state.value, one.verdict.reason or "–", "–")
        for stored in one.decisions:
            decision = stored.decision
            planned = "; ".join(_words(order) for order in stored.orders) or "none"
            yield (*who, decision.fund_id, decision.kind, decision.outcome.value, decision.reason, planned)


def _words(order: OrderRow) -> str:
    return f"{order.role.value} {order.side.value} {order.quantity} {order.instrument_key} on {order.account_id}"


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=["decisions"])
def orders() -> MaterializeResult[None]:
    """Orders at the brokers: intents are sent once each, exits first; an order without an answer is asked for."""
    begun = finish_sending()
    with opened_desk() as desk:
        left = {one.client_order_id: one for one in send_intents(desk, utc_now)}
        earlier = {name: one for name, one in orders_by_id(desk.ledger, begun).items() if name not in left}
        sent = (*earlier.values(), *left.values())
    rows = [
        (one.client_order_id, one.signal_id, _words(one), one.state.value, one.reason or "–", one.message or "–")
        for one in sent[:SHOWN]
    ]
    header = ("order", "signal", "what", "state", "reason", "message")
    return MaterializeResult(
        metadata={
            "orders": len(sent),
            "sent_while_deciding": len(earlier),
            "sent": MetadataValue.md(markdown_table(header, rows)),
        },
    )


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=[orders])
def executions() -> MaterializeResult[None]:
    """Fills as the brokers tell of them, each booked once, and orders brought to their end."""
    with opened_desk() as desk:
        # While orders are live or have ended lately, the sensor follow_orders looks at all of them.
        glance = count_followed(desk.ledger) > 0
        followed = follow_orders(desk, utc_now, glance=glance)
        newest = list_executions(desk.ledger, newest=SHOWN)
    header = ("time", "account", "strategy", "instrument", "side", "quantity", "price", "commission")
    rows = [
        (
            f"{one.executed_at:%Y-%m-%d %H:%M:%S}Z",
            *(one.account_id, one.strategy, one.instrument_key, one.side.value),
            *(one.quantity, one.price, f"{one.commission} {one.commission_currency}"),
        )
        for one in newest
    ]
    return MaterializeResult(
        metadata={
            "booked": len(followed.booked),
            "accounts_away": ", ".join(followed.away) or "none",
            "newest": MetadataValue.md(markdown_table(header, rows)),
        }
    )


@asset(group_name=GROUP, owners=OWNERS, kinds={"sqlalchemy"}, deps=[executions])
def positions() -> MaterializeResult[None]:
    """What each strategy holds in each account, at average cost, with what it has realised after commission."""
    with opened_ledger() as ledger:
        found = newest_positions(ledger, SHOWN)
        held, newest = count_open_positions(ledger)
    header = ("strategy", "account", "instrument", "quantity", "average price", "realised", "currency")
    rows = [
        (
            one.strategy,
            one.account_id,
            one.instrument_key,
            one.quantity,
            one.average_price,
            one.realised_pnl,
            one.currency,
        )
        for one in found
    ]
    return MaterializeResult(
        metadata={"open": held, "positions": MetadataValue.md(markdown_table(header, rows))},
        data_version=DataVersion(f"{held}:{newest.isoformat() if newest else '-'}"),
    )
