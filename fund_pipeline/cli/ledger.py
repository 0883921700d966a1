"""`fund ledger`: the shape of the system of record."""

from __future__ import annotations

from typing import Annotated

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.errors import InputError

app = typer.Typer(help="The system of record: bring its tables up to date.", no_args_is_help=True)


@app.command("upgrade")
def upgrade_command() -> None:
    """Bring the ledger to the newest revision. Doing it again changes nothing."""
    from fund_pipeline.ledger.migrate import current_revision, upgrade

    settings = start()
    before = current_revision(settings.ledger_url)
    upgrade(settings.ledger_url)
    after = current_revision(settings.ledger_url)
    typer.echo(f"ledger at revision {after}" + ("" if before == after else f" (was {before or 'empty'})"))


@app.command("downgrade")
def downgrade_command(
    revision: Annotated[str, typer.Argument(help="Revision to go back to, or `base` for an empty database.")],
    yes: Annotated[bool, typer.Option("--yes", help="Really do it: the data of dropped tables is gone.")] = False,
) -> None:
    """Take the ledger back to an older revision."""
    from fund_pipeline.ledger.migrate import current_revision, downgrade

    settings = start()
    if not yes:
        raise InputError(
            f"going back to {revision} drops tables and their data", remedy="make a backup, then add --yes"
        )
    downgrade(settings.ledger_url, revision)
    typer.echo(f"ledger at revision {current_revision(settings.ledger_url) or '(empty)'}")


@app.command("status")
def status(as_json: Json = False) -> None:
    """Show the ledger's revision and the one this version needs."""
    from fund_pipeline.ledger.migrate import current_revision, newest_revision

    settings = start()
    at, wanted = current_revision(settings.ledger_url), newest_revision()
    if as_json:
        print_json({"revision": at, "newest": wanted, "up_to_date": at == wanted})
    else:
        typer.echo(f"revision {at or '(empty)'}; newest {wanted}")
