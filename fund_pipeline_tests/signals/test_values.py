"""Signals and sender options survive being stored."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from fund_pipeline.errors import InputError, InvariantError
from fund_pipeline.signals import (
    DirectionMeans,
    DuplicatePolicy,
    QuantityMeans,
    SenderOptions,
    as_values,
    from_values,
)
from fund_pipeline_tests.signals.payloads import context, gold, order, read, shares, signal, spread, v0, v1, wing

READ = [
    read(v1(order(quantity="10.50", account="DU1", price=0))),
    read(v1(gold(), kind="SCALE_OUT", entry_signal_id="e-1")),
    read(v0(spread(wing("BUY", "0.10", 450), wing("SELL", "0.20", "452.50"), signal_type="ENTRY"))),
    read({**v1(kind="CANCEL", entry_signal_id="e-1")}),
]


@pytest.mark.parametrize("one", READ, ids=["shares", "future", "options", "cancel"])
def test_a_signal_survives_json_to_the_last_digit(one) -> None:
    again = from_values(json.loads(json.dumps(as_values(one))))
    assert again == one
    assert [str(leg.quantity) for leg in again.legs] == [str(leg.quantity) for leg in one.legs]


def test_stored_values_are_plain_and_read_as_what_they_are() -> None:
    values = as_values(READ[1])
    assert (values["type"], values["legs"][0]["expiry"], values["legs"][0]["multiplier"]) == (
        "SCALE_OUT",
        "2025-12-29",
        "100",
    )


def test_values_that_are_no_signals_are_an_error_of_ours() -> None:
    values = as_values(READ[0])
    with pytest.raises(InvariantError, match="type"):
        from_values(values | {"type": "BUY"})


def test_times_without_a_zone_are_an_error_of_ours() -> None:
    with pytest.raises(InvariantError, match="zone"):
        context(received_at=datetime.fromisoformat("2025-11-03T00:00:00"))
    with pytest.raises(InvariantError, match="zone"):
        replace(signal(shares()), sent_at=datetime.fromisoformat("2025-11-03T00:00:00"))


def test_sender_options_survive_being_stored() -> None:
    options = SenderOptions(
        QuantityMeans.TARGET_WEIGHT,
        DirectionMeans.POSITION,
        60,
        DuplicatePolicy.IDS_REPEAT,
        Decimal("1.00"),
        frozenset({"B", "A"}),
    )
    assert SenderOptions.from_values(json.loads(json.dumps(options.as_values()))) == options
    assert SenderOptions.from_values({}) == SenderOptions()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity_means", "lots"),
        ("freshness_seconds", 0),
        ("equity", 0.5),
        ("equity", "-1"),
        ("duplicate_policy", "maybe"),
        ("colour", "red"),
    ],
)
def test_a_wrong_sender_option_names_itself(field: str, value: object) -> None:
    with pytest.raises(InputError, match=field):
        SenderOptions.from_values({field: value})
