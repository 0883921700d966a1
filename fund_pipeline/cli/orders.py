"""`fund orders`: what was sent to brokers, what became of it, and the wish that one be cancelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import PlainTable, console, table
from fund_pipeline.errors import ConflictError, InputError

if TYPE_CHECKING:
    from fund_pipeline.ledger.order_model import Execution, OrderRow

app = typer.Typer(help="Orders: what was sent to brokers, and what became of it.", no_args_is_help=True)
OrderId = Annotated[str, typer.Argument(metavar="ID", help="The client order id, as `list` shows it.")]
OfStrategy = Annotated[str | None, typer.Option(help="Only of this strategy.")]
OfAccount = Annotated[str | None, typer.Option(help="Only in this account.")]
Newest = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")]


@app.command("list")
def list_command(
    live: Annotated[bool, typer.Option("--live", help="Only those that have not ended.")] = False,
    strategy: OfStrategy = None,
    account: OfAccount = None,
    signal: Annotated[str | None, typer.Option(metavar="ID", help="Only of this signal.")] = None,
    newest: Newest = 50,
    as_json: Json = False,
) -> None:
    """List orders, newest first."""
    from fund_pipeline.ledger.orders import list_orders, live_orders

    with ledger_of(start()) as ledger:
        if live:
            found = [
                one
                for one in reversed(live_orders(ledger, account))
                if strategy in (None, one.strategy) and signal in (None, one.signal_id)
            ][:newest]
        else:
            found = list(list_orders(ledger, strategy=strategy, account_id=account, signal_id=signal, newest=newest))
    if as_json:
        print_json([asdict(one) for one in found])
        return
    console().print(orders_table("Orders", found))


@app.command("show")
def show(client_order_id: OrderId, as_json: Json = False) -> None:
    """Show one order: what it asks, each change of its state, and its fills."""
    from fund_pipeline.ledger.executions import list_executions
    from fund_pipeline.ledger.orders import get_order

    with ledger_of(start()) as ledger:
        order, transitions = get_order(ledger, client_order_id)
        fills = list_executions(ledger, client_order_id=client_order_id)
    if as_json:
        values = {"transitions": [asdict(one) for one in transitions], "executions": [asdict(one) for one in fills]}
        print_json(asdict(order) | values)
        return
    shown = table(client_order_id, "field", "value<")
    for name, value in asdict(order).items():
        if value not in (None, "", ()) and name != "client_order_id":
            shown.add_row(name.replace("_", " "), plain(value) if isinstance(value, Decimal) else str(value))
    console().print(shown)
    for one in transitions:
        state = one.after.value if one.before is one.after else f"{one.before.value} → {one.after.value}"
        why = f"  {one.reason}" if one.reason else ""
        console().print(f"{one.at:%Y-%m-%d %H:%M:%S}Z  {state}{why}  {one.actor}")
    if fills:
        console().print(fills_table("Fills", fills))


@app.command("cancel")
def cancel(
    client_order_id: OrderId,
    note: Annotated[str, typer.Option(help="Why, for the record.")],
    yes: Annotated[bool, typer.Option("--yes", help="Also what closes or protects a position.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Wish that an order be cancelled. Whoever follows orders asks the broker, until it is done or has filled.

    Cancelling an exit, stop or target leaves its position open, and no other attempt follows: that needs --yes.
    """
    from fund_pipeline.ledger.order_wishes import wish_cancelled
    from fund_pipeline.ledger.orders import get_order

    if not note.strip():
        raise InputError("a note is missing", remedy="say with --note why")
    with ledger_of(start()) as ledger:
        order, _ = get_order(ledger, client_order_id)
        if order.state.is_live and order.role.closes and not (yes or dry_run):
            raise ConflictError(
                f"it is the {order.role.value} of a position in {order.instrument_key}, which stays open without it",
                remedy="give --yes if that is meant",
            )
        if not dry_run:
            order = wish_cancelled(ledger, client_order_id, note.strip(), person())
    if as_json:
        print_json(asdict(order) | {"dry_run": dry_run})
    elif not order.state.is_live:
        typer.echo(f"{client_order_id} is {order.state.value}: there is nothing to cancel")
    elif dry_run:
        typer.echo(f"{words(order)} is {order.state.value}, and would be cancelled; nothing was changed")
    else:
        typer.echo(f"{words(order)} is {order.state.value}, and is to be cancelled ({order.cancel_for})")


def words(order: OrderRow) -> str:
    """What an order asks: role, side, quantity, instrument, account."""
    return f"{order.role.value} {order.side.value} {plain(order.quantity)} {order.instrument_key} on {order.account_id}"


def plain(value: Decimal | None, places: int | None = None) -> str:
    """A decimal as people write it, thousands apart, without zeros at its end; a dash for none."""
    if value is None:
        return "–"
    text = f"{value if places is None else round(value, places):,f}"
    return text if places is not None or "." not in text else text.rstrip("0").rstrip(".")


def orders_table(title: str, orders: Iterable[OrderRow]) -> PlainTable:
    """Orders as a table."""
    shown = table(
        title, "order", "strategy<", "role<", "side<", "quantity", "instrument<", "account<", "type<", "filled", "at",
        "state<", "why<",
    )  # fmt: skip
    for one in orders:
        shown.add_row(
            one.client_order_id,
            one.strategy,
            one.role.value,
            one.side.value,
            plain(one.quantity),
            one.instrument_key,
            one.account_id,
            one.order_type.value,
            plain(one.filled_quantity),
            plain(None if one.average_price is None else round(one.average_price, 6)),
            one.state.value,
            why(one),
        )
    return shown


def why(order: OrderRow) -> str:
    """Why an order is as it is: its reason and the broker's words, or the wish that it be cancelled."""
    wish = f"to be cancelled: {order.cancel_for}" if order.state.is_live and order.cancel_for else ""
    return wish or ": ".join(part for part in (order.reason or "", order.message) if part)


def fills_table(title: str, fills: Iterable[Execution]) -> PlainTable:
    """Executions as a table."""
    shown = table(title, "time", "account<", "strategy<", "instrument<", "side<", "quantity", "price", "commission")
    for one in fills:
        shown.add_row(
            f"{one.executed_at:%Y-%m-%d %H:%M:%S}Z",
            one.account_id,
            one.strategy,
            one.instrument_key,
            one.side.value,
            plain(one.quantity),
            plain(one.price),
            f"{plain(one.commission)} {one.commission_currency}",
        )
    return shown
