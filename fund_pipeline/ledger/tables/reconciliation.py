"""Rates between currencies, and what reconciliation knows: breaks, how each account's books stand, opening cash."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, text

from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.break_model import BooksState, BreakKind, ExternalPolicy
from fund_pipeline.ledger.tables.base import metadata, one_of
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

currency_rates = Table(
    "currency_rates",
    metadata,
    Column("source", String(3), primary_key=True),
    Column("target", String(3), primary_key=True),
    Column("as_of", UtcDateTime(), primary_key=True),
    Column("told_by", ForeignKey("accounts.account_id"), primary_key=True),
    Column("rate", ExactDecimal(), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False),
)

account_books = Table(
    "account_books",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("standing", String(16), nullable=False),
    Column("since", UtcDateTime(), nullable=False),
    Column("last_pass", UtcDateTime()),
    Column("last_complete", UtcDateTime()),
    Column("findings", Json, nullable=False),
    Column("policy", String(8), nullable=False),
    one_of("standing", BooksState),
    one_of("policy", ExternalPolicy),
)

cash_openings = Table(
    "cash_openings",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("currency", String(8), primary_key=True),
    Column("amount", ExactDecimal(), nullable=False),
    Column("as_of", UtcDateTime(), nullable=False),
    Column("through", Integer, nullable=False),
    Column("recorded_at", UtcDateTime(), nullable=False),
)

breaks = Table(
    "breaks",
    metadata,
    Column("break_id", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("fund_id", ForeignKey("funds.fund_id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("instrument_key", String(64)),
    Column("ours", ExactDecimal()),
    Column("theirs", ExactDecimal()),
    Column("message", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("first_seen", UtcDateTime(), nullable=False),
    Column("last_seen", UtcDateTime(), nullable=False),
    Column("passes", Integer, nullable=False),
    Column("cleared_at", UtcDateTime()),
    Column("cleared_because", String(16)),
    Column("cleared_by", String(200), nullable=False),
    one_of("kind", BreakKind),
    one_of("severity", Severity),
)

STANDS = text("cleared_at IS NULL")

Index(
    "uq_breaks_one_open",
    breaks.c.account_id,
    breaks.c.kind,
    breaks.c.subject,
    unique=True,
    sqlite_where=STANDS,
    postgresql_where=STANDS,
)

Index("ix_breaks_first_seen", breaks.c.account_id, breaks.c.first_seen)
