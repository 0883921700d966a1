"""`fund clients`: who holds units of a fund, what they are charged, and what they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.ledger.client_model import Crystallisation
from fund_pipeline.ledger.model import TradingMode

if TYPE_CHECKING:
    from fund_pipeline.ledger.client_model import DealingRequest

app = typer.Typer(help="Who holds units of a fund, what they are charged, and what they ask for.", no_args_is_help=True)
ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="Client id.")]
Day = Annotated[str, typer.Option(metavar="DAY", help="Dealing date, as 2026-03-31; dealt at the NAV of its close.")]
Reference = Annotated[str, typer.Option(help="Its name on paper, unique for the client. The same again is harmless.")]
Amount = Annotated[str | None, typer.Option(help="Money in the fund's currency, to the cent.")]
Units = Annotated[str | None, typer.Option(help="Units, to six places.")]
Everything = Annotated[bool, typer.Option("--everything", help="All that the client holds at that NAV.")]
Note = Annotated[str, typer.Option(help="In words.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check it, and keep nothing.")]


@app.command("add")
def add(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT", help="a-z, 0-9, dot, dash, underscore.")],
    fund: Annotated[str, typer.Option(metavar="F", help="The fund.")],
    name: Annotated[str, typer.Option(help="In words.")],
    fee: Annotated[str, typer.Option(help="Performance fee above the high-water mark: 0.20 is 20 %.")] = "0.20",
    crystallisation: Annotated[Crystallisation, typer.Option(help="When it is charged.")] = Crystallisation.YEAR_END,
    valid_from: Annotated[str | None, typer.Option(metavar="DAY", help="First day of these terms; else today.")] = None,
    user: Annotated[str | None, typer.Option(metavar="ID", help="The login that may see the figures.")] = None,
    mode: Annotated[TradingMode | None, typer.Option(help="LIVE or PAPER; else as the fund's accounts are.")] = None,
    as_json: Json = False,
) -> None:
    """Add a client with the first terms."""
    from fund_pipeline.accounts.clients.entry import parse_client
    from fund_pipeline.accounts.nav.registers import mode_of
    from fund_pipeline.clock import today_in
    from fund_pipeline.ledger.clients import insert_client

    settings, act = start(), person()
    with ledger_of(settings) as ledger:
        kind = mode_of(ledger, fund) if mode is None else mode
        given = {
            "client_id": client_id,
            "fund_id": fund,
            "mode": kind,
            "name": name,
            "user_id": user,
            "valid_from": valid_from or today_in(settings.time_zone),
            "performance_fee": fee,
            "crystallisation": crystallisation,
        }
        client, terms = parse_client(given, act)
        added = insert_client(ledger, client, terms, act)
    if as_json:
        print_json(asdict(client) | {"terms": asdict(terms), "changed": added})
    else:
        words = f"added {client_id}, a {kind.value} client of fund {fund}"
        typer.echo(words if added else f"{client_id} is there already")


@app.command("list")
def list_command(
    fund: Annotated[str | None, typer.Option(metavar="F", help="Only this fund's.")] = None, as_json: Json = False
) -> None:
    """List clients with what they hold at the newest NAV."""
    from fund_pipeline.accounts.clients.holdings import held_by
    from fund_pipeline.ledger.clients import list_clients

    with ledger_of(start()) as ledger:
        found = [(one, held_by(ledger, one)) for one in list_clients(ledger, fund_id=fund)]
    if as_json:
        print_json([asdict(one) | {"held": asdict(held)} for one, held in found])
        return
    shown = table("Clients", "client", "name<", "fund<", "mode<", "units", "value", "accrued fee", "mark", "nav of<")
    for one, held in found:
        money = [f"{value:,.2f}" for value in (held.value, held.accrued, held.mark)]
        where = (one.name, one.fund_id, one.mode.value, f"{held.units:,f}")
        shown.add_row(one.client_id, *where, *money, str(held.day or "–"))
    console().print(shown)


@app.command("show")
def show(client_id: ClientId, as_json: Json = False) -> None:
    """Show one client: units, value, both returns since inception, terms, requests, and what was dealt."""
    from fund_pipeline.accounts.clients.holdings import held_by, returns_of_client
    from fund_pipeline.accounts.performance import Basis
    from fund_pipeline.ledger.clients import get_client, list_terms
    from fund_pipeline.ledger.dealing_requests import list_requests
    from fund_pipeline.ledger.navs import list_dealings

    with ledger_of(start()) as ledger:
        client = get_client(ledger, client_id)
        held, requests = held_by(ledger, client), list_requests(ledger, client_id=client_id)
        returns = {basis: returns_of_client(ledger, client, basis) for basis in Basis}
        terms = list_terms(ledger, [client_id])[client_id]
        dealt = list_dealings(ledger, client.fund_id, client.mode, client_id=client_id)
    if as_json:
        figures = {basis.value.lower(): None if one is None else one.as_json() for basis, one in returns.items()}
        values = asdict(client) | {"held": asdict(held), "returns": figures, "terms": [asdict(one) for one in terms]}
        values["requests"] = [asdict(one) for one in requests]
        print_json(values | {"dealings": [asdict(one) for one in dealt]})
        return
    shown = table(client.name, "field", "value<")
    for name, value in (asdict(client) | asdict(held)).items():
        shown.add_row(name, "–" if value is None else str(value))
    for version in terms:
        fee = f"{version.performance_fee * 100:.2f} %, {version.crystallisation.value}"
        shown.add_row(f"fee from {version.valid_from}", fee)
    console().print(shown)
    for found in returns.values():
        if found is not None:
            typer.echo(str(found))
    for one in requests:
        typer.echo(
            f"{one.day}  {one.kind.value}  {_how_much(one)}  {one.state.value}  {one.reference}  {one.request_id}"
        )


@app.command("terms")
def terms(
    client_id: ClientId,
    valid_from: Annotated[str, typer.Option(metavar="DAY", help="First day of the new terms.")],
    fee: Annotated[str, typer.Option(help="Performance fee above the high-water mark: 0.20 is 20 %.")],
    crystallisation: Annotated[Crystallisation, typer.Option(help="When it is charged.")],
    as_json: Json = False,
) -> None:
    """Give a client other terms from a day on whose NAV is not struck yet. Versions are kept."""
    from fund_pipeline.accounts.clients.entry import parse_terms
    from fund_pipeline.ledger.clients import put_terms

    act = person()
    given = {
        "client_id": client_id,
        "valid_from": valid_from,
        "performance_fee": fee,
        "crystallisation": crystallisation,
    }
    version = parse_terms(given, act)
    with ledger_of(start()) as ledger:
        changed = put_terms(ledger, version, act)
    if as_json:
        print_json(asdict(version) | {"changed": changed})
    else:
        typer.echo(f"{client_id} pays {fee} from {valid_from}" if changed else "these terms are there already")


@app.command("subscribe")
def subscribe(
    client_id: ClientId,
    amount: Annotated[str, typer.Option(help="Money in the fund's currency, to the cent.")],
    day: Day,
    reference: Reference,
    note: Note = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Ask for units for money. It is dealt once the NAV of the day is struck and the money is in an account."""
    _ask({"kind": "SUBSCRIPTION", "amount": amount}, client_id, day, reference, note, dry_run=dry_run, as_json=as_json)


@app.command("redeem")
def redeem(
    client_id: ClientId,
    day: Day,
    reference: Reference,
    amount: Amount = None,
    units: Units = None,
    everything: Everything = False,
    note: Note = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Ask for money for units: an amount, so many units, or everything."""
    asked = {"kind": "REDEMPTION", "amount": amount, "units": units, "everything": everything}
    _ask(asked, client_id, day, reference, note, dry_run=dry_run, as_json=as_json)


@app.command("transfer")
def transfer(
    client_id: ClientId,
    to: Annotated[str, typer.Option(metavar="CLIENT", help="Who gets the units.")],
    day: Day,
    reference: Reference,
    amount: Amount = None,
    units: Units = None,
    everything: Everything = False,
    note: Note = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Ask for units to go to another client, with their part of the mark and of the accrued fee."""
    asked = {"kind": "TRANSFER", "amount": amount, "units": units, "everything": everything, "to_client": to}
    _ask(asked, client_id, day, reference, note, dry_run=dry_run, as_json=as_json)


@app.command("cancel")
def cancel(
    request_id: Annotated[str, typer.Argument(metavar="REQUEST", help="Id of the request, see `show`.")],
    as_json: Json = False,
) -> None:
    """Take back a request that was not dealt yet."""
    from fund_pipeline.ledger.dealing_requests import cancel_request

    with ledger_of(start()) as ledger:
        cancelled = cancel_request(ledger, request_id, person())
    if as_json:
        print_json(asdict(cancelled))
    else:
        typer.echo(f"took back {request_id} of {cancelled.client_id}")


def _ask(
    asked: Mapping[str, object], client_id: str, day: str, reference: str, note: str, *, dry_run: bool, as_json: bool
) -> None:
    from fund_pipeline.accounts.clients.entry import parse_request
    from fund_pipeline.accounts.clients.requests import ask

    act = person()
    said: dict[str, object] = {"client_id": client_id, "day": day, "reference": reference, "note": note}
    request = parse_request({**said, **asked}, act)
    with ledger_of(start()) as ledger:
        new = ask(ledger, request, act, dry_run=dry_run)
    if as_json:
        print_json(asdict(request) | {"changed": new, "dry_run": dry_run})
        return
    words = f"taken: {request.kind.value} of {_how_much(request)} for the NAV of {request.day}, {request.request_id}"
    words = words if new else f"{request.request_id} is there already"
    typer.echo(f"would be {words}; nothing was done" if dry_run and new else words)


def _how_much(one: DealingRequest) -> str:
    if one.amount is not None:
        return f"{one.amount:,f}"
    return "everything" if one.units is None else f"{one.units:,f} units"
