"""`fund report`: what is published of a fund, a client or a sender, in words a person can act on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.tables import console, headed, shown, table
from fund_pipeline.errors import InputError, InvariantError

if TYPE_CHECKING:
    from fund_pipeline.dashboards import AdminDashboard, Built

app = typer.Typer(no_args_is_help=True, help="What is published of a fund, a client or a sender, and building it anew.")

File = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write the page of it into this file.")]


@app.command()
def admin(
    fund: Annotated[
        str | None, typer.Option(metavar="ID", help="Which fund; may be left out where there is one.")
    ] = None,
    html: File = None,
    as_json: Json = False,
) -> None:
    """Tell how a fund is: money, margin, what is open, and what a person should do.

    JSON: build_id, as_of, built_at, fund_id, overview{}, rates[], equity_history[], positions[], signals[],
    orders[], scorecard[]; the columns are those of docs/dashboards.md.
    """
    from dataclasses import asdict

    from fund_pipeline.clock import utc_now
    from fund_pipeline.dashboards import admin_dashboard, fund_ids
    from fund_pipeline.dashboards.words import admin_report

    with ledger_of(start()) as ledger:
        built, found = admin_dashboard(ledger, fund if fund is not None else _only(fund_ids(ledger)))
    if html is not None:
        from fund_pipeline.web import admin_page

        _write(html, admin_page(built, found, utc_now(), funds=(), user=None))
    if as_json:
        print_json(asdict(built) | asdict(found))
        return
    _tell(built, admin_report(found))
    _positions(found)
    if html is not None:
        console().print(headed("Page", f" {html}"))


@app.command()
def client(
    client_id: Annotated[str, typer.Argument(metavar="ID", help="The client.")],
    as_json: Json = False,
) -> None:
    """Tell a client what it holds, and both of its returns, after fees and before.

    JSON: build_id, as_of, built_at, client_id, statement{}; the columns are those of docs/dashboards.md.
    """
    from dataclasses import asdict

    from fund_pipeline.dashboards import client_dashboard
    from fund_pipeline.dashboards.words import client_report

    with ledger_of(start()) as ledger:
        built, found = client_dashboard(ledger, client_id)
    if as_json:
        print_json(asdict(built) | asdict(found))
        return
    _tell(built, client_report(found))


@app.command()
def sender(
    sender_id: Annotated[str, typer.Argument(metavar="ID", help="The sender.")],
    as_json: Json = False,
) -> None:
    """Tell a sender what became of its signals.

    JSON: build_id, as_of, built_at, sender_id, statement{}, payouts[]; the columns are those of docs/dashboards.md.
    """
    from dataclasses import asdict

    from fund_pipeline.dashboards import sender_dashboard
    from fund_pipeline.dashboards.words import sender_report

    with ledger_of(start()) as ledger:
        built, found = sender_dashboard(ledger, sender_id)
    if as_json:
        print_json(asdict(built) | asdict(found))
        return
    _tell(built, sender_report(found))


@app.command("list")
def list_published(as_json: Json = False) -> None:
    """List of whom something is published, and of when it is. JSON: build{}, funds[], clients[],
    senders[]."""
    from dataclasses import asdict

    from fund_pipeline.dashboards import client_ids, fund_ids, sender_ids
    from fund_pipeline.ledger.dashboards import newest_build

    with ledger_of(start()) as ledger:
        build, funds = newest_build(ledger), fund_ids(ledger)
        clients, senders = client_ids(ledger), sender_ids(ledger)
    if as_json:
        told: dict[str, Any] = {"build": None if build is None else asdict(build)}
        print_json(told | {"funds": funds, "clients": clients, "senders": senders})
        return
    if build is None:
        console().print("Nothing is published yet. Run `fund report build`.")
        return
    found = table(f"Build {build.build_id}, of the ledger as of {build.as_of:%Y-%m-%d %H:%M:%S}Z", "what", "id<")
    for kind, ids in (("fund", funds), ("client", clients), ("sender", senders)):
        for one in ids:
            found.add_row(kind, one)
    console().print(found)


@app.command("build")
def build_now(
    whole: Annotated[
        bool, typer.Option("--whole", help="Read all of the ledger again, not only what changed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build the marts from the ledger as it is now, check them, and publish them. What was published stays if it fails.

    It is the job that the schedule starts, so that every model and test is seen in the Dagster UI. Exit code 1: a
    model, a test or an expectation failed, and which.

    JSON: build_id, schema, as_of, built_at, rows{}, run_id, checks[].
    """
    from dataclasses import asdict

    from fund_pipeline.cli.nightly import with_progress
    from fund_pipeline.ledger.dashboards import newest_build
    from fund_pipeline.services.dashboards import run_publishing

    settings = start()
    with ledger_of(settings) as ledger:
        done = with_progress(lambda act, tell: run_publishing(settings, act, tell, whole=whole), quiet=as_json)
        build = newest_build(ledger)
    if build is None:
        raise InvariantError("the run ended well, and nothing is published")
    if as_json:
        print_json(asdict(build) | {"run_id": done.run_id, "checks": [asdict(check) for check in done.checks]})
        return
    rows = sum(build.rows.values())
    console().print(headed("Published", f" {rows} rows of {len(build.rows)} marts as build {build.build_id}"))
    console().print(headed("Checks", f"    {done.count(passed=True)} passed, {done.count(passed=False)} failed"))


@app.command()
def prepare() -> None:
    """Parse the dbt project, once for all who use this installation. Whoever needs it does so too, if it may."""
    from fund_pipeline.warehouse.marts import prepared_manifest

    start()
    console().print(headed("Prepared", f" {prepared_manifest()}"))


def _only(ids: tuple[str, ...]) -> str:
    if len(ids) == 1:
        return ids[0]
    if not ids:
        raise InputError("nothing is published yet", remedy="run `fund report build`")
    raise InputError("there are several funds", remedy=f"name one with --fund: {', '.join(ids)}")


def _tell(built: Built, sentences: Iterable[str]) -> None:
    terminal = console()
    for number, sentence in enumerate(sentences):
        terminal.print(shown(sentence, "bold" if number == 0 else ""))
    terminal.print(
        shown(f"Of the ledger as of {built.as_of:%Y-%m-%d %H:%M:%S}Z, published {built.built_at:%Y-%m-%d %H:%M:%S}Z.")
    )


def _positions(found: AdminDashboard) -> None:
    from fund_pipeline.dashboards.words import amount, quantity, signed

    if not found.positions:
        return
    held = table(
        "\nPositions", "instrument", "strategy<", "account<", "quantity", "average price", "at cost", "realised"
    )
    for row in found.positions:
        held.add_row(
            row["instrument_key"],
            row["strategy"],
            row["account_id"],
            quantity(row["quantity"]),
            amount(row["average_price"], 4),
            amount(row["cost"]),
            signed(row["realised_pnl"]),
        )
    console().print(held)


def _write(path: Path, html: str) -> None:
    try:
        path.write_text(html, encoding="utf-8")
    except OSError as refused:
        raise InputError(
            f"{path} cannot be written: {refused.strerror}", remedy="name a file in a folder of yours"
        ) from None
