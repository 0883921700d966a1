"""Whether something in the ledger can only be read with the secrets key, so that no other key may be made."""

from __future__ import annotations

from sqlalchemy import exists, or_, select

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away


def needs_secrets_key(ledger: Ledger) -> bool:
    """Whether a user's codes or a sender depend on a key that was there before. TemporaryError."""
    users, codes, senders = tables.users, tables.recovery_codes, tables.senders
    query = select(
        or_(
            exists().where(users.c.totp_secret.is_not(None)),
            exists().where(codes.c.spent_at.is_(None)),
            exists(select(senders.c.sender_id)),
        )
    )
    with ledger_away(), ledger.reading() as connection:
        return bool(connection.execute(query).scalar_one())
