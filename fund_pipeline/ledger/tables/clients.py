"""Clients, their terms and requests; NAVs, what clients' units are worth in them, and what was dealt at them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from fund_pipeline.ledger.client_model import Crystallisation, RequestKind
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.nav_model import DealingKind, LateKind
from fund_pipeline.ledger.tables.base import metadata, one_of
from fund_pipeline.ledger.types import ExactDecimal, UtcDateTime


def _money(*names: str) -> list[Column[object]]:
    return [Column(name, ExactDecimal(), nullable=False) for name in names]


def _day_of_fund(*of_fund: ForeignKey) -> list[Column[object]]:
    return [
        Column("fund_id", String(64), *of_fund, primary_key=True),
        Column("mode", String(8), primary_key=True),
        Column("day", Date, primary_key=True),
    ]


clients = Table(
    "clients",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("fund_id", ForeignKey("funds.fund_id"), nullable=False, index=True),
    Column("mode", String(8), nullable=False),
    Column("name", String(200), nullable=False),
    Column("user_id", ForeignKey("users.user_id")),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    one_of("mode", TradingMode),
)

client_terms = Table(
    "client_terms",
    metadata,
    Column("client_id", ForeignKey("clients.client_id"), primary_key=True),
    Column("valid_from", Date, primary_key=True),
    Column("performance_fee", ExactDecimal(), nullable=False),
    Column("crystallisation", String(16), nullable=False),
    Column("recorded_by", String(200), nullable=False),
    Column("recorded_at", UtcDateTime(), nullable=False),
    one_of("crystallisation", Crystallisation),
)

dealing_requests = Table(
    "dealing_requests",
    metadata,
    Column("request_id", String(64), primary_key=True),
    Column("client_id", ForeignKey("clients.client_id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("day", Date, nullable=False),
    Column("amount", ExactDecimal()),
    Column("units", ExactDecimal()),
    Column("to_client", ForeignKey("clients.client_id")),
    Column("reference", String(128), nullable=False),
    Column("note", Text, nullable=False),
    Column("requested_by", String(200), nullable=False),
    Column("requested_at", UtcDateTime(), nullable=False),
    Column("cancelled_by", String(200)),
    Column("cancelled_at", UtcDateTime()),
    Column("updated_at", UtcDateTime(), nullable=False),
    UniqueConstraint("client_id", "reference"),
    one_of("kind", RequestKind),
)

navs = Table(
    "navs",
    metadata,
    *_day_of_fund(ForeignKey("funds.fund_id")),
    Column("as_of", UtcDateTime(), nullable=False),
    Column("close_at", UtcDateTime(), nullable=False),
    Column("is_final", Boolean, nullable=False),
    Column("currency", String(3), nullable=False),
    *_money("equity", "deposited", "withdrawn", "fees_paid", "subscribed", "redeemed", "crystallised", "inflow"),
    *_money("performance", "gross", "fee", "accrued", "nav", "outflow", "redemption_fee", "arriving"),
    *_money("units", "price"),
    Column("digest", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("struck_by", String(200), nullable=False),
    Column("struck_at", UtcDateTime(), nullable=False),
    one_of("mode", TradingMode),
)

client_days = Table(
    "client_days",
    metadata,
    *_day_of_fund(),
    Column("client_id", ForeignKey("clients.client_id"), primary_key=True),
    *_money("units", "inflow", "gross", "fee", "accrued", "charge", "value", "outflow", "mark"),
    *_money("closing_units", "closing_accrued"),
    Column("revision", Integer, nullable=False),
    ForeignKeyConstraint(["fund_id", "mode", "day"], ["navs.fund_id", "navs.mode", "navs.day"]),
)

Index("ix_client_days_client_id", client_days.c.client_id, client_days.c.day)

dealings = Table(
    "dealings",
    metadata,
    *_day_of_fund(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("client_id", ForeignKey("clients.client_id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("request_id", ForeignKey("dealing_requests.request_id"), index=True),
    Column("at_open", Boolean, nullable=False),
    *_money("units", "amount", "fee", "mark"),
    Column("revision", Integer, nullable=False),
    ForeignKeyConstraint(["fund_id", "mode", "day"], ["navs.fund_id", "navs.mode", "navs.day"]),
    one_of("kind", DealingKind),
)

Index("ix_dealings_client_id", dealings.c.client_id, dealings.c.day)

closed_months = Table(
    "closed_months",
    metadata,
    Column("fund_id", ForeignKey("funds.fund_id"), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("closed_by", String(200), nullable=False),
    Column("closed_at", UtcDateTime(), nullable=False),
    one_of("mode", TradingMode),
)

late_entries = Table(
    "late_entries",
    metadata,
    Column("fund_id", ForeignKey("funds.fund_id"), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("entity_id", String(240), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    Column("effective_at", UtcDateTime(), nullable=False),
    Column("known_at", UtcDateTime(), nullable=False),
    Column("month", Date, nullable=False),
    Column("booked_on", Date, nullable=False),
    one_of("kind", LateKind),
    CheckConstraint("booked_on > month", name="booked_later"),
)
