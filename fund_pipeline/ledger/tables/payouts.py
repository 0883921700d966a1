"""What was agreed with senders, what they are owed month by month, what it rests on, and what was paid."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, ForeignKeyConstraint, Index, String, Table, Text

from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.tables.base import metadata, one_of
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime

payout_terms = Table(
    "payout_terms",
    metadata,
    Column("sender_id", ForeignKey("senders.sender_id"), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("share", ExactDecimal(), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("note", Text, nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("recorded_at", UtcDateTime(), nullable=False),
)

KEY = ("fund_id", "mode", "sender_id", "month")

payouts = Table(
    "payouts",
    metadata,
    Column("fund_id", ForeignKey("funds.fund_id"), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("sender_id", ForeignKey("senders.sender_id"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("share", ExactDecimal(), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("realised", ExactDecimal(), nullable=False),
    Column("late", ExactDecimal(), nullable=False),
    Column("carried_rate", ExactDecimal()),
    Column("cumulative", ExactDecimal(), nullable=False),
    Column("peak_before", ExactDecimal(), nullable=False),
    Column("due", ExactDecimal(), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("closed_by", String(200), nullable=False),
    Column("closed_at", UtcDateTime(), nullable=False),
    one_of("mode", TradingMode),
)

Index("ix_payouts_sender_id", payouts.c.sender_id, payouts.c.month)

payout_items = Table(
    "payout_items",
    metadata,
    Column("broker", String(32), primary_key=True),
    Column("broker_account", String(64), primary_key=True),
    Column("broker_execution_id", String(128), primary_key=True),
    Column("entry_signal_id", ForeignKey("raw_signals.signal_id"), primary_key=True),
    Column("fund_id", String(64), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("sender_id", String(64), nullable=False),
    Column("month", Date, nullable=False),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("strategy", String(200), nullable=False),
    Column("instrument_key", String(64), nullable=False),
    Column("gain", ExactDecimal(), nullable=False),
    Column("currency", String(8), nullable=False),
    Column("commission", ExactDecimal(), nullable=False),
    Column("commission_currency", String(8), nullable=False),
    Column("gain_rate", ExactDecimal(), nullable=False),
    Column("commission_rate", ExactDecimal(), nullable=False),
    Column("net", ExactDecimal(), nullable=False),
    Column("executed_at", UtcDateTime(), nullable=False),
    Column("executed_month", Date, nullable=False),
    ForeignKeyConstraint(KEY, [f"payouts.{one}" for one in KEY]),
    ForeignKeyConstraint(
        ("broker", "broker_account", "broker_execution_id"),
        ("executions.broker", "executions.broker_account", "executions.broker_execution_id"),
    ),
)

Index("ix_payout_items_sender_id", *(payout_items.c[one] for one in ("sender_id", "fund_id", "mode", "month")))

payout_payments = Table(
    "payout_payments",
    metadata,
    Column("fund_id", String(64), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("sender_id", String(64), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("amount", ExactDecimal(), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("flow_id", ForeignKey("cash_flows.flow_id"), nullable=False, unique=True),
    Column("paid_at", UtcDateTime(), nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("recorded_at", UtcDateTime(), nullable=False),
    Column("note", Text, nullable=False),
    ForeignKeyConstraint(KEY, [f"payouts.{one}" for one in KEY]),
)
