"""Bringing a ledger to the newest shape, or back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url

from fund_pipeline.ledger.audit_keys import AuditKeys, new_environment_keys
from fund_pipeline.ledger.engine import Ledger, open_ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.locks import MIGRATION, exclusive


def upgrade(url: str, revision: str = "head", audit_keys: Callable[[], AuditKeys] = new_environment_keys) -> None:
    """Migrate the ledger up. Two processes doing so at once take turns.

    `audit_keys` is asked when the audit log's chain begins; by default a key is made in the home if none is set.
    """
    _run(url, revision, audit_keys, up=True)


def downgrade(url: str, revision: str) -> None:
    """Migrate the ledger down to `revision` (`base` for an empty database). Data of dropped tables is gone."""
    _run(url, revision, new_environment_keys, up=False)


def current_revision(url: str) -> str | None:
    """The revision the ledger is at, or None when it is empty. Looking at an embedded ledger does not create it."""
    database = make_url(url).database if url.startswith("sqlite") else None
    if database is not None and not Path(database).exists():
        return None
    ledger = open_ledger(url)
    try:
        return revision_of(ledger)
    finally:
        ledger.close()


def revision_of(ledger: Ledger) -> str | None:
    """The revision an open ledger is at, or None when it is empty. TemporaryError."""
    with ledger_away(), ledger.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """The revision that this version of the product expects."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("no migrations are installed")
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _run(url: str, revision: str, audit_keys: Callable[[], AuditKeys], *, up: bool) -> None:
    ledger = open_ledger(url)
    try:
        with exclusive(ledger, MIGRATION), ledger.writing() as connection:
            config = _config()
            config.attributes["connection"] = connection
            config.attributes["audit_keys"] = audit_keys
            (command.upgrade if up else command.downgrade)(config, revision)
    finally:
        ledger.close()
