"""`fund nav`: net asset values, struck from equity, flows and what clients asked for."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger.model import TradingMode

if TYPE_CHECKING:
    from fund_pipeline.accounts.nav.strikes import Strikes
    from fund_pipeline.ledger.nav_model import LateEntry

app = typer.Typer(help="Net asset values: struck each day from equity, flows and requests.", no_args_is_help=True)
Fund = Annotated[str, typer.Option(metavar="F", help="Fund id.")]
Mode = Annotated[
    TradingMode | None, typer.Option(help="LIVE or PAPER; else LIVE where the fund has a LIVE account, else PAPER.")
]


@app.command("strike")
def strike(
    fund: Fund,
    day: Annotated[
        str | None, typer.Option(metavar="DAY", help="As 2026-03-31; else the last day that closed.")
    ] = None,
    mode: Mode = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would be, and keep nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Strike the NAV of a day, with those before it that are missing, and those after it again.

    Before the fund's close it is provisional: nothing is dealt at it, and it is struck again. Months that are closed
    stay as they are.
    """
    from datetime import timedelta

    from fund_pipeline.accounts.nav.closes import FundDay
    from fund_pipeline.accounts.nav.equity import consolidated
    from fund_pipeline.accounts.nav.registers import mode_of
    from fund_pipeline.accounts.nav.strikes import strike_days

    settings, act = start(), person()
    fund_day = FundDay.of(settings)
    today = fund_day.day_of(act.at)
    closed = today if act.at >= fund_day.close_of(today) else today - timedelta(days=1)
    wanted = closed if day is None else fund_day.read_day("day", day)
    with ledger_of(settings) as ledger:
        kind = mode_of(ledger, fund) if mode is None else mode
        done = strike_days(
            ledger, fund, kind, [wanted], fund_day, consolidated(ledger, fund, kind), act, dry_run=dry_run
        )
    if wanted in done.left_out:
        raise ConflictError(
            f"day is {wanted}: there is no NAV of fund {fund}, {kind.value}, for {done.left_out[wanted]}",
            remedy="take a snapshot, or add what is missing, and strike again",
        )
    if as_json:
        print_json(
            asdict(done) | {"left_out": {str(one): why for one, why in done.left_out.items()}, "dry_run": dry_run}
        )
        return
    _tell(done, dry_run=dry_run)


@app.command("list")
def list_command(
    fund: Fund,
    mode: Mode = None,
    newest: Annotated[int, typer.Option(min=1, help="So many newest.")] = 30,
    as_json: Json = False,
) -> None:
    """List NAVs, with what moved each of them."""
    from fund_pipeline.accounts.nav.registers import mode_of
    from fund_pipeline.ledger.funds import get_fund
    from fund_pipeline.ledger.navs import list_navs

    with ledger_of(start()) as ledger:
        get_fund(ledger, fund)
        found = list_navs(ledger, fund, mode_of(ledger, fund) if mode is None else mode)[-newest:]
    if as_json:
        print_json([asdict(one) for one in found])
        return
    shown = table("NAVs", "day", "nav", "performance", "in", "out", "fee", "accrued", "units", "price", "state<")
    for one in found:
        moved = (one.performance, one.inflow, one.outflow, one.fee + one.redemption_fee, one.accrued)
        state = "final" if one.is_final else f"provisional at {one.struck_at:%H:%M}Z"
        figures = [f"{value:,.2f}" for value in (one.nav, *moved)]
        shown.add_row(str(one.day), *figures, f"{one.units:,f}", f"{one.price:,.6f}", state)
    console().print(shown)


@app.command("show")
def show(
    fund: Fund,
    day: Annotated[str | None, typer.Option(metavar="DAY", help="Else the newest.")] = None,
    mode: Mode = None,
    as_json: Json = False,
) -> None:
    """Show one NAV with every client's value, what was dealt at it, and what was booked late into it."""
    from fund_pipeline.accounts.nav.closes import FundDay
    from fund_pipeline.accounts.nav.registers import mode_of
    from fund_pipeline.errors import NotFoundError
    from fund_pipeline.ledger.closed_months import list_late
    from fund_pipeline.ledger.navs import list_client_days, list_dealings, newest_nav

    settings = start()
    wanted = None if day is None else FundDay.of(settings).read_day("day", day)
    with ledger_of(settings) as ledger:
        kind = mode_of(ledger, fund) if mode is None else mode
        nav = newest_nav(ledger, fund, kind, wanted)
        if nav is None or (wanted is not None and nav.day != wanted):
            raise NotFoundError(
                f"day is {wanted or '(the newest)'}: there is no NAV of fund {fund}, {kind.value}",
                remedy=f"run `fund nav strike --fund {fund}`",
            )
        clients = list_client_days(ledger, fund, kind, since=nav.day, until=nav.day)
        dealt = list_dealings(ledger, fund, kind, since=nav.day, until=nav.day)
        late = [one for one in list_late(ledger, fund, kind) if one.booked_on == nav.day]
    if as_json:
        values = asdict(nav) | {"clients": [asdict(one) for one in clients], "dealings": [asdict(one) for one in dealt]}
        print_json(values | {"late": [asdict(one) for one in late]})
        return
    shown = table(f"NAV of {fund}, {kind.value}, {nav.day}", "client", "units", "gross", "accrued fee", "value", "mark")
    for client in clients:
        figures = [f"{value:,.2f}" for value in (client.gross, client.accrued, client.value, client.mark)]
        shown.add_row(client.client_id, f"{client.units:,f}", *figures)
    shown.add_row("all", f"{nav.units:,f}", f"{nav.gross:,.2f}", f"{nav.accrued:,.2f}", f"{nav.nav:,.2f}", "")
    console().print(shown)
    for one in dealt:
        typer.echo(f"{one.client_id}  {one.kind.value}  {one.units:,f} units  {one.amount:,.2f} {nav.currency}")
    _tell_late(late)


@app.command("close")
def close(
    fund: Fund,
    month: Annotated[str, typer.Option(metavar="MONTH", help="As 2026-03.")],
    mode: Mode = None,
    as_json: Json = False,
) -> None:
    """Make a month's NAVs final for good. What is found out later is booked into the open month, and flagged."""
    from fund_pipeline.accounts.nav.closes import month_of
    from fund_pipeline.accounts.nav.late import close_month
    from fund_pipeline.accounts.nav.registers import mode_of

    wanted = month_of("month", month)
    with ledger_of(start()) as ledger:
        kind = mode_of(ledger, fund) if mode is None else mode
        closed = close_month(ledger, fund, kind, wanted, person())
    if as_json:
        print_json({"fund_id": fund, "mode": kind, "month": wanted, "changed": closed})
    else:
        typer.echo(f"closed {month} of fund {fund}" if closed else f"{month} of fund {fund} is closed already")


def _tell(done: Strikes, *, dry_run: bool) -> None:
    word = "would be" if dry_run else "is"
    for nav in done.written[-5:]:
        state = "" if nav.is_final else ", provisional"
        typer.echo(f"{nav.day}: NAV {word} {nav.nav:,.2f} {nav.currency}, a unit {nav.price:,.6f}{state}")
    if len(done.written) > 5:
        typer.echo(f"and {len(done.written) - 5} before them")
    if not done.written:
        typer.echo(f"{done.known} NAVs already were so; nothing was done")
    for day, why in done.left_out.items():
        typer.echo(f"{day}: no NAV, for {why}")
    _tell_late(done.late)


def _tell_late(late: list[LateEntry] | tuple[LateEntry, ...]) -> None:
    for one in late:
        typer.echo(
            f"closed month {one.month:%Y-%m}: {one.kind.value} {one.entity_id} of {one.effective_at:%Y-%m-%d} became "
            f"known after its closing, and counts on {one.booked_on}"
        )
