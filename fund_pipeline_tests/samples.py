"""Small true-to-life values that several tests start from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.accounts.flows import flow_id_of, record
from fund_pipeline.accounts.payouts import close_months, rates_of_days, set_terms
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_books import record_opening
from fund_pipeline.ledger.account_model import Account, AccountSnapshot, Severity, Trouble
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.allocations import record_recommendation
from fund_pipeline.ledger.approval_model import Approval, ApprovalMethod, Decision
from fund_pipeline.ledger.approvals import put_in_force
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.backtests import accept_dates, put_summaries
from fund_pipeline.ledger.break_model import BreakKind, Difference
from fund_pipeline.ledger.breaks import Pass, record_pass
from fund_pipeline.ledger.dashboards import publish, published_marts
from fund_pipeline.ledger.digests import allocation_digest
from fund_pipeline.ledger.executions_aside import keep_aside
from fund_pipeline.ledger.fund_day_model import FundDay, Opening
from fund_pipeline.ledger.fund_days import keep_day
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.halts import set_halt
from fund_pipeline.ledger.key_model import Scope
from fund_pipeline.ledger.login_tokens import end_token
from fund_pipeline.ledger.model import (
    Allocation,
    AllocationStatus,
    BacktestSummary,
    DatesAcceptance,
    Fund,
    OptimisationRun,
    Strategy,
    StrategyStatus,
    TradingMode,
)
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.payout_model import PayoutPayment
from fund_pipeline.ledger.payouts import write_payment
from fund_pipeline.ledger.rates import CurrencyRate, record_rates
from fund_pipeline.ledger.signal_model import WayIn
from fund_pipeline.ledger.signals import settle_pending
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.signals import Environment, InstrumentMaster, RejectionReason, SenderOptions
from fund_pipeline.signals.errors import refusal
from fund_pipeline.signals.inbox import Arrival, Reader, accept, keep_refused
from fund_pipeline.signals.senders import NewSender, Vault, add_sender
from fund_pipeline.terms import AssetClass, HaltState, Side
from fund_pipeline.users import SecretBox, UserRole, add_key, add_user, new_recovery_codes
from fund_pipeline_tests.books import fill_books
from fund_pipeline_tests.dashboards.rows import build, row
from fund_pipeline_tests.execution.filled import fill_execution
from fund_pipeline_tests.keys import SECRETS_KEY

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
ACT = Act("test", NOW, "corr-1")
FUND = Fund("demo", "Demo Fund", "USD", Decimal("1000000"))


def strategy(strategy_id: str, **fields: object) -> Strategy:
    """An ACTIVE strategy in the registry."""
    return Strategy(strategy_id, strategy_id, **{"status": StrategyStatus.ACTIVE} | fields)  # type: ignore[arg-type]


def summary(strategy_id: str, **fields: object) -> BacktestSummary:
    """The summary of an admitted backtest of 1000 days."""
    values: dict[str, object] = {
        "strategy_id": strategy_id,
        "content_hash": f"hash-of-{strategy_id}",
        "source_file": f"{strategy_id}.csv",
        "unit": "PERCENT",
        "unit_evidence": "PnL and equity agree",
        "calendar": "XNYS",
        "first_date": date(2018, 1, 2),
        "last_date": date(2021, 12, 20),
        "days": 1000,
        "missing_sessions": 0,
        "stated": {},
        "warnings": (),
        "ingested_at": NOW,
    }
    return BacktestSummary(**values | fields)  # type: ignore[arg-type]


def run(digest: str = "digest-1", fund_id: str = "demo") -> OptimisationRun:
    """A finished optimisation run; `digest-2` was a minute later than the others."""
    return OptimisationRun(
        run_id=f"run-{digest}",
        fund_id=fund_id,
        inputs_digest=digest,
        allocator="cvar-lp 1.0",
        status="OPTIMAL",
        inputs={"strategies": ["A"]},
        result={"ok": True},
        correlation_id="corr-1",
        created_at=NOW + timedelta(minutes=digest == "digest-2"),
    )


def allocation(of: OptimisationRun, **weights: str) -> Allocation:
    """The pending allocation that a run recommends."""
    return Allocation(
        f"{of.fund_id}-{of.inputs_digest}",
        of.fund_id,
        of.run_id,
        AllocationStatus.PENDING_APPROVAL,
        {name: Decimal(weight) for name, weight in weights.items()},
        {"cvar": 0.01},
        allocation_digest(of.inputs_digest, {name: Decimal(weight) for name, weight in weights.items()}),
        NOW,
    )


def approval_of(of: Allocation, **fields: object) -> Approval:
    """An admin's approval of an allocation."""
    values: dict[str, object] = {
        "fund_id": of.fund_id,
        "allocation_id": of.allocation_id,
        "digest": of.digest,
        "decision": Decision.APPROVED,
        "method": ApprovalMethod.CODE,
        "decided_by": "ada",
        "second_by": None,
        "note": "seen and understood",
        "override_reason": "",
        "breaches": (),
        "replaces": None,
        "decided_at": NOW,
        "correlation_id": "corr-2",
    }
    return Approval(**values | fields)  # type: ignore[arg-type]


def account(account_id: str = "demo-paper", **fields: object) -> Account:
    """An OPEN account of fund `demo` at the paper broker, whose number is its id."""
    values: dict[str, object] = {
        "account_id": account_id,
        "fund_id": "demo",
        "name": account_id,
        "broker": "paper",
        "broker_account": account_id,
        "asset_classes": (AssetClass.ETF, AssetClass.STOCK),
        "mode": TradingMode.PAPER,
        "currency": "USD",
    }
    return Account(**values | fields)  # type: ignore[arg-type]


def snapshot(account_id: str = "demo-paper", equity: str = "1000000", **fields: object) -> AccountSnapshot:
    """The broker's word on an account that holds nothing, a second before it arrived."""
    values: dict[str, object] = {
        "account_id": account_id,
        "as_of": NOW - timedelta(seconds=1),
        "received_at": NOW,
        "equity": Decimal(equity),
        "cash": Decimal(equity),
        "margin_used": Decimal(0),
        "currency": "USD",
    }
    return AccountSnapshot(**values | fields)  # type: ignore[arg-type]


def trouble(**fields: object) -> Trouble:
    """An exit that failed."""
    values: dict[str, object] = {
        "severity": Severity.WARNING,
        "kind": "EXIT_FAILED",
        "entity": "order",
        "entity_id": "order-1",
        "message": "the broker refused the exit",
        "remedy": "close the position at the broker",
        "fund_id": "demo",
    }
    return Trouble(**values | fields)  # type: ignore[arg-type]


def deposit(account_id: str = "demo-paper", amount: str = "1000000", **fields: object) -> NewFlow:
    """Money that came into an account a day ago."""
    values: dict[str, object] = {
        "account_id": account_id,
        "kind": AskedKind.DEPOSIT,
        "amount": Decimal(amount),
        "currency": "USD",
        "effective_at": NOW - timedelta(days=1),
        "reference": "wire 1",
    }
    return NewFlow(**values | fields)  # type: ignore[arg-type]


def fill_payouts(ledger: Ledger) -> None:
    """Terms of sender `tess` from March on, March closed in April, with a payment of nothing that never happened."""
    zone, april = ZoneInfo("America/New_York"), Act("test", NOW + timedelta(days=40), "corr-3")
    set_terms(ledger, "tess", date(2026, 3, 1), Decimal("0.2"), "USD", ACT)
    closed = close_months(ledger, "demo", None, zone, rates_of_days(ledger, zone), april).closed
    payment = PayoutPayment(
        *closed[0].key, Decimal(1), "USD", "demo-paper", flow_id_of("demo-paper", "wire 1"), NOW, "test", NOW
    )
    with ledger.writing() as connection:
        write_payment(payment, ACT, connection)


def fund_day() -> FundDay:
    """How a day of the fund's paper account began."""
    opened = {"demo-paper": Opening(Decimal(1_000_000), "USD", Decimal(1), NOW)}
    return FundDay("demo", TradingMode.PAPER, NOW.date(), "USD", NOW, opened, Decimal(1), None, None, NOW, "sizing")


def strange_fill() -> Execution:
    """A fill that cannot be booked."""
    nonsense, none = Decimal("NaN"), Decimal(0)
    told = ("paper", "demo-paper", "strange", None, "demo-paper", "UNATTRIBUTED", "STOCK:KO", Side.BUY)
    return Execution(*told, Decimal(1), nonsense, none, "USD", Decimal(1), "USD", NOW, NOW)


def a_break(**fields: object) -> Difference:
    """The broker holds ten shares that our books do not."""
    values: dict[str, object] = {
        "kind": BreakKind.POSITION,
        "subject": "STOCK:KO",
        "message": "our books hold 0 STOCK:KO, the broker 10",
        "instrument_key": "STOCK:KO",
        "ours": Decimal(0),
        "theirs": Decimal(10),
    }
    return Difference(**values | fields)  # type: ignore[arg-type]


def fill_ledger(ledger: Ledger) -> None:
    """Put at least one row into every table: fund `demo` has a pending allocation, fund `second` an approved one."""
    put_fund(ledger, FUND, ACT)
    for name in ("A", "B"):
        put_strategy(ledger, strategy(name, margin_per_unit=Decimal("1234.56")), ACT)
    insert_account(ledger, account(), ACT)
    record_snapshot(ledger, snapshot())
    record(ledger, deposit(), ZoneInfo("America/New_York"), ACT)
    record_rates(ledger, [CurrencyRate("EUR", "USD", NOW, "demo-paper", Decimal("1.1"), NOW)])
    keep_day(ledger, "demo", TradingMode.PAPER, NOW.date(), lambda *_: fund_day())
    record_opening(ledger, "demo-paper", {"USD": Decimal(1)}, "USD", NOW, ACT)
    record_pass(ledger, "demo-paper", Pass((a_break(),), (), lambda _one: False, ()), ACT)
    set_halt(ledger, "demo", HaltState.ACTIVE, HaltState.REDUCING, "for a test", ACT)
    keep_aside(ledger, strange_fill(), "its price is no number", trouble(), NOW)
    raise_alert(ledger, trouble(), NOW)
    put_summaries(ledger, [summary("A"), summary("B")], ACT)
    accept_dates(ledger, DatesAcceptance("A", "hash-of-A", "user:x", "checked by hand", NOW), ACT)
    record_recommendation(ledger, run(), allocation(run(), A="0.5", B="0.25"), ACT)
    put_fund(ledger, replace(FUND, fund_id="second", name="Second Fund"), ACT)
    of_second = run("digest-of-second", "second")
    approved = allocation(of_second, A="0.5")
    record_recommendation(ledger, of_second, approved, ACT)
    put_in_force(ledger, approved, approval_of(approved), ACT)
    add_user(ledger, "ada", "Ada", UserRole.ADMIN, ACT)
    new_recovery_codes(ledger, "ada", SecretBox([SECRETS_KEY]), ACT)
    add_key(ledger, "a program", [Scope.STRATEGIES_READ], ACT)
    of_a = NewSender("tess", Environment.STAGING, SenderOptions(strategies=frozenset({"A"})))
    tess = add_sender(ledger, of_a, "the passphrase of tess", Vault([SECRETS_KEY]), ACT)
    asked = {"strategy_name": "A", "signalID": "1", "signal_sent_EPOCH": int(NOW.timestamp()), "signal": {}}
    accept(ledger, tess, asked, Arrival(WayIn.WEBHOOK, NOW), Environment.STAGING)
    accept(ledger, tess, asked, Arrival(WayIn.WEBHOOK, NOW + timedelta(seconds=1)), Environment.STAGING)
    of_b = refusal(RejectionReason.NOT_ALLOWED, "strategy_name", "B").problem
    keep_refused(ledger, tess, asked | {"strategy_name": "B"}, of_b, Arrival(WayIn.WEBHOOK, NOW))
    settle_pending(ledger, Reader(InstrumentMaster((), {}), Environment.STAGING).read, ACT, 1)
    fill_execution(ledger, "demo-paper", NOW)
    fill_payouts(ledger)
    fill_books(ledger)
    publish(ledger, build(1), {mart: [row(mart)] for mart in published_marts()})
    end_token(ledger, "a token", NOW + timedelta(hours=1), NOW)
