"""`fund payouts`: what senders are owed, month by month, and what was paid."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.payout_words import overview_json, payout_row, tell_items, tell_overviews
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import InputError
from fund_pipeline.ledger.model import TradingMode

if TYPE_CHECKING:
    from fund_pipeline.accounts.payouts import ClosedMonths

app = typer.Typer(help="What senders are owed, month by month, and what was paid.", no_args_is_help=True)
terms_app = typer.Typer(help="What is agreed with senders.", no_args_is_help=True)
app.add_typer(terms_app, name="terms")

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")]
Month = Annotated[str, typer.Argument(metavar="MONTH", help="As 2026-03.")]


@app.command("run")
def run(
    month: Annotated[str | None, typer.Option(metavar="MONTH", help="Up to this month, as 2026-03; all over.")] = None,
    fund: Annotated[str | None, typer.Option(metavar="F", help="Only this fund.")] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Close every month that is over and not closed yet. Run again, nothing changes."""
    from fund_pipeline.accounts.payouts import close_months, parse_month, rates_of_days
    from fund_pipeline.ledger.funds import get_fund, list_funds

    settings, act = start(), person()
    zone = ZoneInfo(settings.time_zone)
    until = None if month is None else parse_month("month", month)
    with ledger_of(settings) as ledger:
        funds = list_funds(ledger) if fund is None else (get_fund(ledger, fund),)
        rates = rates_of_days(ledger, zone)
        done = [close_months(ledger, one.fund_id, until, zone, rates, act, dry_run=dry_run) for one in funds]
    _tell_run(done, as_json=as_json, dry_run=dry_run)


@app.command("list")
def list_command(
    fund: Annotated[str | None, typer.Option(metavar="F", help="All senders of this fund.")] = None,
    sender: Annotated[str | None, typer.Option(metavar="S", help="This sender, in all funds.")] = None,
    as_json: Json = False,
) -> None:
    """Show what is due, paid and to come, with the next payment date and what is not realised yet (it is not paid)."""
    from fund_pipeline.accounts.payouts import (
        overview_of_fund,
        overview_of_sender,
        rates_of_days,
        unrealised_of_sender,
    )
    from fund_pipeline.clock import utc_now

    settings, now = start(), utc_now()
    zone = ZoneInfo(settings.time_zone)
    if (fund is None) == (sender is None):
        raise InputError("give either --fund F or --sender S", remedy="name the fund, or the sender")
    with ledger_of(settings) as ledger:
        if sender is not None:
            found = overview_of_sender(ledger, sender, now, zone)
        else:
            found = overview_of_fund(ledger, fund or "", now, zone)
        rates = rates_of_days(ledger, zone)
        shown = [
            (one, unrealised_of_sender(ledger, (one.fund_id, one.mode, one.sender_id), now, zone, rates))
            for one in found
        ]
    if as_json:
        print_json([overview_json(*one) for one in shown])
        return
    tell_overviews(shown)


@app.command("show")
def show(
    sender: Annotated[str, typer.Argument(metavar="SENDER")],
    month: Annotated[str | None, typer.Option(metavar="MONTH", help="Only what was settled in it, as 2026-03.")] = None,
    as_json: Json = False,
) -> None:
    """Show what a sender's payouts rest on, by entry signal: each fill with its gain, costs and the rate of its day."""
    from fund_pipeline.accounts.payouts import parse_month
    from fund_pipeline.ledger.payouts import items_of_sender

    chosen = None if month is None else parse_month("month", month)
    with ledger_of(start()) as ledger:
        found = items_of_sender(ledger, sender, chosen)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    tell_items(found)


@app.command("mark-paid")
def mark_paid_command(
    sender: Annotated[str, typer.Argument(metavar="SENDER")],
    month: Month,
    fund: Annotated[str, typer.Option(metavar="F", help="The fund that pays.")],
    account: Annotated[str, typer.Option(metavar="ID", help="The account it was paid from.")],
    paid: Annotated[str, typer.Option(help="When, as 2026-04-01T15:00 (fund's time zone) or with an offset.")],
    mode: Annotated[TradingMode, typer.Option(help="Of which accounts the payout is.")] = TradingMode.LIVE,
    amount: Annotated[str | None, typer.Option(help="What left, where the account is in another currency.")] = None,
    rate: Annotated[str | None, typer.Option(help="Fund's currency per 1 of the account's, where they differ.")] = None,
    note: Annotated[str, typer.Option(help="In words.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Note that a payout was paid, with its cash flow of kind FEE. It is paid once."""
    from datetime import UTC

    from fund_pipeline.accounts.payouts import mark_paid, parse_amount, parse_month
    from fund_pipeline.accounts.times import moment_of

    settings, act = start(), person()
    zone = ZoneInfo(settings.time_zone)
    key = (fund, mode, sender, parse_month("month", month))
    paid_at = moment_of("paid", paid, zone).astimezone(UTC)
    more = {
        name: None if text is None else parse_amount(name, text) for name, text in (("amount", amount), ("rate", rate))
    }
    with ledger_of(settings) as ledger:
        payment = mark_paid(ledger, key, account, paid_at, zone, act, **more, note=note, dry_run=dry_run)
    if as_json:
        print_json(asdict(payment) | {"dry_run": dry_run})
        return
    words = f"{payment.amount:,f} {payment.currency} to {sender} for {month}, flow {payment.flow_id}"
    typer.echo(f"would have noted: {words}; nothing was done" if dry_run else f"paid {words}")


@terms_app.command("set")
def set_command(
    sender: Annotated[str, typer.Argument(metavar="SENDER")],
    share: Annotated[str, typer.Option(help="Of each new peak of net realised PnL, as 0.25.")],
    currency: Annotated[str, typer.Option(help="In which it is reckoned and paid, as USD.")],
    valid_from: Annotated[str, typer.Option("--from", metavar="MONTH", help="The month they begin with, as 2026-03.")],
    note: Annotated[str, typer.Option(help="For the record.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Agree on a share with a sender from a month on. Former terms stay as they were; closed months too."""
    from fund_pipeline.accounts.payouts import parse_amount, parse_month, set_terms

    month, part = parse_month("from", valid_from), parse_amount("share", share)
    with ledger_of(start()) as ledger:
        new = set_terms(ledger, sender, month, part, currency, person(), note=note, dry_run=dry_run)
    if as_json:
        print_json(
            {"sender": sender, "from": month, "share": part, "currency": currency, "new": new, "dry_run": dry_run}
        )
        return
    words = f"{sender} gets {part} of each new peak in {currency} from {valid_from}"
    if not new:
        typer.echo(f"{words} already; nothing was done")
        return
    typer.echo(f"would have recorded: {words}; nothing was done" if dry_run else words)


@terms_app.command("list")
def list_terms_command(
    sender: Annotated[str | None, typer.Option(metavar="S", help="Only this sender's.")] = None, as_json: Json = False
) -> None:
    """List what is agreed, oldest first."""
    from fund_pipeline.ledger.payouts import list_terms

    with ledger_of(start()) as ledger:
        found = list_terms(ledger, sender)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    shown = table("Terms", "sender", "from<", "share", "currency<", "by<", "note<")
    for one in found:
        shown.add_row(one.sender_id, f"{one.valid_from:%Y-%m}", str(one.share), one.currency, one.recorded_by, one.note)
    console().print(shown)


def _tell_run(done: list[ClosedMonths], *, as_json: bool, dry_run: bool) -> None:
    closed = [one for run in done for one in run.closed]
    without = sorted({one for run in done for one in run.without_terms})
    if as_json:
        print_json({"dry_run": dry_run, "closed": [asdict(one) for one in closed], "without_terms": without})
        return
    title = "Would be closed" if dry_run else "Closed"
    columns = ("realised", "of it late", "cumulative", "peak before", "share", "due", "currency<", "due on<")
    shown = table(title, "fund", "mode<", "sender<", "month<", *columns)
    for one in closed:
        shown.add_row(*payout_row(one))
    console().print(shown)
    if not closed:
        typer.echo("every month that is over is closed already")
    for sender_id in without:
        typer.echo(f"nothing is agreed with {sender_id}: `fund payouts terms set {sender_id} ...`")
