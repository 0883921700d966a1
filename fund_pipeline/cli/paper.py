"""`fund paper`: the paper broker's own books, and its prices, to try things with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.orders import plain
from fund_pipeline.cli.tables import console, headed, table
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.execution.brokers.paper import PaperBroker
    from fund_pipeline.settings import Settings

PAPER = "paper"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
app = typer.Typer(help="The paper broker: its books and its prices.", no_args_is_help=True)


@app.command("quote")
def quote(
    instrument_key: Annotated[str, typer.Argument(metavar="KEY", help="The instrument, such as STOCK:AAPL.")],
    price: Annotated[str, typer.Argument(help="Its price in its currency; bid and ask lie round it.")],
    account: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only at this account; all paper accounts if not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Set a price as of now: what it reaches fills. It stays until the next, which may be the newest close in files.

    Files feed the quotes of paper accounts whenever signals are worked, unless FUND_PAPER_PRICES is empty.
    """
    from fund_pipeline.instruments import parse_key

    settings = start()
    parse_key(instrument_key)
    amount = _price(price)
    with _brokers(settings) as found:
        quoted = {name: broker for name, broker in found.items() if account is None or name in account}
        if missing := sorted(set(account or ()) - set(quoted)):
            raise InputError(f"there is no paper account {missing[0]!r}", remedy="run `fund accounts list`")
        for broker in quoted.values():
            broker.set_price(instrument_key, amount)
        told = {name: broker.quote(instrument_key) for name, broker in quoted.items()}
    if as_json:
        print_json({name: None if one is None else asdict(one) for name, one in told.items()})
        return
    for name, one in told.items():
        if one is not None:
            typer.echo(f"{name}: {instrument_key} {plain(one.bid)} – {plain(one.ask)} since {one.as_of:%H:%M:%S}Z")


@app.command("show")
def show(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The id of a paper account.")],
    as_json: Json = False,
) -> None:
    """Show an account as its paper broker has it: money, positions, working orders."""
    settings = start()
    with _brokers(settings) as found:
        if account not in found:
            raise InputError(f"there is no paper account {account!r}", remedy="run `fund accounts list`")
        broker = found[account]
        state, positions, orders = broker.account_state(), broker.positions(), broker.open_orders()
    held = [one for one in positions if one.quantity]
    if as_json:
        rows = {"positions": [asdict(one) for one in held], "open_orders": [asdict(one) for one in orders]}
        print_json(asdict(state) | rows)
        return
    terminal = console()
    terminal.print(
        headed(
            account,
            f"  equity {plain(state.equity, 2)}, cash {plain(state.cash, 2)}, margin used "
            f"{plain(state.margin_used, 2)} {state.currency}",
        )
    )
    shown = table("Positions", "instrument", "quantity", "average price")
    for one in held:
        shown.add_row(one.instrument_key, plain(one.quantity), plain(round(one.average_price, 6)))
    terminal.print(shown)
    working = table("Working orders", "order", "ours<", "instrument<", "side<", "quantity", "filled", "state<")
    for order in orders:
        working.add_row(
            order.broker_order_id,
            order.client_order_id or "–",
            order.instrument_key,
            order.side.value,
            plain(order.quantity),
            plain(order.filled_quantity),
            order.state.value,
        )
    terminal.print(working)


@app.command("remove-fill")
def remove_fill(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The id of a paper account.")],
    execution: Annotated[
        str | None, typer.Argument(metavar="EXECUTION", help="The broker's id of the fill; the newest if not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take a fill back at the paper broker, with its cash and position, to see reconciliation find it."""
    settings = start()
    with _brokers(settings) as found:
        broker = found.get(account)
        if broker is None:
            raise InputError(f"there is no paper account {account!r}", remedy="run `fund accounts list`")
        fills = tuple(broker.executions(_EVER))
        if execution is None and not fills:
            raise InputError(f"the paper account {account!r} has no fill", remedy="let a signal be traded first")
        removed = broker.remove_fill(execution or fills[-1].execution_id)
    if as_json:
        print_json(asdict(removed))
        return
    typer.echo(
        f"{account}: {removed.execution_id}, {removed.side.value} {plain(removed.quantity)} {removed.instrument_key} "
        f"at {plain(removed.price)}, is gone at the paper broker; run `fund reconcile --account {account} --explain`"
    )


@contextmanager
def _brokers(settings: Settings) -> Iterator[dict[str, PaperBroker]]:
    from fund_pipeline.execution.brokers.paper.connecting import connect
    from fund_pipeline.ledger.accounts import list_accounts

    with ledger_of(settings) as ledger, ExitStack() as opened:
        accounts = [one for one in list_accounts(ledger) if one.broker == PAPER]
        yield {one.account_id: opened.enter_context(closing(connect(one, settings.root, utc_now))) for one in accounts}


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price <= 0:
        raise InputError(f"{text!r} is no price", remedy="give a number above zero")
    return price
