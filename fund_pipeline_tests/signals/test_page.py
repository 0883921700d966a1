"""What docs/signals.md promises to senders is what the code does."""

from __future__ import annotations

import json
import re

import pytest

from fund_pipeline.signals import (
    OrderType,
    QuarantineReason,
    RejectionReason,
    SenderOptions,
    Signal,
    SignalType,
    parse_json,
    standardise,
)
from fund_pipeline.signals.errors import reasons_table
from fund_pipeline.signals.formats.csv_row import COLUMNS
from fund_pipeline.signals.notes import notes_table
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.signals.payloads import context

PAGE = (ROOT / "docs" / "signals.md").read_text()
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("reasons", [RejectionReason, QuarantineReason])
def test_the_tables_of_reasons_are_those_of_the_enums(
    reasons: type[RejectionReason] | type[QuarantineReason],
) -> None:
    assert f"\n\n{reasons_table(reasons)}\n" in PAGE


def test_the_table_of_notes_is_that_of_the_enum() -> None:
    assert f"\n\n{notes_table()}\n" in PAGE


def test_every_sender_option_and_every_column_of_a_replay_is_told() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE))
    assert set(SenderOptions.__dataclass_fields__) <= told
    assert set(COLUMNS) <= told


def test_the_examples_of_envelopes_are_read_as_they_say() -> None:
    v0, v1, _ = (standardise(parse_json(example.encode()), context()) for example in EXAMPLES)
    assert isinstance(v0, Signal)
    assert isinstance(v1, Signal)
    assert (v0.format, v0.type, v0.legs[0].key) == ("v0", SignalType.UNSPECIFIED, "STOCK:AAPL")
    assert (v1.format, v1.type, v1.legs[0].key) == ("v1", SignalType.ENTRY, "FUTURE:GC:COMEX:20251229")


def test_the_alert_for_tradingview_is_read_once_it_is_filled_in() -> None:
    filled = {
        "strategy.order.id": "Long",
        "timenow": "2025-11-03T14:59:58Z",
        "ticker": "AAPL",
        "exchange": "NASDAQ",
        "strategy.order.action": "buy",
        "strategy.order.contracts": "10",
        "strategy.order.price": "150.5",
        "strategy.prev_market_position": "flat",
        "strategy.prev_market_position_size": "0",
        "strategy.market_position": "long",
        "strategy.market_position_size": "10",
    }
    text = re.sub(r"\{\{([\w.]+)\}\}", lambda found: filled.pop(found[1], "2025-11-03T14:59:58Z"), EXAMPLES[2])
    assert filled == {}
    found = standardise(parse_json(text.encode()), context())
    assert isinstance(found, Signal)
    assert (found.format, found.legs[0].quantity, found.legs[0].order_type) == ("tradingview", 10, OrderType.MARKET)
    assert found.sender_signal_id == "Long-2025-11-03T14:59:58Z"


def test_the_examples_hold_no_field_that_the_page_does_not_tell_of() -> None:
    for example in EXAMPLES[:2]:
        names = set(json.loads(example, object_pairs_hook=lambda pairs: [name for name, _ in pairs]))
        assert all(f"`{name}`" in PAGE for name in names - {"signal_legs"})
