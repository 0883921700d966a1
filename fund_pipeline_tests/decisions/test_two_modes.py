"""A fund with paper accounts and real ones: neither lends to the other, and neither prices the other."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import update

from fund_pipeline.accounts.reconciliation.running import Books, make_ready
from fund_pipeline.cerebro.sizing import Decision, World, decide
from fund_pipeline.decisions import Sources, gather
from fund_pipeline.decisions.signals import read_signal
from fund_pipeline.execution.brokers.paper import PaperBroker, PaperTerms
from fund_pipeline.execution.brokers.paper.connecting import file_of
from fund_pipeline.execution.port import Quote
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.alerts import list_alerts
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.ledger.signals import list_signals
from fund_pipeline.signals.inbox import process_pending
from fund_pipeline.terms import AssetClass
from fund_pipeline_tests.decisions.floor import ACT, Floor, leg, signal
from fund_pipeline_tests.samples import account
from fund_pipeline_tests.signals.inboxes import READER

KEY = "STOCK:AAPL"
REAL_CASH = Decimal(250_000)
CLASSES = tuple(sorted(AssetClass))


class Real(PaperBroker):
    """A broker of real money, as far as anybody who asks it can tell."""

    is_live = True


@pytest.fixture
def real(floor: Floor) -> Real:
    """The broker of a LIVE account with a quarter of a million, on which the strategy may trade too."""
    insert_account(floor.ledger, account("real", asset_classes=CLASSES, broker="ibkr", mode=TradingMode.LIVE), ACT)
    broker = Real(floor.home / "paper" / "real.sqlite", floor.clock, PaperTerms(cash=REAL_CASH))
    floor.change_strategy(accounts=("demo-paper", "real"))
    floor.sources = Sources({"demo-paper": floor.paper, "real": broker}, READER.master, floor.sources.zone)
    make_ready(Books(floor.ledger, floor.sources.brokers, READER.master, floor.clock))
    return broker


def quote(broker: PaperBroker, price: int, floor: Floor, key: str = KEY) -> None:
    broker.set_quote(key, Quote(Decimal(price), Decimal(price), Decimal(price), floor.now))


def seen(floor: Floor, sent: str) -> tuple[World, Decision]:
    """The facts that a signal is decided by, and what is decided, as if a person could be reached."""
    process_pending(floor.ledger, READER, floor.now)
    rows = list_signals(floor.ledger, state=SignalState.STANDARDISED)
    (row,) = [one for one in rows if one.signal_id == sent]
    facts = read_signal(row, {}, floor.now)
    world = replace(gather(floor.ledger, floor.sources, [facts], floor.clock), channel_age_seconds=0)
    (decision,) = decide(facts, world).decisions
    return world, decision


@pytest.mark.parametrize(("mode", "capital"), [(TradingMode.PAPER, 400_000), (TradingMode.LIVE, 100_000)])
def test_a_strategy_is_sized_by_the_accounts_of_its_own_mode_alone(
    floor: Floor, real: Real, mode: TradingMode, capital: int
) -> None:
    floor.change_strategy(trading_mode=mode, max_gross=Decimal(1))
    for broker in (floor.paper, real):
        quote(broker, 100, floor)
    world, decision = seen(floor, floor.send(signal("ENTRY", leg("BUY", 10_000))))
    fund = world.funds["demo"]
    assert (fund.paper.equity, fund.live.equity) == (1_000_000, REAL_CASH)
    assert (fund.paper.day_start_equity, fund.live.day_start_equity) == (1_000_000, REAL_CASH)
    assert decision.figures["capital"]["allocated"] == str(capital)
    assert {order.account_id for order in decision.orders} == {"real" if mode is TradingMode.LIVE else "demo-paper"}
    assert sum(order.quantity for order in decision.orders) * 100 <= capital


@pytest.mark.parametrize(("mode", "price"), [(TradingMode.PAPER, "100"), (TradingMode.LIVE, "150")])
def test_a_paper_accounts_quotes_never_price_real_money_nor_the_reverse(
    floor: Floor, real: Real, mode: TradingMode, price: str
) -> None:
    floor.change_strategy(trading_mode=mode)
    quote(floor.paper, 100, floor)
    quote(real, 150, floor)
    _, decision = seen(floor, floor.send(signal("ENTRY", leg("BUY", 10))))
    assert decision.figures["legs"][0]["price"] == price


@pytest.mark.parametrize("mode", TradingMode)
def test_an_instrument_that_only_the_other_mode_quotes_has_no_price(
    floor: Floor, real: Real, mode: TradingMode
) -> None:
    floor.change_strategy(trading_mode=mode)
    quote(real if mode is TradingMode.PAPER else floor.paper, 100, floor)
    _, decision = seen(floor, floor.send(signal("ENTRY", leg("BUY", 10))))
    assert decision.reason.value == "NO_PRICE"


def test_an_account_that_the_strategy_may_not_trade_on_does_not_price_it(floor: Floor) -> None:
    insert_account(floor.ledger, account("other", asset_classes=CLASSES), ACT)
    floor.connect()
    other = floor.brokers["other"]
    assert isinstance(other, PaperBroker)
    quote(other, 100, floor)
    refused = floor.send(signal("ENTRY", leg("BUY", 10)))
    floor.work()
    assert floor.reason(refused) == ("REJECTED", "NO_PRICE")
    floor.change_strategy(accounts=("demo-paper", "other"))
    bought = floor.send(signal("ENTRY", leg("BUY", 10)))
    floor.work()
    assert floor.reason(bought)[0] == "APPROVED"


def test_what_a_strategy_left_in_its_paper_account_uses_no_real_capital(floor: Floor, real: Real) -> None:
    floor.change_strategy(max_gross=Decimal(1))
    for broker in (floor.paper, real):
        quote(broker, 100, floor)
    floor.send(signal("ENTRY", leg("BUY", 900)))
    floor.work()
    assert floor.positions() == {KEY: Decimal(3600)}
    floor.change_strategy(trading_mode=TradingMode.LIVE)
    _, decision = seen(floor, floor.send(signal("ENTRY", leg("SELL", 500))))
    assert decision.figures["capital"]["in_use"] == "0"
    assert {order.account_id: order.quantity for order in decision.orders} == {"real": 500}


def test_what_it_left_in_its_paper_account_is_closed_there(floor: Floor, real: Real) -> None:
    for broker in (floor.paper, real):
        quote(broker, 100, floor)
    entry = floor.send(signal("ENTRY", leg("BUY", 900, stop_loss=50)))
    floor.work_off()
    floor.change_strategy(trading_mode=TradingMode.LIVE)
    refused = floor.send(signal("ENTRY", leg("BUY", 900)))
    leaving = floor.send(signal("EXIT", leg("SELL", 900), entry_signal_id=entry))
    floor.work_off()
    assert floor.reason(refused)[0] == "REJECTED"
    assert floor.reason(leaving) == ("APPROVED", "CLOSES")
    floor.assert_flat()


def test_a_paper_strategy_cannot_leave_a_live_account_and_the_loudest_alert_says_what_to_do(floor: Floor) -> None:
    floor.price(AAPL="100")
    entry = floor.send(signal("ENTRY", leg("BUY", 900)))
    floor.work_off()
    with floor.ledger.writing() as connection:
        connection.execute(update(tables.accounts).values(mode="LIVE", broker="elsewhere"))
    leaving = floor.send(signal("EXIT", leg("SELL", 900), entry_signal_id=entry))
    floor.work_off()
    assert floor.reason(leaving) == ("REJECTED", "MODE_MISMATCH")
    (alert,) = [one.trouble for one in list_alerts(floor.ledger) if one.trouble.kind == "MODE_MISMATCH"]
    assert (alert.severity, "close at the broker" in alert.remedy) == (Severity.CRITICAL, True)
    assert len(floor.orders()) == 1


def test_a_brokers_time_to_answer_counts_into_the_age_of_what_it_says(floor: Floor) -> None:
    class Slow(PaperBroker):
        def quote(self, instrument_key: str) -> Quote | None:
            said = super().quote(instrument_key)
            floor.pass_time(seconds=40)
            return said

    floor.price(AAPL="100", KO="60")
    slow = Slow(file_of(account(), floor.home), floor.clock)
    floor.sources = Sources({"demo-paper": slow}, READER.master, floor.sources.zone)
    _, decision = seen(floor, floor.send(signal("ENTRY", leg("BUY", 10), leg("SELL", 10, "KO"))))
    assert decision.reason.value == "STALE_QUOTE"
    assert decision.figures["refused"]["quote"]["age_seconds"] >= 80
