"""The golden fund's inputs, told to the product's ledger in the order in which they happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.clients.entry import parse_client, parse_request
from fund_pipeline.accounts.clients.requests import ask
from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.accounts.flows import record
from fund_pipeline.accounts.nav.closes import FundDay
from fund_pipeline.accounts.nav.equity import consolidated
from fund_pipeline.accounts.nav.strikes import strike_days
from fund_pipeline.accounts.payouts import close_months, mark_paid, rates_of_days, set_terms
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Mark
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.clients import insert_client
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.rates import CurrencyRate, record_rates
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.signals import Environment, SenderOptions
from fund_pipeline.signals.senders import NewSender, Vault, add_sender
from fund_pipeline.terms import AssetClass, OrderRole, Side
from fund_pipeline_tests.accounts.golden import by_hand
from fund_pipeline_tests.accounts.payouts.fills import Desk
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.samples import FUND, account, snapshot, strategy

ZONE = ZoneInfo("America/New_York")
FUND_DAY = FundDay(ZONE, time(17))
PAPER = TradingMode.PAPER
KEYS = {"KO": "STOCK:KO", "ES": "FUTURE:ES:20260320:CME", "SAP": "STOCK:SAP"}
STRATEGIES = {"ann": ("momentum", "pairs"), "bob": ("euro",)}


def moment(local: datetime) -> datetime:
    """A moment of the fund's clock, in UTC."""
    return local.replace(tzinfo=ZONE).astimezone(UTC)


def at(text: str) -> datetime:
    """The same, as it is written."""
    return moment(datetime.fromisoformat(text))


@dataclass(frozen=True)
class Step:
    """Something that happens at a moment; of one moment in the order of their kinds."""

    when: datetime
    kind: int
    row: dict[str, str]


class Told:
    """The ledger, in a folder, as the fourteen months left it."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.ledger, self.folder, self.desk = ledger, folder, Desk(ledger)
        self.rates = rates_of_days(ledger, ZONE)
        self._found()
        self._snapshots()
        doing = (self._fill, self._flow, self._close, self._strike, self._deal)
        for step in sorted(steps(), key=lambda one: (one.when, one.kind)):
            doing[step.kind](step)
        self._strike(Step(at("2026-03-01T12:00"), 3, {"day": "2026-02-28"}))

    def _found(self) -> None:
        ledger, act = self.ledger, Act("golden", at("2025-01-02T08:00"), "golden")
        put_fund(ledger, FUND, act)
        insert_account(ledger, account("main", asset_classes=tuple(sorted(AssetClass))), act)
        for sender, names in STRATEGIES.items():
            for name in names:
                put_strategy(ledger, strategy(name), act)
            new = NewSender(sender, Environment.STAGING, SenderOptions(strategies=frozenset(names)))
            add_sender(ledger, new, f"the passphrase of {sender}", Vault([SECRETS_KEY]), act)
        for row in by_hand.TERMS:
            if row["crystallised"]:
                given = {"client_id": row["who"], "fund_id": "demo", "mode": "PAPER", "name": row["who"].title()}
                terms = {"performance_fee": Decimal(row["share"]), "crystallisation": row["crystallised"]}
                insert_client(ledger, *parse_client(given | terms | {"valid_from": by_hand.FIRST}, act), act)
            else:
                month = date.fromisoformat(f"{row['from']}-01")
                set_terms(ledger, row["who"], month, Decimal(row["share"]), row["currency"], act)

    def _snapshots(self) -> None:
        """What the broker told at the close of each weekday, with the rate of the day."""
        moved, rates = by_hand.events(), []
        for day, marks in by_hand.CLOSES.items():
            when, worth = moment(datetime.combine(day, by_hand.HOURS)), by_hand.account_on(day, moved)
            rate = by_hand.decimal(marks["EURUSD"])
            rates.append(CurrencyRate("EUR", "USD", when, "main", rate, when))
            held = {name: quantity for name, quantity in worth.held.items() if quantity}
            record_snapshot(
                self.ledger,
                snapshot(
                    "main",
                    str(by_hand.decimal(worth.equity)),
                    as_of=when,
                    received_at=when,
                    positions={KEYS[name]: by_hand.decimal(quantity) for name, quantity in held.items()},
                    marks={
                        KEYS[name]: Mark(
                            Decimal(0),
                            by_hand.decimal(marks[name]),
                            Decimal(by_hand.MULTIPLIER[name]),
                            "EUR" if name == "SAP" else "USD",
                        )
                        for name in held
                    },
                ),
            )
        record_rates(self.ledger, rates)

    def _fill(self, step: Step) -> None:
        row, when = step.row, at(step.row["executed"])
        name, role = row["instrument"], OrderRole(row["role"])
        terms = {"instrument_key": KEYS[name], "currency": "EUR" if name == "SAP" else "USD"}
        more = {"multiplier": Decimal(by_hand.MULTIPLIER[name]), "side": Side(row["side"])}
        if role is not OrderRole.STOP:
            self.desk.signal(row["signal"], row["sender"], row["strategy"], when)
        order = self.desk.order(
            row["signal"],
            "main",
            role,
            step.when,
            quantity=int(row["quantity"]),
            strategy=row["strategy"],
            entry=row["closes"] or None if role is OrderRole.EXIT else None,
            asset_class=AssetClass(by_hand.CLASS[name]),
            **terms,
            **more,
        )
        self.desk.fill(
            order,
            "main",
            Side(row["side"]),
            row["quantity"],
            row["price"],
            when,
            told=step.when,
            commission=Decimal(row["commission"]),
            commission_currency=terms["currency"],
            **terms,
            multiplier=more["multiplier"],
        )

    def _flow(self, step: Step) -> None:
        row = step.row
        flow = NewFlow("main", AskedKind(row["kind"]), Decimal(row["amount"]), "USD", step.when, f"flow {row['at']}")
        record(self.ledger, flow, ZONE, Act("golden", step.when, "golden"))

    def _close(self, step: Step) -> None:
        """Close the month at six in the morning, and pay at noon what is due."""
        act = Act("golden", step.when, "golden")
        for payout in close_months(self.ledger, "demo", None, ZONE, self.rates, act).closed:
            if payout.due:
                paid = step.when + timedelta(hours=6)
                mark_paid(self.ledger, payout.key, "main", paid, ZONE, Act("golden", paid, "golden"))

    def _strike(self, step: Step) -> None:
        """All NAVs up to a day."""
        act = Act("golden", step.when, "golden")
        days = [date.fromisoformat(step.row["day"])]
        strike_days(self.ledger, "demo", PAPER, days, FUND_DAY, consolidated(self.ledger, "demo", PAPER), act)

    def _deal(self, step: Step) -> None:
        row = step.row
        act = Act("golden", step.when, "golden")
        given = {"client_id": row["client"], "kind": row["kind"], "day": row["day"], "amount": row["amount"]}
        ask(self.ledger, parse_request(given | {"reference": f"{row['kind']} {row['day']}"}, act), act)


def steps() -> Iterator[Step]:
    """Fills when they were told, flows, the first of each month, and requests in the morning of their day, before which
    the NAVs of the days before are struck."""
    for row in by_hand.FILLS:
        yield Step(at(row["told"] or row["executed"]), 0, row)
    for row in by_hand.FLOWS:
        yield Step(at(row["at"]), 1, row)
    for month in by_hand.months():
        yield Step(moment(datetime.combine(by_hand.month_end(month) + timedelta(days=1), time(6))), 2, {})
    for row in by_hand.DEALINGS:
        day = date.fromisoformat(row["day"])
        if day > by_hand.FIRST:
            yield Step(moment(datetime.combine(day, time(8))), 3, {"day": str(day - timedelta(days=1))})
        yield Step(moment(datetime.combine(day, time(9))), 4, row)
