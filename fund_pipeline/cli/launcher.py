"""`fund launcher`: whether runs are forked by the warm process, and how it is."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.tables import console, table

MEBIBYTE = 2**20


def launcher(
    hours: Annotated[float, typer.Option("--hours", min=0.01, help="Count the runs of so many hours.")] = 24.0,
    as_json: Json = False,
) -> None:
    """Show how the warm process is, and how many runs it forked or had to leave to the stock launcher."""
    from fund_pipeline.defs.home import prepare_home
    from fund_pipeline.launcher.figures import look

    settings = start()
    os.environ["DAGSTER_HOME"] = str(prepare_home(settings))
    found = look(settings.dagster_home, datetime.now(UTC) - timedelta(hours=hours))
    if as_json:
        print_json(asdict(found))
        return
    terminal = console()
    if found.warm is not None:
        warm = found.warm
        since = datetime.fromtimestamp(warm["since"], UTC)
        terminal.print(
            f"The warm process {warm['pid']} is up since {since:%Y-%m-%d %H:%M:%S}Z: {warm['workers']} of "
            f"{warm['most_at_once']} workers, {warm['memory_bytes'] / MEBIBYTE:.0f} MiB, code of {warm['module']}."
        )
    elif found.problem is not None:
        terminal.print(f"The warm process does not work: {found.problem}. The stock launcher starts its runs.")
        terminal.print("To fix: read the log `warm` in FUND_HOME/logs")
    else:
        terminal.print(
            "No warm process is up: the stock launcher starts every run. `fund up` has one, unless "
            "FUND_WARM_LAUNCHER is false."
        )
    shown = table(f"Runs of the last {hours:g} h", "launched", "runs")
    shown.add_row("forked by the warm process", str(found.forked))
    shown.add_row("by the stock launcher", str(found.stock))
    shown.add_row("of these, because the warm process could not", str(found.fell_back))
    terminal.print(shown)
