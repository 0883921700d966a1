"""`fund flows`: money that came into accounts, or left them, other than by trading."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import PlainTable, console, table

if TYPE_CHECKING:
    from fund_pipeline.accounts.flow_files import Imported
    from fund_pipeline.ledger.flow_model import CashFlow
    from fund_pipeline.ledger.flows import Recorded

app = typer.Typer(help="Money that came into accounts, or left them, other than by trading.", no_args_is_help=True)
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check it, say what would be recorded, and record nothing.")]
KINDS = "OPENING, DEPOSIT, WITHDRAWAL, TRANSFER, FEE, DIVIDEND, INTEREST or PERFORMANCE_FEE"


@app.command("add")
def add(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=KINDS)],
    account: Annotated[str, typer.Option(metavar="ID", help="The account.")],
    amount: Annotated[str, typer.Option(help="Above zero; of dividends and interest with its sign.")],
    currency: Annotated[str, typer.Option(help="The account's, as USD.")],
    effective: Annotated[str, typer.Option(help="When, as 2026-03-02T15:00 (fund's time zone) or with an offset.")],
    reference: Annotated[str, typer.Option(help="The broker's or bank's name of it, unique in the account.")],
    to: Annotated[str | None, typer.Option(metavar="ID", help="Of a TRANSFER: the account it goes to.")] = None,
    amount_in: Annotated[str | None, typer.Option(help="Of a TRANSFER into another currency: what arrives.")] = None,
    rate: Annotated[str | None, typer.Option(help="Fund's currency per 1 of the account's, where they differ.")] = None,
    note: Annotated[str, typer.Option(help="In words.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Record a flow: `fund flows add DEPOSIT --account main --amount 1000.00 --currency USD ...`.

    The same reference again changes nothing. Nothing is ever changed or removed; see `reverse`.
    """
    from zoneinfo import ZoneInfo

    from fund_pipeline.accounts.flow_entry import parse_flow
    from fund_pipeline.accounts.flows import record

    settings = start()
    zone = ZoneInfo(settings.time_zone)
    given = {
        "account": account,
        "kind": kind.upper(),
        "amount": amount,
        "currency": currency,
        "effective": effective,
        "reference": reference,
        "to": to,
        "amount_in": amount_in,
        "rate": rate,
        "note": note,
    }
    asked = parse_flow(given, zone)
    with ledger_of(settings) as ledger:
        recorded = record(ledger, asked, zone, person(), dry_run=dry_run)
    _tell(recorded, "recorded", as_json=as_json, dry_run=dry_run)


@app.command("list")
def list_command(
    fund: Annotated[str | None, typer.Option(metavar="F", help="Only this fund's.")] = None,
    account: Annotated[str | None, typer.Option(metavar="ID", help="Only this account's.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From the beginning of this day, in UTC.")] = None,
    as_json: Json = False,
) -> None:
    """List flows in the order in which they count."""
    from datetime import UTC, timedelta

    from fund_pipeline.accounts.flows import list_flows

    after = None if since is None else since.replace(tzinfo=UTC) - timedelta(microseconds=1)
    with ledger_of(start()) as ledger:
        found = list_flows(ledger, fund_id=fund, account_id=account, after=after)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    shown = table("Flows", "effective", "account<", "kind<", "amount", "currency<", "reference<", "by<", "flow<")
    for one in found:
        _add_row(shown, one)
    console().print(shown)


@app.command("reverse")
def reverse(
    flow_id: Annotated[str, typer.Argument(metavar="FLOW", help="Id of the flow, see `list`.")],
    note: Annotated[str, typer.Option(help="Why, for the record.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Undo a flow by an entry of the opposite amount at the same moment; of a transfer both sides."""
    from fund_pipeline.accounts import flows

    with ledger_of(start()) as ledger:
        recorded = flows.reverse(ledger, flow_id, note, person(), dry_run=dry_run)
    _tell(recorded, "reversed", as_json=as_json, dry_run=dry_run)


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="With a column for each field of `add`.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Record every row of a file, or, when one of them is refused, none; each refused row is told with its reason."""
    from zoneinfo import ZoneInfo

    from fund_pipeline.accounts.flow_files import import_flows

    settings = start()
    with ledger_of(settings) as ledger:
        done = import_flows(ledger, file, ZoneInfo(settings.time_zone), person(), dry_run=dry_run)
    if as_json:
        print_json(asdict(done) | {"dry_run": dry_run, "recorded": done.is_whole and not dry_run})
    else:
        _tell_import(done, dry_run=dry_run)
    if not done.is_whole:
        raise typer.Exit(2)


def _tell(recorded: Recorded, word: str, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print_json({"new": [asdict(one) for one in recorded.new], "known": [asdict(one) for one in recorded.known]})
        return
    for one in recorded.new:
        words = f"{word} {one.kind.value} {one.amount:,f} {one.currency} in {one.account_id}: {one.flow_id}"
        typer.echo(f"would have {words}; nothing was done" if dry_run else words)
    for one in recorded.known:
        typer.echo(f"{one.flow_id} was there already; nothing was done")


def _tell_import(done: Imported, *, dry_run: bool) -> None:
    if done.refused:
        shown = table("Refused", "line", "problem<", "to fix<")
        for row in done.refused:
            shown.add_row(str(row.line), row.problem, row.remedy)
        console().print(shown)
        typer.echo(f"{len(done.refused)} rows were refused, so nothing was recorded; {len(done.new)} others are fine")
        return
    words = f"{len(done.new)} recorded, {len(done.known)} were there already"
    typer.echo(f"would have: {words}; nothing was done" if dry_run else words)


def _add_row(shown: PlainTable, one: CashFlow) -> None:
    when = f"{one.effective_at:%Y-%m-%d %H:%M:%S}Z"
    what = one.kind.value if one.reverses is None else f"{one.kind.value} reversed"
    shown.add_row(
        when, one.account_id, what, f"{one.amount:,f}", one.currency, one.reference, one.recorded_by, one.flow_id
    )
