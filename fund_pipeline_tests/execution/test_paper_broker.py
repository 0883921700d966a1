"""The paper broker as a stranger: what every broker does, and the trouble that it makes on demand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.errors import ConfigurationError, InputError, TemporaryError
from fund_pipeline.execution.brokers import Connections, connect
from fund_pipeline.execution.brokers.paper import (
    Fault,
    FaultKind,
    PaperBroker,
    PaperTerms,
    book,
    closes,
    feed_closes,
)
from fund_pipeline.execution.brokers.paper.book import Which
from fund_pipeline.execution.brokers.paper.matching import match
from fund_pipeline.execution.port import Acknowledged, Broker, OrderRequest, Quote, RefusalCode, Rejected
from fund_pipeline.terms import AssetClass, OrderType, Side
from fund_pipeline_tests.execution.world import ACCOUNT, FREE, KO, NONE, NOON

PRICES = Path(__file__).parents[2] / "data" / "prices"
D = Decimal


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self):  # type: ignore[no-untyped-def]
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def broker(tmp_path: Path, clock: Clock) -> Iterator[PaperBroker]:
    made = PaperBroker(tmp_path / "DU1.sqlite", clock, PaperTerms(spread_bps=NONE, commissions=FREE))
    made.set_quote(KO, quote(50))
    yield made
    made.close()


def quote(bid: int, ask: int | None = None, **sizes: Decimal) -> Quote:
    return Quote(D(bid), D(ask or bid), D(bid), NOON, **sizes)


def request(name: str = "one", quantity: int = 100, side: Side = Side.BUY, **fields: object) -> OrderRequest:
    values: dict[str, object] = {
        "client_order_id": name,
        "instrument_key": KO,
        "asset_class": AssetClass.STOCK,
        "side": side,
        "quantity": D(quantity),
        "order_type": OrderType.MARKET,
        "limit_price": None,
        "stop_price": None,
        "multiplier": D(1),
        "currency": "USD",
    }
    return OrderRequest(**values | fields)  # type: ignore[arg-type]


def held(broker: PaperBroker) -> Decimal:
    return sum((one.quantity for one in broker.positions()), NONE)


def state(broker: PaperBroker, name: str = "one") -> str | None:
    found = broker.find(name)
    return None if found is None else found.state.value


def test_an_account_is_connected_by_the_name_of_its_broker(tmp_path: Path, clock: Clock) -> None:
    connected: Broker = connect(ACCOUNT, tmp_path, clock)
    assert (connected.is_live, (tmp_path / "paper" / "DU1.sqlite").exists()) == (False, True)
    with pytest.raises(ConfigurationError, match="no adapter"):
        connect(replace(ACCOUNT, broker="ibkr"), tmp_path, clock)
    both = Connections([ACCOUNT, replace(ACCOUNT, account_id="a2", broker="ccxt:binance")], tmp_path, clock)
    assert (list(both), [one.account_id for one in both.unconnectable]) == (["a1"], ["a2"])
    assert both["a1"] is both["a1"]


def test_connections_that_are_given_back_are_made_anew(tmp_path: Path, clock: Clock) -> None:
    connections = Connections([ACCOUNT], tmp_path, clock)
    first = connections["a1"]
    connections.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        first.positions()
    assert connections["a1"].positions() == ()
    connections.close()


def test_fills_are_told_in_pages_each_once_in_the_order_in_which_they_came(
    broker: PaperBroker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "PAGE", 3)
    names = [f"order {number}" for number in range(8)]
    for number, name in enumerate(names):
        clock.time = NOON + timedelta(seconds=10 if number == 4 else number)  # its clock was ahead for a moment
        broker.submit(request(name, 1))
    clock.time = NOON + timedelta(minutes=1)
    for since, told in ((0, names), (5, [names[4], *names[5:]]), (11, [])):
        assert [one.client_order_id for one in broker.executions(NOON + timedelta(seconds=since))] == told
    six = broker.executions(NOON)
    assert [next(six).client_order_id for _ in range(4)] == names[:4]
    broker.submit(request("meanwhile", 1))
    assert [one.client_order_id for one in six] == [*names[4:], "meanwhile"]


def test_a_broker_number_of_any_letters_is_one_file_of_the_home(tmp_path: Path, clock: Clock) -> None:
    connect(replace(ACCOUNT, broker_account="../x/y"), tmp_path, clock)
    assert [path.name for path in (tmp_path / "paper").glob("*.sqlite")] == ["%2e%2e%2fx%2fy.sqlite"]


def test_the_books_survive_the_process_and_are_seen_by_another(
    broker: PaperBroker, tmp_path: Path, clock: Clock
) -> None:
    broker.submit(request())
    again = PaperBroker(tmp_path / "DU1.sqlite", clock, PaperTerms(cash=D(1)))
    assert (held(again), again.terms, state(again)) == (100, broker.terms, "FILLED")
    again.close()


def test_an_id_is_taken_once_for_ever(broker: PaperBroker) -> None:
    broker.submit(request())
    second = broker.submit(request(quantity=5))
    assert isinstance(second, Rejected)
    assert (second.code, held(broker)) == (RefusalCode.DUPLICATE_ID, 100)
    broker.inject(Fault("submit", FaultKind.REJECT))
    broker.submit(request("two"))
    refused = broker.submit(request("two"))
    assert isinstance(refused, Rejected)
    assert (refused.code, state(broker, "two")) == (RefusalCode.DUPLICATE_ID, "REJECTED")


def test_cash_and_equity_follow_fills_and_prices(broker: PaperBroker) -> None:
    broker.submit(request())
    broker.set_quote(KO, quote(53))
    found = broker.account_state()
    assert (found.cash, found.equity, found.margin_used) == (995_000, 1_000_300, D(2650))
    broker.submit(request("out", side=Side.SELL))
    found = broker.account_state()
    assert (found.cash, found.equity, found.margin_used) == (1_000_300, 1_000_300, 0)


def test_a_future_moves_cash_by_its_gain_only(broker: PaperBroker) -> None:
    gold = {"instrument_key": "FUTURE:GC", "asset_class": AssetClass.FUTURE, "multiplier": D(100)}
    broker.set_quote("FUTURE:GC", quote(2000))
    broker.submit(request(quantity=2, **gold))
    broker.set_quote("FUTURE:GC", quote(2010))
    found = broker.account_state()
    assert (found.cash, found.equity, found.margin_used) == (1_002_000, 1_002_000, D(40_200))


def test_another_currency_needs_a_rate(broker: PaperBroker) -> None:
    broker.set_quote("STOCK:SAP", quote(100))
    sap = {"instrument_key": "STOCK:SAP", "currency": "EUR"}
    refused = broker.submit(request(**sap))
    assert isinstance(refused, Rejected)
    assert refused.code is RefusalCode.NOT_TRADABLE
    broker.set_quote("FOREX:EURUSD", Quote(D("1.10"), D("1.10"), D("1.10"), NOON))
    broker.submit(request("two", quantity=10, **sap))
    assert (broker.account_state().cash, broker.account_state().margin_used) == (D("998900"), D("550"))


def test_commission_is_per_unit_with_a_least(tmp_path: Path, clock: Clock) -> None:
    made = PaperBroker(tmp_path / "x.sqlite", clock)
    made.set_quote(KO, quote(50))
    made.submit(request("small", 10))
    made.submit(request("large", 1000))
    assert [one.commission for one in made.executions(NOON)] == [1, 5]
    made.close()


def test_what_if_and_the_margin_check_agree(broker: PaperBroker) -> None:
    assert broker.what_if(request(quantity=1000)) == 25_000
    assert isinstance(broker.submit(request("most", 40_000)), Acknowledged)
    refused = broker.submit(request("more", 1))
    assert isinstance(refused, Rejected)
    assert refused.code is RefusalCode.MARGIN
    assert isinstance(broker.submit(request("out", 40_000, Side.SELL)), Acknowledged)


@pytest.mark.parametrize(
    ("kind", "side", "fields", "moves", "price"),
    [
        (OrderType.LIMIT, Side.BUY, {"limit_price": D(48)}, [49, 48], 48),
        (OrderType.LIMIT, Side.SELL, {"limit_price": D(52)}, [51, 53], 53),
        (OrderType.STOP, Side.SELL, {"stop_price": D(45)}, [46, 44], 44),
        (OrderType.STOP, Side.BUY, {"stop_price": D(55)}, [54, 56], 56),
        (OrderType.STOP_LIMIT, Side.SELL, {"stop_price": D(45), "limit_price": D(44)}, [43, 44], 44),
    ],
)
def test_working_orders_fill_when_a_quote_reaches_them(
    broker: PaperBroker, kind: OrderType, side: Side, fields: dict[str, Decimal], moves: list[int], price: int
) -> None:
    broker.submit(request(side=side, order_type=kind, **fields))
    broker.set_quote(KO, quote(moves[0]))
    assert state(broker) == "WORKING"
    broker.set_quote(KO, quote(moves[1]))
    assert ([one.price for one in broker.executions(NOON)], state(broker)) == ([price], "FILLED")


def test_a_market_order_without_a_quote_waits_for_one(broker: PaperBroker) -> None:
    broker.submit(request(instrument_key="STOCK:PEP"))
    assert state(broker) == "WORKING"
    broker.set_quote("STOCK:PEP", quote(180))
    assert state(broker) == "FILLED"


def test_a_quotes_size_is_shared_by_those_who_take_it(broker: PaperBroker) -> None:
    broker.set_quote(KO, quote(50, ask_size=D(130)))
    broker.submit(request("first"))
    broker.submit(request("second"))
    assert (state(broker, "first"), state(broker, "second"), held(broker)) == ("FILLED", "WORKING", 130)


@given(
    st.sampled_from(Side),
    st.integers(1, 10_000),
    st.integers(0, 50),
    st.integers(1, 10_000),
    st.decimals(0, 500, places=1),
)
def test_a_limit_is_never_passed_whatever_the_slippage(
    side: Side, bid: int, spread: int, limit: int, slippage: Decimal
) -> None:
    asked = request(side=side, order_type=OrderType.LIMIT, limit_price=D(limit))
    price = match(asked, quote(bid, bid + spread), slippage, triggered=False).price
    reached = bid + spread <= limit if side is Side.BUY else bid >= limit
    assert (price is not None) is reached
    if price is not None:
        assert price <= limit if side is Side.BUY else price >= limit


def test_an_order_past_its_time_expires(broker: PaperBroker, clock: Clock) -> None:
    late = request(order_type=OrderType.LIMIT, limit_price=D(40), good_until=NOON + timedelta(minutes=5))
    broker.submit(late)
    clock.time += timedelta(minutes=5)
    assert (state(broker), broker.open_orders()) == ("EXPIRED", ())


def test_trouble_on_demand_happens_once_and_to_whoever_calls(broker: PaperBroker, tmp_path: Path, clock: Clock) -> None:
    other = PaperBroker(tmp_path / "DU1.sqlite", clock)
    other.inject(Fault("submit", FaultKind.AWAY))
    with pytest.raises(TemporaryError):
        broker.submit(request("away"))
    broker.inject(Fault("submit", FaultKind.LOST_ANSWER))
    with pytest.raises(TemporaryError):
        other.submit(request("lost"))
    assert (state(broker, "away"), state(broker, "lost")) == (None, "FILLED")
    assert isinstance(broker.submit(request("fine")), Acknowledged)
    other.close()


def test_a_late_submission_is_not_there_until_it_arrives(broker: PaperBroker, clock: Clock) -> None:
    broker.inject(Fault("submit", FaultKind.LATE, seconds=30))
    with pytest.raises(TemporaryError):
        broker.submit(request())
    assert (state(broker), held(broker)) == (None, 0)
    clock.time += timedelta(seconds=30)
    assert (state(broker), held(broker)) == ("FILLED", 100)


def test_the_closes_of_the_sample_become_quotes(broker: PaperBroker) -> None:
    assert feed_closes(broker, PRICES) == 25
    found = broker.quote("STOCK:AAPL")
    assert found is not None
    assert found.bid == found.ask == closes(PRICES)["STOCK:AAPL"] == D("125.674")
    assert closes(PRICES, date(2005, 1, 6))["STOCK:KO"] == D("11.752")


def test_prices_that_are_none_are_refused_by_their_name(tmp_path: Path) -> None:
    for name in ("us_stocks.csv", "factor_etfs.csv"):
        (tmp_path / name).write_text("date,KO\n2020-01-02,zero\n")
    with pytest.raises(InputError, match="KO closes at 'zero'"):
        closes(tmp_path)
    with pytest.raises(InputError, match="no daily closes"):
        closes(tmp_path / "nowhere")


def test_a_full_disk_is_no_answer_and_the_account_works_again_when_there_is_room(broker: PaperBroker) -> None:
    books = broker._store.connection
    books.execute(f"PRAGMA max_page_count={books.execute('PRAGMA page_count').fetchone()[0]}")
    taken: list[str] = []

    def fill_up() -> None:
        for number in range(1000):
            broker.submit(request(f"order-{number}", 1))
            taken.append(f"order-{number}")

    with pytest.raises(TemporaryError, match="cannot be written: database or disk is full"):
        fill_up()
    books.execute("PRAGMA max_page_count=1000000")
    assert held(broker) == len(taken)
    assert isinstance(broker.submit(request(f"order-{len(taken)}", 1)), Acknowledged)


@pytest.mark.parametrize("which", [one for one in Which if one is not Which.ALL])
def test_an_account_of_many_orders_is_not_looked_through_for_the_few_that_live(
    broker: PaperBroker, tmp_path: Path, which: Which
) -> None:
    """Each call of a broker asks for what has arrived and what is over."""
    with closing(sqlite3.connect(tmp_path / "DU1.sqlite")) as books:
        plan = books.execute(f"EXPLAIN QUERY PLAN {which.value}", [""] * which.value.count("?")).fetchall()
    assert not [step for *_, step in plan if step == "SCAN orders"], plan


def test_a_blank_line_at_the_end_of_a_file_of_closes_is_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "us_stocks.csv").write_text("date,KO\n2026-01-05,70\n2026-01-06,71.5\n\n")
    (tmp_path / "factor_etfs.csv").write_text("date,MTUM\n2026-01-06,200\n")
    assert closes(tmp_path) == {"STOCK:KO": D("71.5"), "ETF:MTUM": D(200)}
    assert closes(tmp_path, date(2026, 1, 5)) == {"STOCK:KO": D(70)}
