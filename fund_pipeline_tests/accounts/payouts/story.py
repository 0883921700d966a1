"""Two senders' trades in one fund, told to a real ledger at moments of 2025."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.flows import record
from fund_pipeline.accounts.payouts import ClosedMonths, close_months, mark_paid, rates_of_days
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.payout_model import PayoutPayment
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.signals import Environment, SenderOptions
from fund_pipeline.signals.senders import NewSender, Vault, add_sender
from fund_pipeline.terms import OrderRole, Side
from fund_pipeline_tests.accounts.payouts.fills import KO, Desk
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.samples import FUND, account, deposit, strategy

ZONE = ZoneInfo("America/New_York")
SAP = "STOCK:SAP"


def at(month: int, day: int, hour: int = 16, year: int = 2025) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZONE).astimezone(UTC)


def act(month: int, day: int, hour: int = 16) -> Act:
    return Act("test", at(month, day, hour), "corr")


class Story:
    """Fund `demo`, account `usd` at the paper broker; sender ann of strategy S, sender bob of T."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.desk = ledger, Desk(ledger)
        put_fund(ledger, FUND, act(1, 1))
        insert_account(ledger, account("usd"), act(1, 1))
        insert_account(ledger, account("eur", currency="EUR"), act(1, 1))
        record(ledger, deposit("usd", effective_at=at(1, 2)), ZONE, act(1, 2))
        for name, sender in (("S", "ann"), ("T", "bob")):
            put_strategy(ledger, strategy(name), act(1, 1))
            new = NewSender(sender, Environment.STAGING, SenderOptions(strategies=frozenset({name})))
            add_sender(ledger, new, f"the passphrase of {sender}", Vault([SECRETS_KEY]), act(1, 1))

    def trade(self, name: str, of: str, key: str, buy: str, sell: str, opened: datetime, closed: datetime) -> None:
        """Buy 100 by one signal and sell them by another that names it, for a commission of 1 each."""
        self.enter(name, of, key, buy, opened)
        sender, currency = ("ann", "USD") if of == "S" else ("bob", "USD" if key == KO else "EUR")
        self.desk.signal(f"{name}-out", sender, of, closed)
        terms = {"instrument_key": key, "currency": currency, "quantity": 100, "strategy": of}
        out = self.desk.order(f"{name}-out", "usd", OrderRole.EXIT, closed, entry=name, **terms)
        self.filled(out, Side.SELL, key, sell, closed)

    def enter(self, name: str, of: str, key: str, buy: str, opened: datetime) -> None:
        sender, currency = ("ann", "USD") if of == "S" else ("bob", "USD" if key == KO else "EUR")
        self.desk.signal(name, sender, of, opened)
        terms = {"instrument_key": key, "currency": currency, "quantity": 100, "strategy": of}
        order = self.desk.order(name, "usd", OrderRole.ENTRY, opened, **terms)
        self.filled(order, Side.BUY, key, buy, opened)

    def filled(
        self, order: str, side: Side, key: str, price: str, when: datetime, told: datetime | None = None
    ) -> None:
        fee = {"commission": Decimal(1), "instrument_key": key, "told": told or when}
        self.desk.fill(order, "usd", side, "100", price, when, **fee)

    def close(self, month: int | None, today: tuple[int, int], **options: bool) -> ClosedMonths:
        until = None if month is None else date(2025, month, 1)
        rates = rates_of_days(self.ledger, ZONE)
        return close_months(self.ledger, "demo", until, ZONE, rates, act(*today), **options)

    def pay(self, month: int, on: tuple[int, int], **options: object) -> PayoutPayment:
        key = ("demo", TradingMode.PAPER, "ann", date(2025, month, 1))
        account_id = options.pop("account_id", "usd")
        return mark_paid(self.ledger, key, account_id, at(*on), ZONE, act(*on), **options)  # type: ignore[arg-type]
