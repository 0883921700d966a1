"""What every command starts from: settings, logs, and an open ledger that is up to date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.clock import utc_now
from fund_pipeline.errors import ConfigurationError
from fund_pipeline.logs import configure_logging
from fund_pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from fund_pipeline.ledger import Ledger
    from fund_pipeline.ledger.audit import Act

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of a table.")]


def start() -> Settings:
    """Read the settings and set up logs."""
    settings = load_settings()
    configure_logging(settings.log_format, settings.log_level)
    return settings


@contextmanager
def ledger_of(settings: Settings) -> Iterator[Ledger]:
    """The ledger, or ConfigurationError when it is not at this version's revision."""
    from fund_pipeline.ledger import open_ledger
    from fund_pipeline.ledger.migrate import current_revision, newest_revision

    at, wanted = current_revision(settings.ledger_url), newest_revision()
    if at != wanted:
        raise ConfigurationError(
            f"the ledger is at revision {at or '(empty)'}, this version needs {wanted}",
            remedy="run `fund ledger upgrade`",
        )
    ledger = open_ledger(settings.ledger_url)
    try:
        yield ledger
    finally:
        ledger.close()


def person() -> Act:
    """An act of the person at the terminal, now."""
    from fund_pipeline.ledger.audit import Act

    return Act.by_user(utc_now())


def print_json(value: Any) -> None:
    """Print a value as indented JSON; decimals become strings, times ISO 8601."""
    typer.echo(json.dumps(value, indent=2, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
