"""Senders, the inbox and what was refused at the door."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from fund_pipeline.ledger.signal_model import SenderStatus, SignalState, WayIn
from fund_pipeline.ledger.tables.base import SEQUENCE, NullableJson, metadata, one_of
from fund_pipeline.ledger.types import Json, UtcDateTime

senders = Table(
    "senders",
    metadata,
    Column("sender_id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("environment", String(16), nullable=False),
    Column("allowed_networks", Json, nullable=False),
    Column("hmac_secret", Text),
    Column("options", Json, nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    one_of("status", SenderStatus),
)

sender_passphrases = Table(
    "sender_passphrases",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("sender_id", ForeignKey("senders.sender_id"), nullable=False, index=True),
    Column("hash", Text, nullable=False),
    Column("expires_at", UtcDateTime()),
    Column("created_at", UtcDateTime(), nullable=False),
)

raw_signals = Table(
    "raw_signals",
    metadata,
    Column("signal_id", String(64), primary_key=True),
    Column("sender_id", String(64), nullable=False),
    Column("strategy", String(200), nullable=False),
    Column("sender_signal_id", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("hook_digest", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("headers", Json, nullable=False),
    Column("way_in", String(16), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("repeats", Boolean, nullable=False),
    UniqueConstraint("strategy", "sender_signal_id", "digest"),
    one_of("way_in", WayIn),
)

NOT_REPEATS = text("NOT repeats")

Index(
    "uq_raw_signals_one_per_id",
    raw_signals.c.strategy,
    raw_signals.c.sender_signal_id,
    unique=True,
    sqlite_where=NOT_REPEATS,
    postgresql_where=NOT_REPEATS,
)

Index("ix_raw_signals_hook", raw_signals.c.strategy, raw_signals.c.sender_signal_id, raw_signals.c.hook_digest)

signals = Table(
    "signals",
    metadata,
    Column("signal_id", ForeignKey("raw_signals.signal_id"), primary_key=True),
    Column("sender_id", String(64), nullable=False),
    Column("strategy", String(200), nullable=False),
    Column("sender_signal_id", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    Column("reason", String(64)),
    Column("problem", NullableJson),
    Column("standardised", NullableJson),
    Column("type", String(16)),
    Column("reference", String(200)),
    Column("environment", String(16)),
    Column("format", String(32)),
    Column("sent_at", UtcDateTime()),
    Column("supplement", Text),
    Column("attempts", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("claimed_by", String(128)),
    Column("lease_until", UtcDateTime()),
    one_of("state", SignalState),
)

Index("ix_signals_state", signals.c.state, signals.c.received_at, signals.c.signal_id)

Index("ix_signals_received_at", signals.c.received_at, signals.c.signal_id)

Index("ix_signals_sender", signals.c.sender_id, signals.c.received_at)

Index("ix_signals_strategy", signals.c.strategy, signals.c.received_at)

signal_transitions = Table(
    "signal_transitions",
    metadata,
    Column("signal_id", ForeignKey("signals.signal_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime(), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("reason", String(64)),
    Column("problem", NullableJson),
)

refused_signals = Table(
    "refused_signals",
    metadata,
    Column("refused_id", String(64), primary_key=True),
    Column("sender_id", String(64), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("problem", Json, nullable=False),
    Column("payload", Text, nullable=False),
    Column("way_in", String(16), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False, index=True),
    Column("request_id", String(64), nullable=False),
    one_of("way_in", WayIn),
)

Index("ix_refused_signals_sender", refused_signals.c.sender_id, refused_signals.c.received_at)

signal_resends = Table(
    "signal_resends",
    metadata,
    Column("sequence", SEQUENCE, primary_key=True),
    Column("signal_id", ForeignKey("raw_signals.signal_id"), nullable=False),
    Column("way_in", String(16), nullable=False),
    Column("received_at", UtcDateTime(), nullable=False, index=True),
    Column("request_id", String(64), nullable=False),
    one_of("way_in", WayIn),
)
