"""`fund settings`: every knob, its value here, its unit and default."""

from __future__ import annotations

from typing import Annotated

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.settings import Settings


def settings(
    example: Annotated[bool, typer.Option("--example", help="Print the content of .env.example instead.")] = False,
    as_json: Json = False,
) -> None:
    """Show every setting and its value in this environment. Secrets are hidden."""
    if example:
        typer.echo(env_example(), nl=False)
        return
    current = start()
    values = {f"FUND_{name.upper()}": str(getattr(current, name) or "") for name in Settings.model_fields}
    if as_json:
        print_json(values)
        return
    shown = table("Settings", "variable", "value<", "meaning<")
    for name, field in Settings.model_fields.items():
        variable = f"FUND_{name.upper()}"
        shown.add_row(variable, values[variable], field.description)
    console().print(shown)


def env_example() -> str:
    """The content of .env.example: each knob commented out at its default, under what it means."""
    lines = ["# Every setting of Fund Pipeline, at its default. Copy to .env and change what you need.", ""]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else field.default
        lines += [f"# {field.description}", f"# FUND_{name.upper()}={default}", ""]
    return "\n".join(lines[:-1]) + "\n"
