"""`fund api`: the HTTP API, in the foreground."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from fund_pipeline.cli.context import ledger_of, start


def api(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="TCP port; FUND_API_PORT if not given, 0 for any free one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when it is up.")] = False,
) -> None:
    """Serve the HTTP API until Ctrl-C or SIGTERM; `fund up` does so too. Only this machine can reach it.

    Exit code 0 when asked to stop, 5 when the port cannot be used or the ledger is not up to date.
    """
    from fund_pipeline.api import serve

    settings = start()
    with ledger_of(settings):
        pass  # up to date, or the reason is told here and not by every request

    def when_up(url: str) -> None:
        text = f"  API        {url}\n  described  {url}/openapi.json\n\nCtrl-C stops it."
        typer.echo(json.dumps({"url": url, "pid": os.getpid()}) if as_json else text)

    serve(settings, settings.api_port if port is None else port, when_up)
