"""`fund audit`: what was done, by whom, and whether the record of it is whole."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import InputError

app = typer.Typer(help="The audit log: read it, check it, anchor it outside the database.", no_args_is_help=True)


@app.command("verify")
def verify(as_json: Json = False) -> None:
    """Check every row of the audit log, and the anchors. Exit code 1 names the first bad row and what is wrong."""
    from fund_pipeline.ledger.audit_check import verify_audit

    settings = start()
    with ledger_of(settings) as ledger:
        verdict = verify_audit(ledger, settings.audit_anchors)
    if as_json:
        print_json({"ok": verdict.ok, **asdict(verdict)})
    elif verdict.ok:
        typer.echo(
            f"{verdict.rows} rows are as they were written; {verdict.anchors} anchor(s), up to row {verdict.anchored}"
        )
    else:
        at = "" if verdict.sequence is None else f" at row {verdict.sequence}"
        problem = verdict.problem.value if verdict.problem is not None else ""
        typer.echo(f"{problem}{at}: {verdict.message}")
    if not verdict.ok:
        raise typer.Exit(1)


@app.command("anchor")
def anchor(as_json: Json = False) -> None:
    """Write the head of the audit log to audit-anchors.jsonl and to the log, as the nightly job does."""
    from fund_pipeline.ledger.anchors import anchor_audit

    settings = start()
    with ledger_of(settings) as ledger:
        made = anchor_audit(ledger, settings.audit_anchors, utc_now())
    if as_json:
        print_json(asdict(made))
    else:
        typer.echo(f"anchored row {made.sequence}, {made.hash}, at {made.at}")


@app.command("list")
def list_command(
    entity: Annotated[str | None, typer.Option(help="Only of this kind, for example fund, strategy, user.")] = None,
    entity_id: Annotated[str | None, typer.Option("--id", help="Only of the one with this id.")] = None,
    since: Annotated[str | None, typer.Option(help="From this moment on, ISO 8601; UTC if it names no zone.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the newest.")] = None,
    as_json: Json = False,
) -> None:
    """List what was done, oldest first."""
    from fund_pipeline.ledger.audit import list_audit

    with ledger_of(start()) as ledger:
        rows = list_audit(ledger, entity=entity, entity_id=entity_id, since=_moment(since), newest=limit)
    if as_json:
        print_json([{"sequence": row.sequence, **asdict(row.entry), "hash": row.hash} for row in rows])
        return
    shown = table("Audit log", "row", "at<", "actor<", "action<", "of<", "detail<")
    for row in rows:
        entry = row.entry
        detail = json.dumps(entry.detail)
        thing = f"{entry.entity} {entry.entity_id}"
        shown.add_row(str(row.sequence), f"{entry.at:%Y-%m-%d %H:%M:%S}Z", entry.actor, entry.action, thing, detail)
    console().print(shown)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no moment", remedy="write it as 2026-03-02 or 2026-03-02T05:00:00Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
