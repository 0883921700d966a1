"""The instrument master: its facts, its spellings, and a file that is wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import exchange_calendars
import pytest
import yaml

from fund_pipeline.errors import InputError
from fund_pipeline.instruments import instrument_key
from fund_pipeline.signals import AssetClass, load_master
from fund_pipeline.terms import Right
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.signals.payloads import MASTER

FILE = ROOT / "data" / "instruments.yaml"


@pytest.mark.parametrize(
    ("root", "exchange", "multiplier"),
    [
        ("GC", "COMEX", 100),
        ("SI", "COMEX", 5000),
        ("HG", "COMEX", 25000),
        ("CL", "NYMEX", 1000),
        ("NG", "NYMEX", 10000),
        ("ES", "CME", 50),
        ("NQ", "CME", 20),
    ],
)
def test_a_future_has_its_contract_multiplier(root: str, exchange: str, multiplier: int) -> None:
    found = MASTER.of_class(root, AssetClass.FUTURE)
    assert found is not None
    assert (found.exchange, found.multiplier, found.currency) == (exchange, multiplier, "USD")


def test_an_option_is_on_a_hundred() -> None:
    found = MASTER.of_class("SPY", AssetClass.OPTION)
    assert found is not None
    assert (found.multiplier, found.in_master) == (100, True)


def test_everything_with_a_price_in_the_sample_data_is_there() -> None:
    for file in ("us_stocks", "factor_etfs"):
        header = (ROOT / "data" / "prices" / f"{file}.csv").read_text().splitlines()[0]
        for symbol in header.split(",")[1:]:
            assert [one.symbol for one in MASTER.candidates(symbol)] == [symbol]


def test_every_calendar_is_one_that_exists() -> None:
    names = set(exchange_calendars.get_calendar_names(include_aliases=True))
    assert {one.calendar for one in MASTER.instruments} <= names


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("aapl", "AAPL"),
        ("NASDAQ:AAPL", "AAPL"),
        ("EUR/USD", "EURUSD"),
        ("eur.usd", "EURUSD"),
        ("FX:EURUSD", "EURUSD"),
        ("BTC", "BTC"),
        ("BTCUSDT", "BTC"),
        ("btc-usd", "BTC"),
        ("COMEX:GC1!", "GC"),
    ],
)
def test_an_instrument_is_found_by_each_spelling(written: str, symbol: str) -> None:
    spelled = MASTER.spelling(written)
    assert spelled is not None
    assert [one.symbol for one in MASTER.candidates(spelled.symbol)] == [symbol]


@pytest.mark.parametrize("written", ["", "APPLE INC", "A" * 40, "АAPL", "AAPL;--", "ß", "a\u200bb"])
def test_what_is_no_name_of_an_instrument_is_none(written: str) -> None:
    assert MASTER.spelling(written) is None


def test_the_price_of_a_pair_is_in_its_second_currency() -> None:
    assert {one.symbol[3:] == one.currency for one in MASTER.instruments if one.asset_class is AssetClass.FOREX} == {
        True
    }
    other = MASTER.of_class("SEK/NOK", AssetClass.FOREX)
    assert other is not None
    assert (other.symbol, other.currency, other.in_master) == ("SEKNOK", "NOK", False)


@pytest.mark.parametrize(
    ("parts", "key"),
    [
        ((AssetClass.STOCK, "AAPL", {}), "STOCK:AAPL"),
        ((AssetClass.CRYPTO, "BTC", {}), "CRYPTO:BTC"),
        ((AssetClass.FUTURE, "GC", {"exchange": "COMEX", "expiry": date(2025, 2, 26)}), "FUTURE:GC:COMEX:20250226"),
        ((AssetClass.FUTURE, "GC", {"exchange": "COMEX"}), None),
        (
            (AssetClass.OPTION, "SPY", {"expiry": date(2025, 1, 17), "strike": Decimal("450.00"), "right": Right.CALL}),
            "OPTION:SPY:20250117:450:C",
        ),
        ((AssetClass.OPTION, "SPY", {"expiry": date(2025, 1, 17), "strike": Decimal(450)}), None),
        ((None, "AAPL", {}), None),
    ],
)
def test_an_instrument_has_one_key(parts, key: str | None) -> None:
    asset_class, symbol, terms = parts
    assert instrument_key(asset_class, symbol, **terms) == key


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"multiplier": 0.5}, "quotes"),
        ({"multiplier": "0"}, "greater than 0"),
        ({"tick": None, "symbol": "ZB"}, "ZB"),
        ({"exchange": None}, "no exchange"),
        ({"symbol": "GC"}, "more than once"),
        ({"symbol": "g c"}, "symbol"),
        ({"asset_class": "FOREX", "symbol": "EUR"}, "two currencies"),
        ({"asset_class": "BOND"}, "asset_class"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_file_names_what_is_wrong(tmp_path: Path, change: dict[str, object], told: str) -> None:
    content = yaml.safe_load(FILE.read_text())
    usual = {"symbol": "ZZ", "asset_class": "FUTURE", "exchange": "CME", "multiplier": "5", "tick": "0.1"}
    content["instruments"].append(usual | change)
    wrong = tmp_path / "instruments.yaml"
    wrong.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=told) as error:
        load_master(wrong)
    assert str(wrong) in str(error.value)


def test_a_file_without_an_asset_class_names_it(tmp_path: Path) -> None:
    content = yaml.safe_load(FILE.read_text())
    del content["classes"]["CRYPTO"]
    wrong = tmp_path / "instruments.yaml"
    wrong.write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match="classes has no CRYPTO"):
        load_master(wrong)


def test_a_file_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_master(tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("[")
    with pytest.raises(InputError, match="is not YAML"):
        load_master(broken)


def test_a_master_is_read_again_only_when_its_file_has_changed(tmp_path: Path) -> None:
    file, whole = tmp_path / "instruments.yaml", FILE.read_text()
    file.write_text(whole)
    first = load_master(file)
    assert load_master(file) is first
    file.write_text(f"{whole}\n# one more line\n")
    assert load_master(file) is not first
    file.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        load_master(file)
    file.write_text(whole)
    assert load_master(file).instruments == first.instruments
