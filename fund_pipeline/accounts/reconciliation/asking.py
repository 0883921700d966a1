"""Both sides as they are now: our books from the ledger, theirs from the broker, as nearly at one moment as it goes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from fund_pipeline.accounts.findings import Finding, FindingKind
from fund_pipeline.accounts.reconciliation.model import Ours, Theirs
from fund_pipeline.accounts.reconciliation.orders import in_question
from fund_pipeline.accounts.reconciliation.rules import Rules
from fund_pipeline.errors import FundError
from fund_pipeline.execution import Broker
from fund_pipeline.execution.port import BrokerExecution, BrokerOrder
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_books import books_of, opening_of
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.break_model import ExternalPolicy, Section
from fund_pipeline.ledger.breaks import list_breaks
from fund_pipeline.ledger.executions import list_executions, newest_execution
from fund_pipeline.ledger.flows import list_flows
from fund_pipeline.ledger.order_model import Execution, OrderRow
from fund_pipeline.ledger.orders import live_orders, orders_by_id
from fund_pipeline.ledger.own_entries import about, read_id
from fund_pipeline.ledger.positions import list_positions

EVER = datetime(1970, 1, 1, tzinfo=UTC)
LOOKS = 3
"""Looks at a broker, until none of its fills came between the first question and the last."""

T = TypeVar("T")


def ask_theirs(
    ledger: Ledger, account: Account, broker: Callable[[], Broker], now: Callable[[], datetime], rules: Rules
) -> Theirs:
    """What the broker says of an account. It never raises for a broker: what was not answered is None, and says why."""
    began_at, newest = now(), newest_execution(ledger, account.account_id)
    orders = live_orders(ledger, account.account_id)
    since = _since_when(ledger, account, orders, newest, rules)
    theirs = _look(broker, account, orders, since, now, rules)
    for _ in range(LOOKS - 1):
        again = _asked(broker, lambda one: tuple(one.executions(since)), [], "")
        if theirs.executions is None or again is None or _ids(again) == _ids(theirs.executions):
            break
        theirs = _look(broker, account, orders, since, now, rules)
    return replace(theirs, began_at=began_at, booked=0 if newest is None else newest.number)


def _since_when(
    ledger: Ledger, account: Account, orders: Iterable[OrderRow], newest: Execution | None, rules: Rules
) -> datetime:
    """From when on the broker's executions are compared: it reaches back to what is in doubt."""
    if newest is None:
        return EVER
    standing = list_breaks(ledger, account_id=account.account_id, sections={Section.EXECUTIONS})
    told = [one.found.detail.get("executed_at") for one in standing]
    in_doubt = [datetime.fromisoformat(str(one)) for one in told if one is not None]
    sent = [one.submitted_at for one in orders if one.submitted_at is not None]
    return min([newest.executed_at - rules.lookback, *(one - rules.lookback for one in sent), *in_doubt])


def read_ours(ledger: Ledger, account: Account, theirs: Theirs) -> Ours:
    """Our books of an account, after its broker was asked, as they are compared with what it said.

    That takes long in large books, and meanwhile fills are booked and orders end of which it could not know.
    """
    with ledger.at_one_moment() as moment:
        return _read_ours(moment, account, theirs)


def _read_ours(ledger: Ledger, account: Account, theirs: Theirs) -> Ours:
    account_id = account.account_id
    live = live_orders(ledger, account_id)
    booked = list_executions(ledger, account_id=account_id)
    told = {about(one.execution_id) for one in theirs.executions or ()}
    later = tuple(one for one in booked if _is_later(one, theirs, told))
    just_ended, ended = _ended(ledger, account_id, live, theirs)
    return Ours(
        account=account,
        positions=list_positions(ledger, account_id=account_id),
        orders=(*live, *just_ended),
        ended=ended,
        executions=tuple(one for one in booked if not _is_later(one, theirs, told)) if later else booked,
        since_asked=later,
        flows=list_flows(ledger, account_id=account_id),
        opening=opening_of(ledger, account_id),
        adopts_external=books_of(ledger)[account_id].policy is ExternalPolicy.ADOPT,
    )


def _is_later(one: Execution, theirs: Theirs, told: Collection[str]) -> bool:
    if theirs.booked is None or one.number <= theirs.booked:
        return False
    kind, name = read_id(one.broker_execution_id)
    return kind is None and name not in told


def _ended(
    ledger: Ledger, account_id: str, live: Sequence[OrderRow], theirs: Theirs
) -> tuple[tuple[OrderRow, ...], dict[str, OrderRow]]:
    """Orders that the broker works and that have ended: since it was asked, and, by id, before."""
    lives = {one.client_order_id for one in live}
    names = [one.client_order_id for one in theirs.open_orders or () if one.client_order_id is not None]
    found = orders_by_id(ledger, [one for one in names if one not in lives])
    mine = [one for one in found.values() if one.account_id == account_id]
    later = tuple(one for one in mine if theirs.began_at and one.closed_at and one.closed_at > theirs.began_at)
    return later, {one.client_order_id: one for one in mine if one not in later}


def _look(
    broker: Callable[[], Broker],
    account: Account,
    orders: Sequence[OrderRow],
    since: datetime,
    now: Callable[[], datetime],
    rules: Rules,
) -> Theirs:
    failed: list[tuple[str, str]] = []
    executions = _asked(broker, lambda one: tuple(one.executions(since)), failed, "executions")
    open_orders = _asked(broker, lambda one: one.open_orders(), failed, "working orders")
    positions = _asked(broker, lambda one: one.positions(), failed, "positions")
    state = _asked(broker, lambda one: one.account_state(), failed, "account state")
    found: dict[str, BrokerOrder | None] = {}
    if open_orders is not None:
        works = {one.client_order_id for one in open_orders}
        for order in in_question(orders, now() - rules.answer_within):
            if order.client_order_id not in works:
                _find(broker, order.client_order_id, found, failed)
    silent = all(one is None for one in (executions, open_orders, positions, state))
    return Theirs(
        asked_at=now(),
        since=since,
        state=state,
        positions=positions,
        open_orders=open_orders,
        found=found,
        executions=executions,
        silences=_silences(account.account_id, failed, silent),
    )


def _find(
    broker: Callable[[], Broker], name: str, found: dict[str, BrokerOrder | None], failed: list[tuple[str, str]]
) -> None:
    before = len(failed)
    word = _asked(broker, lambda one: one.find(name), failed, "orders by id")
    if len(failed) == before:
        found[name] = word


def _silences(account_id: str, failed: Sequence[tuple[str, str]], silent: bool) -> tuple[Finding, ...]:
    if silent:
        return (Finding(FindingKind.AWAY, account_id, "broker", failed[0][1]),)
    return tuple(Finding(FindingKind.PARTIAL, account_id, about, why) for about, why in dict(failed).items())


def _asked(
    broker: Callable[[], Broker], question: Callable[[Broker], T], failed: list[tuple[str, str]], about: str
) -> T | None:
    try:
        return question(broker())
    except FundError as away:
        failed.append((about, away.message))
        return None


def _ids(executions: Iterable[BrokerExecution]) -> set[str]:
    return {one.execution_id for one in executions}
