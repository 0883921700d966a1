"""Signals in every shape that senders write, for the trading floor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fund_pipeline_tests.decisions.floor import NUMBERS, START, STRATEGY, WEIGHED, leg, signal

EQUITY = 99_900
"""A sender's equity that leaves sizes as they are while ours moves by a little: 400,000 ÷ 99,900 is 4.004."""


def order(at: datetime = START, strategy: str = STRATEGY, **fields: Any) -> dict[str, Any]:
    """A v0 or v2 signal: one order in `signal`, what the sender does is not said."""
    head = {"strategy_name": strategy, "signalID": f"id-{next(NUMBERS)}", "signal_sent_EPOCH": int(at.timestamp())}
    return head | {"environment": "staging", "account_equity": EQUITY, "signal": fields}


def weight(share: object, action: str = "BUY", at: datetime = START, ticker: str = "MTUM") -> dict[str, Any]:
    """What a sender of target weights sends each day."""
    fields = {"ticker": ticker, "instrument_type": "ETF", "action": action, "quantity": share}
    return order(at, WEIGHED, **fields) | {"account_equity": 1}


def sized(kind: str | None, *legs: Mapping[str, Any], at: datetime = START, **fields: Any) -> dict[str, Any]:
    """A v1 signal of a sender with `EQUITY`."""
    return signal(kind, *legs, at=at, **{"account_equity": EQUITY} | fields)


def gold(action: str, quantity: int, price: float, **fields: Any) -> dict[str, Any]:
    """A leg on a gold future."""
    usual = {"instrument_type": "FUTURE", "expiry": "20261229", "exchange": "COMEX", "price": price}
    return leg(action, quantity, "GC", **usual | fields)


def call_spread(opens: bool, quantity: int = 2, at: datetime = START) -> dict[str, Any]:
    """A v2 combination: a 680 call bought and a 690 call sold, or the reverse."""
    first, second = ("BUY", "SELL") if opens else ("SELL", "BUY")
    usual = {"expiry": "20261218", "right": "C", "quantity": quantity}
    legs = [usual | {"strike": 680, "action": first}, usual | {"strike": 690, "action": second}]
    fields = {"underlying": "SPY", "instrument_type": "OPTION", "order_type": "MARKET", "legs": legs}
    return order(at, **fields) | {"account_equity": 100_100}
