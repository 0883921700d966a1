"""Every quirk of orders seen in the wild, written by hand, and the exact signal it means."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fund_pipeline.signals import (
    AssetClass,
    Leg,
    Note,
    NoteCode,
    OrderType,
    QuantityMeans,
    Side,
    SignalType,
)
from fund_pipeline_tests.signals.payloads import (
    CALL,
    GOLD,
    SENT,
    SHARES,
    codes,
    gold,
    head,
    option,
    order,
    read,
    shares,
    signal,
    v0,
    v1,
)

UNTYPED = Note(NoteCode.TYPE_UNSPECIFIED, "signal_type", "not stated")


def note(code: NoteCode, field: str, words: str) -> Note:
    return Note(code, field, words)


def test_v0_is_an_order_by_ticker_whose_type_of_instrument_the_master_says() -> None:
    payload = v0({"ticker": "AAPL", "action": "BUY", "price": "150", "quantity": 10, "signal_type": "ENTRY"})
    assert read(payload) == signal(
        SHARES,
        format="v0",
        inferred=(
            note(
                NoteCode.INSTRUMENT_TYPE_INFERRED,
                "signal.instrument_type",
                "AAPL is STOCK in the instrument master",
            ),
            note(NoteCode.ORDER_TYPE_DEFAULT, "signal.order_type", "not stated: MARKET"),
        ),
    )


def test_v2_is_an_order_with_its_type() -> None:
    payload = v0(order() | {"signal_type": "SCALE_IN"}, timestamp="2025-11-03T15:59:58+01:00")
    assert read(payload) == signal(SHARES, format="v2", type=SignalType.SCALE_IN)


def test_an_empty_list_of_option_legs_is_none() -> None:
    assert read(v0(order(legs=[]), signal_type="ENTRY")) == signal(SHARES, format="v2")


def test_v1_is_a_list_of_legs_decided_as_one() -> None:
    other = replace(SHARES, symbol="NVDA", key="STOCK:NVDA", side=Side.SELL)
    assert read(v1(order(), order(instrument="NVDA", action="SELL"))) == signal(SHARES, other)


def test_tradingview_fills_a_flat_alert_with_texts() -> None:
    payload = head(
        ticker="NASDAQ:AAPL",
        action="buy",
        contracts="10",
        price="150",
        instrument_type="stock",
        order_type="market",
        prev_market_position="flat",
        prev_market_position_size="0",
        market_position="long",
        market_position_size="10",
        volume_24h="1e6",
        signal_sent_EPOCH="2025-11-03T14:59:58Z",
    )
    assert read(payload) == signal(
        SHARES,
        format="tradingview",
        type=SignalType.UNSPECIFIED,
        inferred=(
            note(NoteCode.TIME_FROM_TEXT, "signal_sent_EPOCH", "'2025-11-03T14:59:58Z' was a text"),
            UNTYPED,
            note(NoteCode.POSITION_STATED, "market_position", "flat 0 -> long 10"),
            note(NoteCode.SPELLING, "ticker", "'NASDAQ:AAPL' read as AAPL"),
        ),
    )


def test_a_csv_row_is_a_flat_signal_of_texts_with_empty_cells() -> None:
    payload = head(signal_type="ENTRY", account_equity="1000", environment="", entry_signal_id="", stop_loss="")
    payload |= {"instrument": "AAPL", "instrument_type": "STOCK", "action": "BUY", "quantity": "10", "price": "150"}
    payload |= {"order_type": "MARKET", "signal_sent_EPOCH": str(SENT)}
    assert read(payload) == signal(
        SHARES,
        format="csv_row",
        inferred=(
            note(NoteCode.TIME_FROM_TEXT, "signal_sent_EPOCH", f"'{SENT}' was a text"),
            note(NoteCode.ENVIRONMENT_DEFAULT, "environment", "staging is that of tess"),
        ),
    )


def test_a_missing_signal_type_stays_unspecified_and_is_never_an_entry() -> None:
    for missing in ({}, {"signal_type": None}, {"signal_type": ""}):
        assert read(v1(order(), kind=None) | missing) == signal(
            SHARES, type=SignalType.UNSPECIFIED, inferred=(UNTYPED,)
        )


def test_an_untyped_signal_may_lack_what_only_an_entry_needs() -> None:
    leg = replace(SHARES, quantity=None)
    lacking = note(NoteCode.INCOMPLETE, "signal_legs[0]", "not stated: quantity")
    assert read(v1(order(quantity=None), kind=None)) == signal(
        leg, type=SignalType.UNSPECIFIED, inferred=(UNTYPED, lacking)
    )


def test_extra_keys_are_ignored() -> None:
    extra = {"entry_name": "$ENTRY_1", "wait": 10, "source": {"a": [1]}, "test": True, "volume_24h": 12.5}
    assert read(v1(order(**extra), **extra)) == signal(SHARES)


LEGS: list[tuple[str, dict[str, Any], Leg, set[NoteCode]]] = [
    ("lower case enums", order(action="buy", instrument_type="stock", order_type="Market"), SHARES, set()),
    ("lower case ticker", order(instrument="aapl"), SHARES, {NoteCode.SPELLING}),
    ("numeric strings", order(quantity="10", price="150"), SHARES, set()),
    ("every digit", order(quantity="0.30000000000000004"), shares(quantity=Decimal("0.30000000000000004")), set()),
    ("price zero is unknown", order(price=0), shares(reference_price=None), {NoteCode.PRICE_UNKNOWN}),
    ("price text zero is unknown", order(price="0.00"), shares(reference_price=None), {NoteCode.PRICE_UNKNOWN}),
    ("price null is unknown", order() | {"price": None}, shares(reference_price=None), set()),
    ("no stop loss", order(stop_loss=0, take_profit=0), SHARES, set()),
    ("protected", order(stop_loss=140, take_profit="160.5"),
     shares(stop_loss=Decimal(140), take_profit=Decimal("160.5")), set()),
    ("no order type", order(order_type=None), SHARES, {NoteCode.ORDER_TYPE_DEFAULT}),
    ("limit", order(order_type="LIMIT"),
     shares(order_type=OrderType.LIMIT, limit_price=Decimal(150), reference_price=None), set()),
    ("stop", order(order_type="STOP"),
     shares(order_type=OrderType.STOP, stop_price=Decimal(150), reference_price=None), {NoteCode.STOP_FROM_PRICE}),
    ("stop with a reference", order(order_type="STOP", stop_price=155),
     shares(order_type=OrderType.STOP, stop_price=Decimal(155)), set()),
    ("stop limit", order(order_type="STOP_LIMIT", stop_price=149, limit_price=151),
     shares(order_type=OrderType.STOP_LIMIT, stop_price=Decimal(149), limit_price=Decimal(151)), set()),
    ("blank texts are absent", order(direction=" ", stop_loss=" ", expiry="\t", exchange=""), SHARES, set()),
    ("account", order(account="DU123"), SHARES, {NoteCode.ACCOUNT_IGNORED}),
    ("type inferred", order(instrument_type=None), SHARES, {NoteCode.INSTRUMENT_TYPE_INFERRED}),
    ("fund called a stock", order(instrument="MTUM"),
     shares(symbol="MTUM", key="ETF:MTUM", asset_class=AssetClass.ETF, exchange="BATS"),
     {NoteCode.INSTRUMENT_TYPE_CORRECTED}),
    ("stock called a fund", order(instrument_type="ETF"), SHARES, {NoteCode.INSTRUMENT_TYPE_CORRECTED}),
    ("stock that is not in the master", order(instrument="TSLA"),
     shares(symbol="TSLA", key="STOCK:TSLA", exchange=None), {NoteCode.INSTRUMENT_NOT_IN_MASTER}),
    ("stock named like a future", order(instrument="CL"),
     shares(symbol="CL", key="STOCK:CL", exchange=None), {NoteCode.INSTRUMENT_NOT_IN_MASTER}),
    ("pair with a slash", order(instrument="EUR/USD", instrument_type="FOREX"),
     shares(symbol="EURUSD", key="FOREX:EURUSD", asset_class=AssetClass.FOREX, exchange=None), {NoteCode.SPELLING}),
    ("pair without a type", order(instrument="USDJPY", instrument_type=None),
     shares(symbol="USDJPY", key="FOREX:USDJPY", asset_class=AssetClass.FOREX, exchange=None, currency="JPY"),
     {NoteCode.INSTRUMENT_TYPE_INFERRED}),
    ("coin by its market", order(instrument="BINANCE:BTCUSDT", instrument_type=None),
     shares(symbol="BTC", key="CRYPTO:BTC", asset_class=AssetClass.CRYPTO, exchange=None),
     {NoteCode.INSTRUMENT_TYPE_INFERRED, NoteCode.SPELLING}),
    ("future", gold(), GOLD, set()),
    ("future without a type", gold(instrument_type=None), GOLD, {NoteCode.INSTRUMENT_TYPE_INFERRED}),
    ("crude oil known by its exchange", gold(instrument="CL", instrument_type=None, exchange="NYMEX"),
     replace(GOLD, symbol="CL", key="FUTURE:CL:NYMEX:20251229", exchange="NYMEX", multiplier=Decimal(1000)),
     {NoteCode.INSTRUMENT_TYPE_INFERRED}),
    ("continuous future with its own expiry", gold(instrument="COMEX:GC1!", exchange=None), GOLD, {NoteCode.SPELLING}),
    ("another name of the exchange", gold(exchange="XCEC"), GOLD, set()),
    ("a price below zero", gold(price=-37.63), replace(GOLD, reference_price=Decimal("-37.63")), set()),
    ("expiry as a number", gold(expiry=20251229), GOLD, {NoteCode.EXPIRY_REWRITTEN}),
    ("expiry with dashes", gold(expiry="2025-12-29"), GOLD, {NoteCode.EXPIRY_REWRITTEN}),
    ("expired", gold(expiry="20250827"),
     replace(GOLD, expiry=date(2025, 8, 27), key="FUTURE:GC:COMEX:20250827"), {NoteCode.EXPIRED}),
    ("option", option(), CALL, set()),
    ("option known by its strike", option(instrument_type=None), CALL, {NoteCode.INSTRUMENT_TYPE_INFERRED}),
    ("option by underlying", option(instrument=None, underlying="SPY", right="call"), CALL, set()),
    ("half strike", option(strike="452.50"),
     replace(CALL, key="OPTION:SPY:20260117:452.5:C", strike=Decimal("452.50")), set()),
    ("a call, in the old way", option(action="BUY_CALL", right=None), CALL, {NoteCode.LEGACY_ACTION}),
    ("percent of capital", order(target_allocation=50, percentage_change=12.5),
     shares(quantity=None, target_weight=Decimal("0.5")),
     {NoteCode.TARGET_PERCENT, NoteCode.PERCENTAGE_CHANGE, NoteCode.QUANTITY_IGNORED}),
    ("percent short", order(target_allocation="12.5", action="SELL", quantity=None),
     shares(quantity=None, target_weight=Decimal("-0.125"), side=Side.SELL), {NoteCode.TARGET_PERCENT}),
    ("direction of a fourth kind", order(direction="UP"), SHARES, {NoteCode.DIRECTION_UNKNOWN}),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "leg", "noted"), [row[1:] for row in LEGS], ids=[row[0] for row in LEGS])
def test_an_entry_means_exactly_this_leg(payload: dict[str, Any], leg: Leg, noted: set[NoteCode]) -> None:
    found = read(v1(payload))
    assert found == signal(leg, inferred=found.inferred)
    assert codes(found) == noted


EXITS: list[tuple[str, dict[str, Any], Leg, set[NoteCode]]] = [
    ("no quantity", order(action="SELL", quantity=None), shares(side=Side.SELL, quantity=None), {NoteCode.INCOMPLETE}),
    ("no action", order(action=None), shares(side=None), {NoteCode.INCOMPLETE}),
    ("no type of an unknown instrument", order(instrument="TSLA", instrument_type=None),
     shares(symbol="TSLA", key=None, asset_class=None, exchange=None, multiplier=None, currency=None),
     {NoteCode.INCOMPLETE}),
    ("no expiry", gold(expiry=None), replace(GOLD, expiry=None, key=None), {NoteCode.INCOMPLETE}),
    ("no exchange", gold(exchange=None), GOLD, {NoteCode.EXCHANGE_INFERRED}),
    ("another exchange", gold(exchange="CME"), GOLD, {NoteCode.EXCHANGE_INFERRED}),
    ("no strike", option(strike=None), replace(CALL, strike=None, key=None), {NoteCode.INCOMPLETE}),
    ("a price that cannot be", order(price=-1), shares(reference_price=None), {NoteCode.PRICE_IGNORED}),
    ("a price that is none", order(price="n/a"), shares(reference_price=None), {NoteCode.PRICE_IGNORED}),
    ("a limit beside MARKET", order(limit_price=149), SHARES, {NoteCode.PRICE_IGNORED}),
    ("all, in the old way", order(action="SELL_ALL", quantity=3),
     shares(side=Side.SELL, quantity=None, closes_all=True), {NoteCode.LEGACY_ACTION, NoteCode.QUANTITY_IGNORED}),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "leg", "noted"), [row[1:] for row in EXITS], ids=[row[0] for row in EXITS])
def test_an_exit_is_forgiven_what_the_position_can_say(payload: dict[str, Any], leg: Leg, noted: set[NoteCode]) -> None:
    found = read(v1(payload, kind="EXIT", entry_signal_id="e-1"))
    assert found == signal(leg, type=SignalType.EXIT, reference="e-1", inferred=found.inferred)
    assert codes(found) == noted


@pytest.mark.parametrize("legs", [{}, {"signal_legs": None}, {"signal_legs": []}])
@pytest.mark.parametrize("kind", ["EXIT", "CANCEL"])
def test_an_exit_or_cancel_may_only_name_its_entry(kind: str, legs: dict[str, object]) -> None:
    payload = head(signal_type=kind, entry_signal_id="e-1") | legs
    assert read(payload) == signal(type=SignalType(kind), reference="e-1")


def test_sell_all_without_a_type_is_no_short() -> None:
    found = read(v0({"ticker": "AAPL", "action": "SELL_ALL", "price": 150}))
    assert found.type is SignalType.UNSPECIFIED
    assert found.legs == (shares(side=Side.SELL, quantity=None, closes_all=True),)


def test_an_entry_needs_no_quantity_where_the_sizing_takes_none() -> None:
    leg = replace(SHARES, quantity=None)
    assert read(v1(order(quantity=None)), needs_quantity=False) == signal(leg)
    assert codes(read(v1(order(quantity=0)), needs_quantity=False)) == {NoteCode.QUANTITY_IGNORED}


@pytest.mark.parametrize(
    ("kind", "action", "quantity", "weight"),
    [
        ("ENTRY", "BUY", "0.95", "0.95"),
        ("ENTRY", "SELL", "0.95", "-0.95"),
        (None, "BUY", "0.95", "0.95"),
        (None, "SELL", "0", "0"),
        ("SCALE_OUT", "SELL", "0.25", "0.25"),
        ("SCALE_OUT", "BUY", "0.25", "-0.25"),
        ("EXIT", "SELL", "0.95", "0"),
        ("EXIT", "SELL", None, "0"),
    ],
)
def test_a_quantity_may_be_a_target_weight(kind: str | None, action: str, quantity: str | None, weight: str) -> None:
    payload = v1(order(action=action, quantity=quantity), kind=kind, account_equity=1)
    found = read(payload, quantity_means=QuantityMeans.TARGET_WEIGHT)
    assert found.legs == (shares(side=Side(action), quantity=None, target_weight=Decimal(weight)),)
    assert NoteCode.TARGET_WEIGHT in codes(found)


@pytest.mark.parametrize("payload", [v1(order(quantity=None)), v0(order(quantity=None), signal_type="ENTRY")])
def test_a_percentage_may_stand_beside_a_single_order(payload: dict[str, Any]) -> None:
    found = read(payload | {"target_allocation": 25, "percentage_change": 3, "account": "DU1"})
    assert found.legs == (shares(quantity=None, target_weight=Decimal("0.25")),)
    assert [(one.code, one.field) for one in found.inferred] == [
        (NoteCode.ACCOUNT_IGNORED, "account"),
        (NoteCode.PERCENTAGE_CHANGE, "percentage_change"),
        (NoteCode.TARGET_PERCENT, "target_allocation"),
    ]


def test_every_note_is_shown_by_a_quirk() -> None:
    told = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    assert [code for code in NoteCode if f"NoteCode.{code}" not in told] == []
