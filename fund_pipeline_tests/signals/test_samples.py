"""The sample signals given, and those of the demo, mean exactly these legs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fund_pipeline.accounts import read_registry
from fund_pipeline.signals import (
    AssetClass,
    Leg,
    NoteCode,
    QuantityMeans,
    Side,
    Signal,
    SignalType,
    parse_json,
    standardise,
)
from fund_pipeline.signals.model import Direction
from fund_pipeline.signals.player import Player, Post, read_playlist
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.signals.payloads import NOW, codes, context, shares, signal

SAMPLES = Path(__file__).parent / "samples"
DEMO = ROOT / "data" / "signals"

APPLE = shares(reference_price=Decimal("150.0"), direction=Direction.LONG)
NVIDIA = replace(APPLE, symbol="NVDA", key="STOCK:NVDA", side=Side.SELL, direction=Direction.SHORT)
NVIDIA = replace(NVIDIA, reference_price=Decimal("500.0"))
BITCOIN = replace(APPLE, symbol="BTC", key="CRYPTO:BTC", asset_class=AssetClass.CRYPTO, exchange=None)
BITCOIN = replace(BITCOIN, quantity=Decimal("0.5"), reference_price=Decimal("95000.0"))
AUSSIE = replace(
    APPLE, symbol="AUDCAD", key="FOREX:AUDCAD", asset_class=AssetClass.FOREX, exchange=None, currency="CAD"
)
AUSSIE = replace(AUSSIE, quantity=Decimal(100000), reference_price=Decimal("0.9123"))
GOLD = replace(APPLE, symbol="GC", key="FUTURE:GC:COMEX:20251229", asset_class=AssetClass.FUTURE, exchange="COMEX")
GOLD = replace(GOLD, quantity=Decimal(5), reference_price=Decimal("4029.0"), multiplier=Decimal(100))
GOLD = replace(GOLD, expiry=date(2025, 12, 29))


def closed(leg: Leg, price: str) -> Leg:
    """The exit of a leg, as the samples write it: direction is the order's."""
    side, direction = (Side.SELL, Direction.SHORT) if leg.side is Side.BUY else (Side.BUY, Direction.LONG)
    return replace(leg, side=side, direction=direction, reference_price=Decimal(price))


EXPECTED: dict[str, tuple[str, tuple[Leg, ...], tuple[Leg, ...]]] = {
    "equity_simple_signal_1": ("SPX_1-D_Opt", (APPLE,), (closed(APPLE, "152.0"),)),
    "equity_pairs_signal_1": (
        "SPX_1-D_Opt",
        (APPLE, NVIDIA),
        (closed(APPLE, "152.0"), closed(NVIDIA, "505.0")),
    ),
    "crypto_btc_simple_signal_1": ("SPX_1-D_Opt", (BITCOIN,), (closed(BITCOIN, "96500.0"),)),
    "forex_simple_signal_1": ("Forex", (AUSSIE,), (closed(AUSSIE, "0.9145"),)),
    "futures_gold_simple_signal_1": ("SPX_1-D_Opt", (GOLD,), (closed(GOLD, "4041.0"),)),
}


def played(path: Path, **options: Any) -> list[tuple[Post, Signal]]:
    """What each signal of a list is read as, the service answering FUND-1, FUND-2 and so on."""
    player = Player(read_playlist(path.read_bytes()), "run", "open sesame")
    found = []
    while not player.finished:
        post = player.post(NOW)
        read = standardise(parse_json(post.body), context(**options))
        assert isinstance(read, Signal), read.describe()
        found.append((post, read))
        player = player.answered(f"FUND-{post.index + 1}")
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_means_exactly_these_legs(name: str) -> None:
    strategy, entry, leaving = EXPECTED[name]
    ids = ("GC_ENTRY_001", "GC_EXIT_001") if "gold" in name else ("run-1", "run-2")
    common = {"strategy": strategy, "sender_equity": Decimal(500000), "sent_at": NOW}
    assert [read for _, read in played(SAMPLES / f"{name}.json")] == [
        signal(*entry, sender_signal_id=ids[0], **common),
        signal(*leaving, sender_signal_id=ids[1], type=SignalType.EXIT, reference="FUND-1", **common),
    ]


def test_every_sample_has_its_expectation() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(EXPECTED)


def test_the_demo_speaks_of_registered_strategies_and_of_instruments_with_prices() -> None:
    registered = {one.strategy_id for one in read_registry(ROOT / "data" / "registry.yaml").strategies}
    priced = {
        name for file in (ROOT / "data" / "prices").glob("*.csv") for name in file.open().readline().strip().split(",")
    }
    for path in sorted(DEMO.glob("*.json")):
        means = QuantityMeans.TARGET_WEIGHT if path.stem == "target_weight" else QuantityMeans.UNITS
        for _, read in played(path, quantity_means=means):
            assert read.strategy in registered
            assert {leg.symbol for leg in read.legs} <= priced


def test_the_demo_plays_an_entry_and_its_exit_a_short_and_a_pair() -> None:
    def told(name: str) -> list[tuple[str, list[str], str | None]]:
        return [
            (str(read.type), [f"{leg.side} {leg.quantity} {leg.key}" for leg in read.legs], read.reference)
            for _, read in played(DEMO / f"{name}.json")
        ]

    assert told("entry_and_exit") == [
        ("ENTRY", ["BUY 20 STOCK:AAPL"], None),
        ("EXIT", ["SELL 20 STOCK:AAPL"], "FUND-1"),
    ]
    assert told("short") == [("ENTRY", ["SELL 75 STOCK:AMD"], None), ("EXIT", ["BUY 75 STOCK:AMD"], "FUND-1")]
    assert told("pair") == [
        ("ENTRY", ["BUY 160 STOCK:KO", "SELL 56 STOCK:PEP"], None),
        ("EXIT", ["SELL 160 STOCK:KO", "BUY 56 STOCK:PEP"], "FUND-1"),
    ]


def test_the_demo_plays_a_ladder_whose_exits_match_only_in_sum() -> None:
    rungs = [read for _, read in played(DEMO / "ladder.json")]
    bought = [leg.quantity for read in rungs for leg in read.legs if leg.side is Side.BUY]
    sold = [leg.quantity for read in rungs for leg in read.legs if leg.side is Side.SELL]
    assert bought == [100, 100, 100]
    assert sold == [50, 120, 130]
    assert [read.reference for read in rungs] == [None, None, None, "FUND-1", "FUND-2", "FUND-3"]


def test_the_demo_repeats_a_target_weight() -> None:
    found = [read for _, read in played(DEMO / "target_weight.json", quantity_means=QuantityMeans.TARGET_WEIGHT)]
    assert [read.legs[0].target_weight for read in found] == [Decimal("0.5"), Decimal("0.5"), Decimal("0.25"), 0]
    assert [read.legs[0].quantity for read in found] == [None] * 4
    assert {read.legs[0].key for read in found} == {"ETF:MTUM"}


def test_the_demo_plays_an_exit_without_a_type() -> None:
    found = [read for _, read in played(DEMO / "untyped_exit.json")]
    assert [read.type for read in found] == [SignalType.UNSPECIFIED] * 2
    assert [read.legs[0].side for read in found] == [Side.BUY, Side.SELL]
    assert all(NoteCode.TYPE_UNSPECIFIED in codes(read) for read in found)
