"""`fund rates`: rates between currencies that no broker has told us, from its statement."""

from __future__ import annotations

from typing import Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start

app = typer.Typer(help="Rates between currencies.", no_args_is_help=True)


@app.callback()
def rates() -> None:
    """Rates between currencies."""


@app.command("add")
def add(
    source: Annotated[str, typer.Argument(help="Of which one unit is valued, as EUR.")],
    target: Annotated[str, typer.Argument(help="In which, as USD.")],
    rate: Annotated[str, typer.Argument(help="TARGET per 1 SOURCE.")],
    at: Annotated[str, typer.Option(help="When, as 2026-03-02T16:00 (fund's time zone) or with an offset.")],
    account: Annotated[str, typer.Option(metavar="ID", help="The account in whose statement it stands.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it, and record nothing.")] = False,
    as_json: Json = False,
) -> None:
    """State a rate of a moment that no broker has told: `fund rates add EUR USD 1.0842 --at ... --account main`."""
    from dataclasses import asdict
    from zoneinfo import ZoneInfo

    from fund_pipeline.accounts.stated_rates import parse_rate
    from fund_pipeline.ledger.rates import state_rate

    settings, act = start(), person()
    stated = parse_rate(source, target, rate, at, account, ZoneInfo(settings.time_zone), act.at)
    with ledger_of(settings) as ledger:
        state_rate(ledger, stated, act, dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, "rate": asdict(stated)})
        return
    words = f"1 {stated.source} = {stated.rate} {stated.target} at {stated.as_of:%Y-%m-%d %H:%M}Z"
    typer.echo(f"would have recorded {words}; nothing was done" if dry_run else f"recorded {words}")
