"""`fund positions` and `fund executions`: what is held, what it has made, and the fills it follows from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.orders import Newest, OfAccount, OfStrategy, fills_table, plain
from fund_pipeline.cli.tables import PlainTable, console, table

if TYPE_CHECKING:
    from fund_pipeline.ledger.executions_aside import Aside
    from fund_pipeline.ledger.order_model import Position


def positions(
    strategy: OfStrategy = None,
    account: OfAccount = None,
    everything: Annotated[bool, typer.Option("--all", help="Flat ones too, with what they have realised.")] = False,
    as_json: Json = False,
) -> None:
    """Show what each strategy holds in each account, at average cost, with what it has realised after commission."""
    from fund_pipeline.ledger.positions import list_positions

    with ledger_of(start()) as ledger:
        found = list_positions(ledger, strategy=strategy, account_id=account, only_open=not everything)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    console().print(positions_table("Positions", found))


def executions(
    account: OfAccount = None,
    order: Annotated[str | None, typer.Option(metavar="ID", help="Only of this order.")] = None,
    newest: Newest = 50,
    aside: Annotated[bool, typer.Option("--aside", help="Those that could not be booked, and why.")] = False,
    as_json: Json = False,
) -> None:
    """Show fills, as the brokers told of them, in the order in which they were booked."""
    from fund_pipeline.ledger.executions import list_executions
    from fund_pipeline.ledger.executions_aside import list_aside

    with ledger_of(start()) as ledger:
        if aside:
            _tell_aside(list_aside(ledger, account, booked_too=True)[-newest:], as_json=as_json)
            return
        found = list_executions(ledger, account_id=account, client_order_id=order, newest=newest)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    console().print(fills_table("Executions", found))


def _tell_aside(found: Sequence[Aside], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(one) for one in found])
        return
    shown = table("Not booked", "account", "execution<", "instrument<", "side<", "quantity", "price", "tries", "why<")
    for one in found:
        told, why = one.told, one.why if one.booked_at is None else f"booked {one.booked_at:%Y-%m-%d %H:%M:%S}Z"
        traded = (told.instrument_key, told.side.value, str(told.quantity), str(told.price))
        shown.add_row(one.account_id, told.broker_execution_id, *traded, str(one.tries), why)
    console().print(shown)


def positions_table(title: str, positions: Iterable[Position]) -> PlainTable:
    """Positions as a table, with the sum of what they realised by currency below."""
    shown = table(
        title, "strategy", "account<", "instrument<", "quantity", "average price", "realised", "commission", "currency<"
    )
    realised: dict[str, Decimal] = {}
    for one in positions:
        shown.add_row(
            one.strategy,
            one.account_id,
            one.instrument_key,
            plain(one.quantity),
            "–" if one.is_flat else plain(round(one.average_price, 6)),
            plain(one.realised_pnl, 2),
            plain(one.commission, 2),
            one.currency,
        )
        realised[one.currency] = realised.get(one.currency, Decimal(0)) + one.realised_pnl
    for currency, amount in realised.items():
        shown.add_row("total", "", "", "", "", plain(amount, 2), "", currency, style="bold")
    return shown
