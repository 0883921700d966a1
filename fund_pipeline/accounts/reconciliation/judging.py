"""What a broker's answer is worth: numbers as books keep them, and everything that is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from fund_pipeline.accounts.asking import kept_execution, kept_order, kept_position, kept_state
from fund_pipeline.accounts.findings import Finding, FindingKind
from fund_pipeline.accounts.reconciliation.model import Theirs
from fund_pipeline.accounts.reconciliation.rules import Rules
from fund_pipeline.execution.port import AccountState, BrokerExecution, BrokerOrder, BrokerPosition
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.terms import AssetClass

CLOCK_SKEW = timedelta(minutes=1)
MARGINED = (AssetClass.FUTURE, AssetClass.FOREX)
"""Whose price is not paid: only gain and loss are money."""

SHARE_OF_EQUITY = Decimal("0.02")
"""Accrued interest and dividends are in equity and in no position; more than this is a position that was left out."""

T = TypeVar("T")


@dataclass(frozen=True)
class Judged:
    """The answer as far as it can be relied on; None where it cannot. With any finding nothing may be cleared."""

    state: AccountState | None
    positions: dict[str, BrokerPosition] | None
    open_orders: tuple[BrokerOrder, ...] | None
    found: dict[str, BrokerOrder | None]
    executions: tuple[BrokerExecution, ...] | None
    findings: tuple[Finding, ...]


def judge(account: Account, theirs: Theirs, rules: Rules, is_known: Callable[[str], bool]) -> Judged:
    """Read an answer. `is_known` says of an instrument key whether the books have that instrument."""
    findings = list(theirs.silences)

    def wrong(kind: FindingKind, about: str, message: str) -> None:
        findings.append(Finding(kind, account.account_id, about, message))

    def read(about: str, value: T | None, reading: Callable[[T], T]) -> T | None:
        if value is None:
            return None
        try:
            return reading(value)
        except InvalidOperation:
            wrong(FindingKind.NOT_A_NUMBER, about, f"a number in its {about} is none")
            return None

    state = read("account state", theirs.state, kept_state)
    if state is not None:
        state = _judge_state(account, state, theirs, rules, wrong)
    positions = read("positions", theirs.positions, lambda all_: tuple(kept_position(one) for one in all_))
    orders = read("working orders", theirs.open_orders, lambda all_: tuple(kept_order(one) for one in all_))
    executions = read("executions", theirs.executions, lambda all_: tuple(kept_execution(one) for one in all_))
    held = None if positions is None else {one.instrument_key: one for one in positions}
    for key in sorted(held or {}):
        if not is_known(key):
            wrong(FindingKind.UNKNOWN_SYMBOL, key, f"it holds {(held or {})[key].quantity} of {key}, which is unknown")
    if state is not None and held is not None:
        _judge_sum(state, held, wrong)
    return Judged(state, held, orders, dict(theirs.found), executions, tuple(findings))


Wrong = Callable[[FindingKind, str, str], None]


def _judge_state(
    account: Account, state: AccountState, theirs: Theirs, rules: Rules, wrong: Wrong
) -> AccountState | None:
    if state.currency != account.currency:
        wrong(
            FindingKind.OTHER_CURRENCY,
            state.currency,
            f"it counts in {state.currency}, and the account in {account.currency}",
        )
        return None
    if state.as_of > theirs.asked_at + CLOCK_SKEW:
        wrong(FindingKind.CLOCK_AHEAD, "clock", f"it tells of {state.as_of.isoformat()}, which is still to come")
        return None
    if theirs.asked_at - state.as_of > rules.oldest_state:
        wrong(FindingKind.STALE, "account state", f"it tells of {state.as_of.isoformat()}, which is too long ago")
        return None
    if state.cash < 0:
        wrong(FindingKind.NEGATIVE_CASH, state.currency, f"it has {state.cash} {state.currency} of cash")
    return state


def _judge_sum(state: AccountState, held: dict[str, BrokerPosition], wrong: Wrong) -> None:
    """A list of positions that was cut short shows in the equity that they should come to."""
    total = state.cash
    for key, one in held.items():
        if one.market_price is None or one.multiplier is None or one.currency != state.currency:
            return
        if key.partition(":")[0] not in MARGINED:
            total += one.quantity * one.market_price * one.multiplier
    if abs(total - state.equity) > SHARE_OF_EQUITY * max(abs(state.equity), abs(total)):
        wrong(
            FindingKind.PARTIAL,
            "positions",
            f"its equity is {state.equity} {state.currency}, and its cash and positions come to {total}",
        )
