"""`fund registry`: funds, accounts and strategies from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start

app = typer.Typer(help="Funds, accounts and strategies, as a YAML file describes them.", no_args_is_help=True)


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="Registry file; data/registry.yaml is an example.")],
    as_json: Json = False,
) -> None:
    """Put every fund, account and strategy of FILE into the ledger. Importing it twice changes nothing."""
    from fund_pipeline.accounts import import_registry, read_registry

    settings = start()
    registry = read_registry(file)
    with ledger_of(settings) as ledger:
        result = import_registry(ledger, registry, person())
    if as_json:
        print_json({"funds": result.funds, "accounts": result.accounts, "strategies": result.strategies})
    else:
        counts = f"{len(result.funds)} fund(s), {len(result.accounts)} account(s)"
        typer.echo(f"added or changed {counts} and {len(result.strategies)} strategies")
