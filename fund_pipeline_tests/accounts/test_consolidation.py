"""What accounts say they are worth, and what a fund's come to in its currency."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fund_pipeline.accounts.consolidation import consolidate
from fund_pipeline.accounts.findings import FindingKind
from fund_pipeline.accounts.snapshots import latest, record_snapshot, take_snapshots
from fund_pipeline.errors import NotFoundError
from fund_pipeline.execution.brokers.paper import Commission, Fault, FaultKind, PaperBroker, PaperTerms
from fund_pipeline.execution.port import AccountState, OrderRequest, Quote
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import AccountStatus
from fund_pipeline.ledger.accounts import change_account, insert_account, list_accounts
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.rates import CurrencyRate, rate_at, record_rates
from fund_pipeline.terms import AssetClass, OrderType, Side
from fund_pipeline_tests.samples import ACT, FUND, NOW, account, snapshot

PAPER, LIVE = TradingMode.PAPER, TradingMode.LIVE
MINUTE = timedelta(minutes=1)
FREE = {kind: Commission() for kind in AssetClass}


class Three:
    """A fund in dollars with three paper accounts, one of them in euro, and a LIVE one of which nobody hears."""

    def __init__(self, ledger: Ledger, home: Path) -> None:
        self.ledger, self.now = ledger, NOW
        put_fund(ledger, FUND, ACT)
        self.brokers = {}
        for name, currency in (("usd", "USD"), ("eur", "EUR"), ("odd", "USD")):
            insert_account(ledger, account(name, currency=currency), ACT)
            terms = PaperTerms(currency=currency, cash=Decimal(1000), commissions=FREE)
            self.brokers[name] = PaperBroker(home / f"{name}.sqlite", lambda: self.now, terms)
        insert_account(ledger, account("live", broker="ibkr", mode=LIVE), ACT)

    def take(self):
        self.now += MINUTE
        return take_snapshots(self.ledger, self.brokers, list_accounts(self.ledger), self.now)

    def quote(self, name: str, key: str, price: str) -> None:
        at = Decimal(price)
        self.brokers[name].set_quote(key, Quote(at, at, at, self.now))

    def trade(self, name: str, key: str, side: Side, quantity: int, price: str, multiplier: int = 1) -> None:
        kind = AssetClass(key.partition(":")[0])
        ordered = OrderRequest(
            "", key, kind, side, Decimal(quantity), OrderType.MARKET, None, None, Decimal(multiplier), "USD"
        )
        self.brokers[name].trade_by_hand(ordered, Decimal(price))

    def fund(self, moment: datetime | None = None, **limits: timedelta):
        return consolidate(self.ledger, "demo", PAPER, moment or self.now, **limits)


@pytest.fixture
def three(ledger: Ledger, tmp_path: Path) -> Three:
    return Three(ledger, tmp_path)


def test_a_fund_is_the_sum_of_its_accounts_in_its_currency_with_the_rates_used_and_nothing_silent(three: Three) -> None:
    three.quote("eur", "FOREX:USDEUR", "0.8")
    three.quote("usd", "STOCK:KO", "60")
    three.quote("usd", "FUTURE:ESZ6", "5010")
    three.trade("usd", "STOCK:KO", Side.BUY, 10, "50")
    three.trade("usd", "FUTURE:ESZ6", Side.SELL, 1, "5000", 5)
    three.trade("odd", "STOCK:KO", Side.SELL, 4, "55")  # of which this broker has no quote
    taken = three.take()
    assert [one.kind for one in taken.findings] == [FindingKind.NO_ADAPTER]
    said = {one.account_id: one for one in taken.snapshots}
    assert said["usd"].unrealised_pnl == 100 - 50
    assert said["usd"].cash_by_currency == {"USD": 500}  # the future's loss is not realised
    assert (said["usd"].cash, said["usd"].equity) == (450, 1050)
    assert latest(three.ledger, "usd") == said["usd"]

    whole = three.fund()
    assert whole.accounts == ("eur", "odd", "usd")
    assert whole.equity == 1050 + 1000 + Decimal(1000) / Decimal("0.8")
    assert whole.available == whole.equity - whole.margin_used
    assert [(one.source, one.rate, one.told_by) for one in whole.rates] == [("EUR", Decimal("1.25"), "eur")]
    assert {one.instrument_key: (one.quantity, one.value) for one in whole.holdings} == {
        "STOCK:KO": (6, None),
        "FUTURE:ESZ6": (-1, -25050),
    }
    assert [(one.kind, one.account_id) for one in whole.findings] == [(FindingKind.NO_PRICE, "odd")]

    live = consolidate(three.ledger, "demo", LIVE, three.now)
    assert (live.equity, [one.kind for one in live.findings]) == (None, [FindingKind.NEVER_HEARD])
    with pytest.raises(NotFoundError, match="nowhere"):
        consolidate(three.ledger, "nowhere", PAPER, three.now)
    for broker in three.brokers.values():
        broker.close()


def test_what_is_not_known_leaves_the_fund_without_a_number_and_says_why(three: Three) -> None:
    assert three.fund().equity is None
    three.take()
    first = three.now
    (no_rate,) = three.fund().findings
    assert (no_rate.kind, no_rate.account_id) == (FindingKind.NO_RATE, "eur")
    record_rates(three.ledger, [CurrencyRate("EUR", "USD", first, "eur", Decimal("1.1"), first)])
    assert three.fund().equity == 3100

    three.brokers["odd"].inject(Fault("account_state", FaultKind.AWAY))
    three.brokers["eur"].inject(Fault("open_orders", FaultKind.AWAY))
    taken = three.take()
    assert {(one.kind, one.account_id) for one in taken.findings} == {
        (FindingKind.AWAY, "odd"),
        (FindingKind.PARTIAL, "eur"),
        (FindingKind.NO_ADAPTER, "live"),
    }
    assert next(one for one in taken.snapshots if one.account_id == "eur").working_orders is None
    later = three.fund()
    assert (later.equity, later.as_of) == (3100, first)
    stale = three.fund(oldest=MINUTE / 2)
    assert (stale.equity, [(one.kind, one.account_id) for one in stale.findings]) == (
        None,
        [(FindingKind.STALE, "odd")],
    )
    assert three.fund(first + timedelta(days=5)).findings[0].kind is FindingKind.NO_RATE
    assert three.fund(first + timedelta(days=5), oldest_rate=timedelta(days=6)).equity == 3100


def test_the_past_is_valued_by_what_was_known_then(three: Three) -> None:
    for name, equity, days in (("usd", "10", 3), ("usd", "20", 1), ("odd", "5", 1)):
        at = NOW - timedelta(days=days)
        record_snapshot(three.ledger, snapshot(name, equity=equity, as_of=at, received_at=at))
    assert three.fund(NOW - timedelta(days=2)).equity == 10  # the others were not there yet
    assert three.fund(NOW - timedelta(days=1)).equity == 25
    assert three.fund(NOW - timedelta(days=4)).findings[0].kind is FindingKind.NO_ACCOUNT
    change_account(three.ledger, replace(account("eur", currency="EUR"), status=AccountStatus.CLOSED), ACT)
    assert three.fund().equity == 25  # a closed account of which there never was a word has nothing


def test_a_word_that_cannot_be_kept_is_a_finding_and_no_snapshot(three: Three) -> None:
    class Odd(PaperBroker):
        changes: dict[str, object] = {}  # noqa: RUF012

        def account_state(self) -> AccountState:
            return replace(super().account_state(), **self.changes)

    three.brokers["odd"].__class__ = Odd
    for changes, kind in (
        ({"currency": "CHF"}, FindingKind.OTHER_CURRENCY),
        ({"as_of": NOW + timedelta(hours=3)}, FindingKind.CLOCK_AHEAD),
        ({"equity": Decimal("NaN")}, FindingKind.NOT_A_NUMBER),
        ({"cash_by_currency": {"USD": Decimal("Infinity")}}, FindingKind.NOT_A_NUMBER),
    ):
        Odd.changes = changes
        found = [one for one in three.take().findings if one.account_id == "odd"]
        assert [one.kind for one in found] == [kind]
    assert latest(three.ledger, "odd") is None
    Odd.changes = {"unrealised_pnl": Decimal("NaN")}
    three.take()
    said = latest(three.ledger, "odd")
    assert said is not None
    assert said.unrealised_pnl is None


def test_a_rate_is_the_newest_up_to_a_moment_told_either_way_round(three: Three) -> None:
    for minutes, source, target, rate in ((0, "EUR", "USD", "1.1"), (2, "USD", "EUR", "0.8"), (4, "EUR", "USD", "1.2")):
        told = CurrencyRate(source, target, NOW + minutes * MINUTE, "eur", Decimal(rate), NOW)
        record_rates(three.ledger, [told, told])
    found = [rate_at(three.ledger, "EUR", "USD", NOW + minutes * MINUTE) for minutes in (-1, 1, 3, 5)]
    assert [None if one is None else one.rate for one in found] == [
        None,
        Decimal("1.1"),
        Decimal("1.25"),
        Decimal("1.2"),
    ]
