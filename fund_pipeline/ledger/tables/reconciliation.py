"""Rates between currencies, and what reconciliation found."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, String, Table

from fund_pipeline.ledger.tables.base import metadata
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

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
