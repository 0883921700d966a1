"""`fund keys`: what programs prove themselves with."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.key_model import Scope

if TYPE_CHECKING:
    from datetime import datetime

    from fund_pipeline.ledger.key_model import ApiKey

app = typer.Typer(help="Keys of programs that use the HTTP API, and what each may do.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The program that it is for.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; repeat for more.")],
    days: Annotated[int | None, typer.Option(min=1, max=3660, help="Days it works; for ever if not given.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key and show it, this once. Only its digest is kept."""
    from fund_pipeline.users import add_key

    with ledger_of(start()) as ledger:
        made = add_key(ledger, name, scope, person(), lasting=None if days is None else timedelta(days=days))
    key = made.key
    if as_json:
        print_json({"key": made.text} | asdict(key))
        return
    typer.echo(made.text)
    typer.echo(
        f"Key {key.key_id} of {key.name}: {', '.join(key.scopes)}; expires {_moment(key.expires_at)}. "
        "It is not shown again. Send it as `Authorization: Bearer KEY`.",
        err=True,
    )


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """List the keys. Nothing secret is shown."""
    from fund_pipeline.ledger.api_keys import list_keys

    with ledger_of(start()) as ledger:
        keys = list_keys(ledger)
    now = utc_now()
    if as_json:
        print_json([asdict(key) | {"status": _status(key, now)} for key in keys])
        return
    shown = table("Keys", "id", "name<", "scopes<", "status<", "expires<", "made by<", "made<")
    for key in keys:
        made = _moment(key.created_at)
        expires = _moment(key.expires_at)
        shown.add_row(key.key_id, key.name, "\n".join(key.scopes), _status(key, now), expires, key.created_by, made)
    console().print(shown)


@app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the key, as `list` shows it.")]) -> None:
    """Accept a key no more, from the next request on."""
    from fund_pipeline.ledger.api_keys import revoke_key

    with ledger_of(start()) as ledger:
        revoke_key(ledger, key_id, person())
    typer.echo(f"revoked {key_id}")


def _status(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "REVOKED"
    return "EXPIRED" if key.expires_at is not None and key.expires_at <= now else "ACTIVE"


def _moment(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M}Z"
