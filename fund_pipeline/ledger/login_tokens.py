"""Logins that were ended before their time, kept until that time is over. No token is here, only its id."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away


def is_ended(ledger: Ledger, token_id: str) -> bool:
    """Whether whoever it was given to has logged out."""
    table = tables.ended_logins
    with ledger_away(), ledger.reading() as connection:
        return connection.execute(select(table.c.token_id).where(table.c.token_id == token_id)).first() is not None


def end_token(ledger: Ledger, token_id: str, expires_at: datetime, now: datetime) -> None:
    """Remember that a token is good no more, and forget those that have ended by themselves."""
    table = tables.ended_logins
    dialect = sqlite if ledger.is_sqlite else postgresql
    with ledger_away(), ledger.writing() as connection:
        connection.execute(delete(table).where(table.c.expires_at <= now))
        row = {"token_id": token_id, "expires_at": expires_at}
        connection.execute(dialect.insert(table).values(row).on_conflict_do_nothing())
