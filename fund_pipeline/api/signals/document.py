"""How a signal looks, for the description of the API. What is checked, and how, is the signals room's."""

from __future__ import annotations

from typing import Any

_HEAD: dict[str, Any] = {
    "strategy_name": {"type": "string", "minLength": 1, "maxLength": 200, "description": "Id of the strategy."},
    "signalID": {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "description": "Your own id, a new one for every signal.",
    },
    "signal_sent_EPOCH": {
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "description": "Seconds since 1970, UTC; ISO 8601 is understood too.",
    },
    "passphrase": {
        "type": "string",
        "minLength": 1,
        "maxLength": 1024,
        "format": "password",
        "description": "Your secret, which is the login. It is never stored.",
    },
    "environment": {"enum": ["staging", "production"], "description": "Absent: the one you are registered for."},
}
_NUMBER = {"anyOf": [{"type": "number"}, {"type": "string"}]}
_ORDER: dict[str, Any] = {
    "instrument_type": {"enum": ["STOCK", "ETF", "OPTION", "FOREX", "FUTURE", "CRYPTO"]},
    "action": {"enum": ["BUY", "SELL", "BUY_CALL", "SELL_ALL"]},
    "direction": {"enum": ["LONG", "SHORT"]},
    "quantity": _NUMBER,
    "order_type": {"enum": ["MARKET", "LIMIT", "STOP", "STOP_LIMIT"]},
    "price": _NUMBER,
    "stop_loss": _NUMBER,
    "take_profit": _NUMBER,
    "expiry": {"type": "string", "description": "YYYYMMDD."},
    "exchange": {"type": "string"},
    "environment": _HEAD["environment"],
}
_TYPE = {"enum": ["ENTRY", "EXIT", "SCALE_IN", "SCALE_OUT", "CANCEL"]}
_SENT = {"strategy_name": "S1", "signal_sent_EPOCH": 1762181998, "passphrase": "your passphrase"}


def _envelope(title: str, **fields: Any) -> dict[str, Any]:
    required = ["strategy_name", "signalID", "signal_sent_EPOCH", "passphrase"]
    return {"title": title, "type": "object", "required": required, "properties": _HEAD | fields}


def _single(title: str, **fields: Any) -> dict[str, Any]:
    return _envelope(title, signal={"type": "object", "properties": _ORDER | fields}) | {
        "required": ["strategy_name", "signalID", "signal_sent_EPOCH", "passphrase", "signal"]
    }


SCHEMAS: dict[str, dict[str, Any]] = {
    "v0": _single("v0: one order", ticker={"type": "string"}),
    "v2": _single(
        "v2: one order, or a combination of options",
        ticker={"type": "string"},
        instrument={"type": "string"},
        underlying={"type": "string"},
        legs={"type": "array", "items": {"type": "object"}},
    ),
    "v1": _envelope(
        "v1: legs, of which all are ordered or none",
        signal_type=_TYPE,
        account_equity=_NUMBER,
        entry_signal_id={"type": "string"},
        signal_legs={
            "type": "array",
            "items": {"type": "object", "properties": {"instrument": {"type": "string"}} | _ORDER},
        },
    ),
    "tradingview": _envelope(
        "TradingView: an alert of a strategy",
        ticker={"type": "string"},
        exchange={"type": "string"},
        action={"type": "string"},
        contracts=_NUMBER,
        price=_NUMBER,
        market_position={"type": "string"},
        market_position_size=_NUMBER,
        prev_market_position={"type": "string"},
        prev_market_position_size=_NUMBER,
    ),
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "v0": _SENT | {"signalID": "a-1", "signal": {"ticker": "AAPL", "action": "BUY", "price": "150.25", "quantity": 10}},
    "v2": _SENT
    | {
        "signalID": "a-2",
        "environment": "staging",
        "timestamp": "2025-11-03T14:59:58+00:00",
        "signal": {
            "signal_type": "ENTRY",
            "account_equity": 500000,
            "underlying": "SPY",
            "instrument_type": "OPTION",
            "order_type": "LIMIT",
            "price": 2.5,
            "legs": [
                {"strike": 450, "expiry": "20260117", "right": "C", "action": "BUY", "quantity": 1},
                {"strike": 460, "expiry": "20260117", "right": "C", "action": "SELL", "quantity": 1},
            ],
        },
    },
    "v1": _SENT
    | {
        "signalID": "a-3",
        "signal_type": "ENTRY",
        "account_equity": 500000,
        "signal_legs": [
            {
                "instrument": "GC",
                "instrument_type": "FUTURE",
                "action": "BUY",
                "quantity": 5,
                "price": 4029.0,
                "expiry": "20251229",
                "exchange": "COMEX",
                "environment": "staging",
            }
        ],
    },
    "tradingview": _SENT
    | {
        "signalID": "Long-2025-11-03T14:59:58Z",
        "account_equity": 100000,
        "ticker": "AAPL",
        "exchange": "NASDAQ",
        "action": "buy",
        "contracts": "10",
        "price": "150.5",
        "prev_market_position": "flat",
        "prev_market_position_size": "0",
        "market_position": "long",
        "market_position_size": "10",
    },
}
_CONTENT: dict[str, Any] = {
    "schema": {"anyOf": list(SCHEMAS.values())},
    "examples": {name: {"summary": SCHEMAS[name]["title"], "value": value} for name, value in EXAMPLES.items()},
}
BODY: dict[str, Any] = {
    "required": True,
    "description": "One signal, at most 64 KiB of JSON in UTF-8. See docs/signals.md for every field.",
    "content": {"application/json": _CONTENT, "text/plain": {"schema": {"type": "string"}}},
}
"""The request body of a signal, as OpenAPI describes it."""
