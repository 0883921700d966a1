"""`fund trade` and `fund decisions`: what waits is worked once, by hand; and what was decided."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.orders import Newest, fills_table, orders_table, plain
from fund_pipeline.cli.tables import console, table
from fund_pipeline.clock import utc_now

if TYPE_CHECKING:
    from fund_pipeline.decisions.batch import Settled
    from fund_pipeline.decisions.preview import Previewed
    from fund_pipeline.decisions.work import Worked
    from fund_pipeline.ledger.order_model import DecisionRow, OrderRow

app = typer.Typer(help="Decisions: what became of each signal in each fund, and why.", no_args_is_help=True)
DECIDED = ("signal", "strategy<", "fund<", "type<", "outcome<", "reason<", "orders<")


def trade(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be decided; decide, send and book nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Work what waits, once: read it, decide it, send its orders, book what was filled. Dagster does so by itself.

    Both may do so at once: nothing is decided or sent twice. A dry run looks at what has been read; the brokers are
    asked as always, and what they say of their accounts is kept.
    """
    from fund_pipeline.decisions.desk import TradingDesk
    from fund_pipeline.decisions.preview import preview
    from fund_pipeline.decisions.work import work

    settings = start()
    with ledger_of(settings) as ledger, closing(TradingDesk.of(settings, ledger)) as desk:
        if dry_run:
            _tell_preview(preview(desk, utc_now), as_json=as_json)
            return
        worked = work(desk, new_batch(), utc_now)
    _tell(worked, as_json=as_json)


@app.command("list")
def list_command(
    signal: Annotated[str | None, typer.Option(metavar="ID", help="Only about this signal.")] = None,
    fund: Annotated[str | None, typer.Option(metavar="F", help="Only in this fund.")] = None,
    batch: Annotated[str | None, typer.Option(metavar="ID", help="Only of this batch: a Dagster run's id.")] = None,
    newest: Newest = 50,
    as_json: Json = False,
) -> None:
    """List decisions, newest first; `fund signals explain ID` tells one in words."""
    from fund_pipeline.ledger.decisions import list_decisions

    with ledger_of(start()) as ledger:
        found = list_decisions(ledger, signal_id=signal, fund_id=fund, batch=batch, newest=newest)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    shown = table("Decisions", "signal", "decided<", "strategy<", "fund<", "type<", "outcome<", "reason<", "batch<")
    for one in found:
        at = f"{one.decided_at:%Y-%m-%d %H:%M:%S}Z"
        shown.add_row(one.signal_id, at, one.strategy, one.fund_id, one.kind, one.outcome.value, one.reason, one.batch)
    console().print(shown)


def new_batch() -> str:
    """A name for a batch that is worked at a terminal."""
    return f"cli-{utc_now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def decision_values(row: DecisionRow, orders: Iterable[OrderRow]) -> dict[str, Any]:
    """A decision with its orders for a program."""
    return asdict(row) | {"orders": [asdict(one) for one in orders]}


def _tell(worked: Worked, *, as_json: bool) -> None:
    if as_json:
        print_json(_values(worked))
        return
    terminal = console()
    if worked.is_idle:
        typer.echo("nothing waits")
    if worked.read.counts.total:
        counts = worked.read.counts
        typer.echo(
            f"{counts.total} read: {counts.standardised} standardised, {counts.quarantined} quarantined, "
            f"{counts.rejected} rejected"
        )
    if worked.settled:
        shown = table("Decided", *DECIDED)
        for row in _rows(worked.settled):
            shown.add_row(*row)
        terminal.print(shown)
    if worked.sent:
        terminal.print(orders_table("Orders", worked.sent))
    if worked.followed.booked:
        terminal.print(fills_table("Executions", worked.followed.booked))
    for account_id in worked.followed.away:
        typer.echo(f"the broker of {account_id} did not answer; `fund alerts list` says more", err=True)


def _rows(settled: Iterable[Settled]) -> Iterator[Sequence[str]]:
    for one in settled:
        who = (one.signal.signal_id, one.signal.strategy)
        if not one.decisions:
            yield (*who, "–", one.signal.type or "–", one.verdict.state.value, one.verdict.reason or "–", "none")
        for stored in one.decisions:
            decision = stored.decision
            words = "; ".join(
                f"{order.side.value} {plain(order.quantity)} {order.instrument_key}" for order in stored.orders
            )
            yield (
                *who, decision.fund_id, decision.kind, decision.outcome.value, decision.reason, words or "none"
            )  # fmt: skip


def _values(worked: Worked) -> dict[str, Any]:
    return {
        "drained": worked.read.drained,
        **asdict(worked.read.counts),
        "signals": [
            {
                "signal_id": one.signal.signal_id,
                "strategy": one.signal.strategy,
                "state": one.verdict.state,
                "reason": one.verdict.reason,
                "problem": one.verdict.problem,
                "decisions": [decision_values(stored.decision, stored.orders) for stored in one.decisions],
            }
            for one in worked.settled
        ],
        "sent": [asdict(one) for one in worked.sent],
        "executions": [asdict(one) for one in worked.followed.booked],
        "away": worked.followed.away,
    }


def _tell_preview(found: Sequence[Previewed], *, as_json: bool) -> None:
    from fund_pipeline.cerebro.sizing import explain

    if as_json:
        rows = [
            {
                "signal_id": one.signal.signal_id,
                "strategy": one.signal.strategy,
                "problem": one.problem,
                "decisions": [asdict(decision) | {"words": explain(decision)} for decision in one.decisions],
            }
            for one in found
        ]
        print_json({"dry_run": True, "signals": rows})
        return
    for one in found:
        console().print(f"{one.signal.signal_id} of {one.signal.strategy}", style="bold")
        for words in (*(explain(decision) for decision in one.decisions), one.problem):
            if words:
                typer.echo(f"  {words}")
    typer.echo(f"{len(found)} signals wait; nothing was decided" if found else "no signal that was read waits")
