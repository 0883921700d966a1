"""Reconciling from fetched state: `python -m benchmarks.reconciliation`.

50 accounts, each with 200 positions, 1000 executions, 20 working orders and cash in one currency, on one core; wall
clock and processor time, the median of five. Each account has three faults: a fill that was not booked, a position that
differs, and cash that does; what is found is checked.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fund_pipeline.accounts.reconciliation import Ours, Reconciled, Theirs, reconcile
from fund_pipeline.execution.port import AccountState, BrokerExecution, BrokerPosition
from fund_pipeline.execution.positions import rebuild
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.break_model import BreakKind, Opening
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.terms import AssetClass, Side

ACCOUNTS, POSITIONS, EXECUTIONS, ROUNDS = 50, 200, 1000, 5
LEAST = 2.0
NOON = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
OPENED = NOON - timedelta(days=2)
CASH = Decimal(100_000_000)


def state_of(number: int) -> tuple[Ours, Theirs]:
    """Both sides of one account, as they are fetched."""
    account = Account(f"a{number}", "demo", "", "paper", f"DU{number}", (AssetClass.STOCK,), TradingMode.PAPER, "USD")
    told = [fill_of(place) for place in range(EXECUTIONS)]
    booked = [booked_of(account, one, place) for place, one in enumerate(told[1:], 1)]
    positions = tuple(one for one in rebuild(booked).values() if not one.is_flat)
    held = rebuild([booked_of(account, one, place) for place, one in enumerate(told, 1)])
    theirs = tuple(BrokerPosition(one.instrument_key, one.quantity, one.average_price) for one in held.values())
    wrong = replace(theirs[0], quantity=theirs[0].quantity + 1)
    cash = CASH - sum((one.quantity * one.price + one.commission for one in told), Decimal(0))
    state = AccountState(CASH, CASH, Decimal(0), "USD", NOON, {"USD": cash - 777})
    opening = Opening(account.account_id, {"USD": CASH}, OPENED, 0)
    ours = Ours(account, positions, executions=tuple(booked), opening=opening)
    return ours, Theirs(NOON, OPENED, state, (wrong, *theirs[1:]), (), {}, tuple(told))


def fill_of(place: int) -> BrokerExecution:
    """One of the fills: five to a position."""
    return BrokerExecution(
        execution_id=f"E{place}",
        client_order_id=None,
        instrument_key=f"STOCK:S{place % POSITIONS}",
        side=Side.BUY,
        quantity=Decimal(place % 7 + 1),
        price=Decimal(5000 + place) / 100,
        commission=Decimal("1.25"),
        commission_currency="USD",
        multiplier=Decimal(1),
        currency="USD",
        executed_at=OPENED + timedelta(seconds=place + 1),
    )


def booked_of(account: Account, one: BrokerExecution, number: int) -> Execution:
    """The same in our books."""
    values = {name: getattr(one, name) for name in BrokerExecution.__dataclass_fields__ if name != "execution_id"}
    return Execution(
        **values,
        broker=account.broker,
        broker_account=account.broker_account,
        account_id=account.account_id,
        broker_execution_id=one.execution_id,
        strategy="S",
        received_at=NOON,
        number=number,
    )


def check(found: Sequence[Reconciled]) -> None:
    """Each account has its three faults, and no other."""
    for one in found:
        kinds = {each.kind for each in one.standing} | {each.of.kind for each in one.repairs if each.of is not None}
        assert kinds == {BreakKind.EXECUTION_MISSED, BreakKind.POSITION, BreakKind.CASH}, kinds
        assert len(one.standing) + len(one.repairs) == 3


def main() -> int:
    fetched = [state_of(number) for number in range(ACCOUNTS)]
    wall, used = [], []
    for _ in range(ROUNDS):
        began, cpu = time.perf_counter(), time.process_time()
        found = [reconcile(ours, theirs) for ours, theirs in fetched]
        wall.append(time.perf_counter() - began)
        used.append(time.process_time() - cpu)
        check(found)
    middle, own = statistics.median(wall), statistics.median(used)
    reached = "reached" if own <= LEAST else "NOT REACHED"
    print(
        f"{ACCOUNTS} accounts x {POSITIONS} positions x {EXECUTIONS} executions: {middle:.2f} s of wall clock, "
        f"{own:.2f} s of one core | at most {LEAST:g} s: {reached}"
    )
    return 0 if own <= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
