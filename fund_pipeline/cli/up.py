"""`fund up`: everything that runs, in the foreground."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fund_pipeline.services import Running


def up(
    host: Annotated[
        str | None, typer.Option(help="Address to bind; FUND_HOST if not given. Dagster has no login.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="TCP port; FUND_PORT if not given, 0 for any free one.")
    ] = None,
    api_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="The API's TCP port; FUND_API_PORT if not given, any free one with --port 0."
        ),
    ] = None,
    home: Annotated[Path | None, typer.Option(help="Folder of everything embedded; FUND_HOME if not given.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when all is up.")] = False,
) -> None:
    """Start code servers, daemon, web server and API, and stop all of them on Ctrl-C.

    Exit code 0 when asked to stop, 4 when already up, 5 when host, port or home cannot be used, 1 when a process ended.
    """
    from fund_pipeline.services import Address, supervise
    from fund_pipeline.settings import load_settings

    if home is not None:
        os.environ["FUND_HOME"] = str(home)
    settings = load_settings()
    root = settings.root
    web = Address(settings.host if host is None else host, settings.port if port is None else port)
    usual = settings.api_port if web.port else 0
    api = Address(settings.api_host, usual if api_port is None else api_port)

    def say(line: str) -> None:
        typer.echo(line, err=as_json)

    def when_up(running: Running) -> None:
        for warning in warnings_of(running):
            typer.secho(f"WARNING: {warning}", fg=typer.colors.RED, bold=True, err=True)
        if as_json:
            typer.echo(_as_json(root, running))
        else:
            typer.echo(_as_text(root, running))

    supervise(root, web, api, say=say, when_up=when_up)


def warnings_of(running: Running) -> list[str]:
    """What a person should know about services that are up: who else can reach them, and what did not load."""
    warnings = [
        f"{location} did not load: {error.strip()}"
        for location, error in running.locations.items()
        if error is not None
    ]
    if not running.address.is_local:
        warnings.append(
            f"{running.address.host} can be reached from other machines, and Dagster has no login: whoever opens the "
            "page can run everything. Bind 127.0.0.1 and put a proxy with a login in front."
        )
    return warnings


def _as_json(root: Path, running: Running) -> str:
    return json.dumps(
        {
            "url": running.address.url,
            "api": running.api.url,
            "home": str(root),
            "pid": os.getpid(),
            "pids": running.pids,
            "locations": {name: "loaded" if error is None else error for name, error in running.locations.items()},
        }
    )


def _as_text(root: Path, running: Running) -> str:
    url = running.address.url
    return "\n".join(
        [
            "",
            f"  Dagster    {url}",
            f"  lineage    {url}/assets/recommendations?view=lineage&lineageScope=upstream&lineageDepth=10",
            f"  GraphQL    {url}/graphql",
            f"  API        {running.api.url}",
            f"  home       {root}",
            f"  logs       {root / 'logs'}",
            "",
            "Ctrl-C stops everything.",
        ]
    )
