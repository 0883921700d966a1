"""The demo's books at the terminal: its NAV, and what its clients own and have earned."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fund_pipeline.cli.context import person
from fund_pipeline.cli.tables import console, headed, table
from fund_pipeline.clock import utc_now
from fund_pipeline.settings import Settings

if TYPE_CHECKING:
    from fund_pipeline.accounts.demo_books import DemoBooks
    from fund_pipeline.accounts.reconciliation.running import Passed
    from fund_pipeline.ledger import Ledger

FUND = "demo"


def open_books(settings: Settings, ledger: Ledger) -> None:
    """Take a snapshot of the demo's accounts, and let its books begin with it."""
    from fund_pipeline.accounts.demo_books import begin_books
    from fund_pipeline.accounts.nav.closes import FundDay

    _take_snapshots(settings, ledger)
    begin_books(ledger, FUND, FundDay.of(settings), person())


def strike_books(settings: Settings, ledger: Ledger) -> DemoBooks:
    """Strike the NAV of the day that runs from a snapshot of the demo's accounts, taken now."""
    from fund_pipeline.accounts import demo_books
    from fund_pipeline.accounts.nav.closes import FundDay

    _take_snapshots(settings, ledger)
    return demo_books.strike_books(ledger, FUND, FundDay.of(settings), person())


def reconcile_books(settings: Settings, ledger: Ledger) -> tuple[Passed, ...]:
    """Prove the demo's books against its paper broker's own."""
    from fund_pipeline.accounts.reconciliation.running import reconcile_accounts
    from fund_pipeline.decisions.desk import TradingDesk
    from fund_pipeline.ledger.accounts import list_accounts

    with closing(TradingDesk.of(settings, ledger)) as desk:
        return reconcile_accounts(desk.books(utc_now), list_accounts(ledger, FUND))


def as_values(books: DemoBooks) -> Mapping[str, Any]:
    """All of it for a program."""
    clients = [
        asdict(one.client) | {"held": asdict(one.held), "returns": one.returns.as_json()} for one in books.clients
    ]
    return {"nav": asdict(books.nav), "clients": clients, "senders": [asdict(one) for one in books.senders]}


def show_books(books: DemoBooks) -> None:
    """The NAV, and a line and both returns for each client."""
    nav = books.nav
    state = "final" if nav.is_final else "provisional until the close"
    rest = f" {nav.nav:,.2f} {nav.currency} on {nav.day}, {state}; a unit is worth {nav.price:,.6f}"
    terminal = console()
    terminal.print(headed("\nNAV", rest))
    shown = table("Clients", "client", "units", "value", "accrued fee")
    for one in books.clients:
        held = one.held
        shown.add_row(one.client.client_id, f"{held.units:,f}", f"{held.value:,.2f}", f"{held.accrued:,.2f}")
    terminal.print(shown)
    for one in books.clients[:1]:
        terminal.print(headed(one.client.client_id, f": {one.returns}"))
    for due in books.senders:
        month, share = f"{due.month:%Y-%m}", f"{due.share:.0%}"
        terminal.print(
            headed(
                due.sender_id,
                f": due {due.due:,.2f} {due.currency} if {month} ended now: {share} of what {due.cumulative:,.2f} "
                f"realised so far is above its peak; losses carry forward",
            )
        )


def _take_snapshots(settings: Settings, ledger: Ledger) -> None:
    from fund_pipeline.accounts.snapshots import take_snapshots
    from fund_pipeline.decisions.desk import TradingDesk
    from fund_pipeline.ledger.accounts import list_accounts

    with closing(TradingDesk.of(settings, ledger)) as desk:
        take_snapshots(ledger, desk.brokers, list_accounts(ledger, FUND), utc_now())
