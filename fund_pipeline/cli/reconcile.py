"""`fund reconcile`: our books against the brokers', in plain words, and what would be done."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.accounts.reconciliation import Repair
    from fund_pipeline.accounts.reconciliation.running import Passed

DONE = {"IMPORT": "book it", "ENTRY": "book the difference beside it", "TAKE_WORD": "take the broker's word on it"}


def reconcile(
    account: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this account; all that are connected if not given.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Only say what differs and what would be done.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Do it: book what was missed, keep what stands.")] = False,
    as_json: Json = False,
) -> None:
    """Compare positions, orders, executions and cash with the brokers. Without --apply nothing is changed.

    Missed fills and late commissions are facts and are booked; the broker's word on orders of ours is taken. No order
    is sent, changed or cancelled. Everything else stands as a break, locks its instrument for entries, and alerts.
    """
    from fund_pipeline.accounts.reconciliation.running import look_at, reconcile_account
    from fund_pipeline.decisions.desk import TradingDesk
    from fund_pipeline.ledger.accounts import list_accounts

    if explain and apply:
        raise InputError("--explain and --apply exclude each other", remedy="explain first, then apply")
    settings = start()
    with ledger_of(settings) as ledger, closing(TradingDesk.of(settings, ledger)) as desk:
        accounts = {one.account_id: one for one in list_accounts(ledger) if one.account_id in desk.brokers}
        if unknown := sorted(set(account or ()) - set(accounts)):
            raise InputError(
                f"account is {unknown[0]!r}: none of that id is connected", remedy="run `fund accounts list`"
            )
        books = desk.books(utc_now)
        pass_over = reconcile_account if apply else look_at
        passed = [pass_over(books, accounts[name]) for name in account or sorted(accounts)]
    if as_json:
        print_json([reconciled_values(one) for one in passed])
        return
    for one in passed:
        tell_reconciled(one)


def reconciled_values(one: Passed) -> dict[str, Any]:
    """A pass over an account, for a program."""
    found = one.last
    return {
        "account": one.account.account_id,
        "applied": one.recorded is not None,
        "complete": found.is_complete,
        "compared": sorted(one.value for one in found.compared),
        "findings": [asdict(each) for each in found.findings],
        "repairs": [_repair(each) for each in one.first.repairs],
        "standing": [
            asdict(each) | {"difference": each.difference, "locks": each.kind.locks} for each in found.standing
        ],
        "new_breaks": [each.break_id for each in one.recorded.new] if one.recorded else [],
        "cleared_breaks": [each.break_id for each in one.recorded.cleared] if one.recorded else [],
    }


def _repair(one: Repair) -> dict[str, Any]:
    return {
        "repair": one.kind.value,
        "of": None if one.of is None else asdict(one.of),
        "executions": [each.broker_execution_id for each in one.executions],
        "order": one.client_order_id or None,
    }


def tell_reconciled(one: Passed) -> None:
    """A pass over an account in words, a line for each thing."""
    name, found, applied = one.account.account_id, one.last, one.recorded is not None
    for finding in found.findings:
        typer.echo(f"{name}: not known, {finding.about}: {finding.message} ({finding.kind.value})")
    for repair in one.first.repairs:
        if repair.of is not None:
            will = "done" if applied else "would"
            typer.echo(f"{name}: {repair.of.message} ({repair.of.kind.value}); {will}: {DONE[repair.kind.value]}")
    for stands in found.standing:
        locked = f"; {stands.instrument_key} takes no entries" if stands.kind.locks and stands.instrument_key else ""
        typer.echo(f"{name}: {stands.message} ({stands.kind.value}){locked}")
    if one.recorded is not None:
        for over in one.recorded.cleared:
            if over.first_seen != over.cleared_at:
                typer.echo(f"{name}: over: {over.found.message} ({over.found.kind.value})")
    if not found.is_complete:
        typer.echo(f"{name}: not reconciled; its entries wait, and nothing was cleared")
    elif not found.standing and (applied or not one.first.repairs):
        typer.echo(f"{name}: books and broker agree")
