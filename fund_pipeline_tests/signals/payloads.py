"""Payloads as senders write them, and what they are read with."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from fund_pipeline.signals import (
    AssetClass,
    Context,
    Environment,
    Leg,
    NoteCode,
    OrderType,
    Problem,
    SenderOptions,
    Side,
    Signal,
    SignalType,
    load_master,
    parse_json,
    standardise,
)
from fund_pipeline.terms import Right
from fund_pipeline_tests.homes import ROOT

NOW = datetime(2025, 11, 3, 15, 0, tzinfo=UTC)
SENT = int(NOW.timestamp()) - 2
SENT_AT = datetime(2025, 11, 3, 14, 59, 58, tzinfo=UTC)
MASTER = load_master(ROOT / "data" / "instruments.yaml")


def context(*, needs_quantity: bool = True, received_at: datetime = NOW, **options: Any) -> Context:
    """What a signal is read with; the keywords left are the sender's options."""
    return Context("tess", received_at, Environment.STAGING, MASTER, SenderOptions(**options), needs_quantity)


def head(**fields: object) -> dict[str, Any]:
    """A whole envelope without a payload."""
    usual = {"strategy_name": "S1", "signalID": "id-1", "signal_sent_EPOCH": SENT, "environment": "staging"}
    return usual | {"account_equity": 1000} | fields


def v1(*legs: object, kind: str | None = "ENTRY", **fields: object) -> dict[str, Any]:
    """A v1 signal."""
    return head(signal_legs=list(legs)) | ({} if kind is None else {"signal_type": kind}) | fields


def v0(signal: object, **fields: object) -> dict[str, Any]:
    """A v0 or v2 signal: which, the order itself says."""
    return head(signal=signal) | fields


def order(**fields: object) -> dict[str, Any]:
    """A v1 leg that buys ten Apple shares at market; None takes a field away."""
    usual = {"instrument": "AAPL", "instrument_type": "STOCK", "action": "BUY", "quantity": 10}
    usual |= {"order_type": "MARKET", "price": 150}
    return {name: value for name, value in (usual | fields).items() if value is not None}


def gold(**fields: object) -> dict[str, Any]:
    """A v1 leg on a gold future."""
    usual = {"instrument": "GC", "instrument_type": "FUTURE", "expiry": "20251229", "exchange": "COMEX", "price": 4000}
    return order(**usual | fields)


def option(**fields: object) -> dict[str, Any]:
    """A v1 leg on an option."""
    usual = {"instrument": "SPY", "instrument_type": "OPTION", "expiry": "20260117", "strike": 450, "right": "C"}
    return order(**usual | {"price": 12.5} | fields)


def spread(*legs: object, **fields: object) -> dict[str, Any]:
    """A v2 option combination."""
    usual = {"underlying": "SPY", "instrument_type": "OPTION", "order_type": "LIMIT", "price": 2.5, "legs": list(legs)}
    return usual | fields


def wing(action: str | None, quantity: object, strike: object, **fields: object) -> dict[str, Any]:
    """One leg of a combination."""
    usual = {"strike": strike, "expiry": "20260117", "right": "C", "action": action, "quantity": quantity}
    return {name: value for name, value in (usual | fields).items() if value is not None}


def shares(**fields: Any) -> Leg:
    """The leg that `order()` means."""
    usual: dict[str, Any] = {
        "symbol": "AAPL",
        "key": "STOCK:AAPL",
        "asset_class": AssetClass.STOCK,
        "side": Side.BUY,
        "quantity": Decimal(10),
        "order_type": OrderType.MARKET,
        "reference_price": Decimal(150),
        "exchange": "NASDAQ",
        "multiplier": Decimal(1),
        "currency": "USD",
    }
    return Leg(**usual | fields)


SHARES = shares()
GOLD = shares(
    symbol="GC",
    key="FUTURE:GC:COMEX:20251229",
    asset_class=AssetClass.FUTURE,
    exchange="COMEX",
    expiry=date(2025, 12, 29),
    multiplier=Decimal(100),
    reference_price=Decimal(4000),
)
CALL = shares(
    symbol="SPY",
    key="OPTION:SPY:20260117:450:C",
    asset_class=AssetClass.OPTION,
    exchange=None,
    expiry=date(2026, 1, 17),
    strike=Decimal(450),
    right=Right.CALL,
    multiplier=Decimal(100),
    reference_price=Decimal("12.5"),
)


def signal(*legs: Leg, **fields: Any) -> Signal:
    """A standardised signal with the envelope of `head()`."""
    usual: dict[str, Any] = {
        "sender_signal_id": "id-1",
        "sender": "tess",
        "strategy": "S1",
        "type": SignalType.ENTRY,
        "legs": legs,
        "sent_at": SENT_AT,
        "received_at": NOW,
        "sender_equity": Decimal(1000),
        "reference": None,
        "environment": Environment.STAGING,
        "format": "v1",
    }
    return Signal(**usual | fields)


def over_the_wire(payload: object) -> dict[str, Any]:
    """A payload as it is read from its bytes."""
    return parse_json(json.dumps(payload).encode())


def read(payload: object, **known: Any) -> Signal:
    """The signal a payload means; fails with its problem."""
    found = standardise(over_the_wire(payload), context(**known))
    assert isinstance(found, Signal), found.describe()
    return found


def refused(payload: object, **known: Any) -> Problem:
    """The problem of a payload; fails if it has none."""
    found = standardise(over_the_wire(payload), context(**known))
    assert isinstance(found, Problem), found
    return found


def codes(found: Signal) -> set[NoteCode]:
    """The codes of a signal's notes."""
    return {note.code for note in found.inferred}
