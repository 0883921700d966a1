"""Any JSON, and JSON that is nearly a signal, for tests of what must hold whatever is sent."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from fund_pipeline_tests.signals.payloads import SENT, gold, head, option, order, spread, v0, v1, wing

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=8)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=6), ANYTHING, max_size=5)


BASES: tuple[dict[str, Any], ...] = (
    v1(order()),
    v1(order(), order(instrument="NVDA", action="SELL"), kind="EXIT", entry_signal_id="e-1"),
    v1(gold(), kind="SCALE_OUT"),
    v1(option(action="SELL"), kind="SCALE_IN"),
    v1(order(instrument="BTC", instrument_type="CRYPTO"), kind=None),
    v1(kind="CANCEL", entry_signal_id="e-1"),
    v0({"ticker": "EUR/USD", "action": "BUY", "price": "1.1", "quantity": 1000}),
    v0(order(target_allocation=50), signal_type="ENTRY", timestamp="2025-11-03T15:00:00+00:00"),
    v0(spread(wing("BUY", 2, 450), wing("SELL", 4, 460), quantity=2, action="SELL"), signal_type="ENTRY"),
    v0(spread(wing("BUY", 1, 450), wing("SELL", 1, 460)), signal_type="EXIT"),
    head(ticker="COMEX:GC1!", action="sell", contracts="2", price="4000", market_position="short"),
    head(instrument="AAPL", action="SELL_ALL", quantity="", signal_type="EXIT"),
)
WORDS = (
    *("BUY", "sell", "SELL_ALL", "BUY_CALL", "ENTRY", "EXIT", "SCALE_OUT", "CANCEL", "LONG", "SHORT", "LIMIT", "STOP"),
    *("STOP_LIMIT", "STOCK", "OPTION", "FUTURE", "FOREX", "AAPL", "MTUM", "CL", "GC", "TSLA", "C", "put", "COMEX"),
    *("20251229", "2025-12-29", "202513", "NaN", "1e3", "0.5", "-1", "{{x}}", "production", "a\u202eb", ""),
)
NUMBERS = (0, 1, -1, 2, 0.5, 100, 450, 10**13, SENT * 1000, 20251229)
FIELDS = (
    *("signal_type", "entry_signal_id", "account_equity", "signal", "signal_legs", "environment", "timestamp"),
    *("instrument", "ticker", "instrument_type", "action", "direction", "quantity", "order_type", "price"),
    *("limit_price", "stop_price", "stop_loss", "expiry", "exchange", "underlying", "strike", "right", "legs"),
    *("target_allocation", "percentage_change", "account", "strategy_name", "signalID", "signal_sent_EPOCH"),
)
CHANGED = st.none() | st.sampled_from(WORDS) | st.sampled_from(NUMBERS) | ANYTHING


def _objects(value: Any) -> list[dict[str, Any]]:
    """Every object inside a value, itself first."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return ([value] if isinstance(value, dict) else []) + [found for item in items for found in _objects(item)]


@st.composite
def nearly_signals(draw: st.DrawFn) -> dict[str, Any]:
    """A payload that is read, with up to four of its fields changed, added or taken away anywhere in it."""
    payload = deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.sampled_from(_objects(payload)))
        field = draw(st.sampled_from(sorted(place)) if place and draw(st.booleans()) else st.sampled_from(FIELDS))
        if draw(st.integers(0, 3)):
            place[field] = draw(CHANGED)
        else:
            place.pop(field, None)
    return payload


def to_bytes(value: object) -> bytes:
    """The JSON of a value; halves of characters stay in it as escapes."""
    return json.dumps(value).encode()
