"""`fund alerts`: what a person must look at."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.ledger.account_model import Alert

app = typer.Typer(help="What a person must look at.", no_args_is_help=True)


@app.command("list")
def list_command(
    only_open: Annotated[bool, typer.Option("--open", help="Only those that nobody has acknowledged.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
    as_json: Json = False,
) -> None:
    """List the alerts, the one that last came up first."""
    from fund_pipeline.ledger.alerts import list_alerts

    with ledger_of(start()) as ledger:
        alerts = list_alerts(ledger, only_open=only_open, limit=limit)
    if as_json:
        print_json([_values(alert) for alert in alerts])
        return
    shown = table("Alerts", "alert", "severity<", "kind<", "about<", "last<", "times", "what<", "to do<")
    for alert in alerts:
        told = alert.trouble
        words = (told.message, told.remedy if alert.is_open else f"acknowledged by {alert.acknowledged_by}")
        when, about = f"{alert.last_at:%Y-%m-%d %H:%M:%S}Z", f"{told.entity} {told.entity_id}"
        shown.add_row(alert.alert_id, told.severity.value, told.kind, about, when, str(alert.raised), *words)
    console().print(shown)


@app.command("acknowledge")
def acknowledge(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="The alert, as `list` shows it.")],
    note: Annotated[str, typer.Option(help="What is done about it, for the record.")],
    as_json: Json = False,
) -> None:
    """Say that somebody has an alert in hand. The same trouble later is a new alert."""
    from fund_pipeline.ledger import alerts

    if not note.strip():
        raise InputError("a note is missing", remedy="say with --note what is done about it")
    with ledger_of(start()) as ledger:
        alert = alerts.acknowledge(ledger, alert_id, note.strip(), person())
    if as_json:
        print_json(_values(alert))
    else:
        typer.echo(f"acknowledged {alert.trouble.kind} of {alert.trouble.entity} {alert.trouble.entity_id}")


def _values(alert: Alert) -> dict[str, Any]:
    values = asdict(alert) | {"is_open": alert.is_open}
    return {**values.pop("trouble"), **values}
