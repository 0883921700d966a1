"""Reconciling accounts: ask, book the facts that were missed, take the broker's word on orders, keep what stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial

from fund_pipeline.accounts.findings import FindingKind
from fund_pipeline.accounts.reconciliation.asking import ask_theirs, read_ours
from fund_pipeline.accounts.reconciliation.core import Reconciled, Repair, RepairKind, reconcile
from fund_pipeline.accounts.reconciliation.model import Theirs
from fund_pipeline.accounts.reconciliation.rules import RULES, Rules
from fund_pipeline.errors import FundError, InputError, TemporaryError
from fund_pipeline.execution import PATIENCE, Broker, Patience
from fund_pipeline.execution.desk import Desk
from fund_pipeline.execution.fills import POISON, book_told
from fund_pipeline.execution.positions import apply
from fund_pipeline.execution.resolving import alert_overdue, take_word
from fund_pipeline.instruments import InstrumentMaster, parse_key
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_books import books_of, opening_of, record_opening
from fund_pipeline.ledger.account_model import Account, AccountStatus, Severity, Trouble
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.break_model import BreakKind, Difference
from fund_pipeline.ledger.breaks import Pass, Recorded, record_pass
from fund_pipeline.ledger.executions import book_entries
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.orders import orders_by_id

ACTOR = "reconciliation"
ROUNDS = 3
"""What is imported may be external and then adopted; more than that follows from nothing."""

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Books:
    """What reconciling needs: the ledger, the brokers by account id, instruments, and the clock (UTC)."""

    ledger: Ledger
    brokers: Mapping[str, Broker]
    master: InstrumentMaster
    now: Clock
    rules: Rules = RULES
    patience: Patience = PATIENCE


@dataclass(frozen=True)
class Passed:
    """What one pass over an account found and did.

    Attributes
    ----------
    first : what it found. last : what is left after its repairs, or `first` again where none were made.
    recorded : the breaks in the ledger by then; None when it only looked.
    """

    account: Account
    first: Reconciled
    last: Reconciled
    recorded: Recorded | None


def look_at(books: Books, account: Account) -> Passed:
    """What differs and what would be done; nothing is changed."""
    theirs, found = _compare(books, account)
    del theirs
    return Passed(account, found, found, None)


def reconcile_account(books: Books, account: Account) -> Passed:
    """One pass over an account. Safe to repeat; a second one finds nothing new. TemporaryError when the ledger is away.

    The cash of a first complete pass is recorded as what the account's books begin with.
    """
    theirs, first = _compare(books, account)
    last = first
    repaired: dict[tuple[BreakKind, str], Difference] = {}
    for _ in range(ROUNDS):
        repairs = last.repairs
        if not repairs:
            break
        _make(books, account, repairs, theirs.asked_at)
        repaired |= {one.of.key: one.of for one in repairs if one.of is not None}
        last = _again(books, account, theirs)
        if last.repairs == repairs:
            break
    if _open_cash(books, account, last, theirs):
        last = _again(books, account, theirs)
    left = {one.of.key: one.of for one in last.repairs if one.of is not None}
    standing = {one.key: one for one in last.standing} | left
    findings = tuple({name: str(value) for name, value in asdict(one).items()} for one in last.findings)
    seen = Pass(tuple(standing.values()), tuple(repaired.values()), last.may_clear, findings)
    recorded = record_pass(books.ledger, account.account_id, seen, Act(ACTOR, theirs.asked_at, ACTOR))
    if last.findings:
        raise_alert(books.ledger, _not_proved(account, last), theirs.asked_at)
    return Passed(account, first, last, recorded)


def reconcile_accounts(books: Books, accounts: Iterable[Account]) -> tuple[Passed, ...]:
    """One pass over each. One that fails for reasons of ours is not proved, pages a person, and holds up no other."""
    passed = []
    for account in accounts:
        try:
            passed.append(reconcile_account(books, account))
        except TemporaryError:
            raise
        except POISON as fault:
            _note_failure(books, account, fault)
    return tuple(passed)


def _note_failure(books: Books, account: Account, fault: Exception) -> None:
    why = fault.message if isinstance(fault, FundError) else repr(fault)
    finding = {
        "kind": FindingKind.PARTIAL.value,
        "account_id": account.account_id,
        "about": "our books",
        "message": why,
    }
    at = books.now()
    record_pass(books.ledger, account.account_id, Pass((), (), lambda _one: False, (finding,)), Act(ACTOR, at, ACTOR))
    trouble = Trouble(
        severity=Severity.CRITICAL,
        kind="RECONCILIATION_FAILED",
        entity="account",
        entity_id=account.account_id,
        message=f"account {account.account_id} could not be reconciled: {why}; its entries wait",
        remedy=f"run `fund reconcile --account {account.account_id} --explain`, and report it to a developer",
        fund_id=account.fund_id,
    )
    raise_alert(books.ledger, trouble, at)


def make_ready(books: Books) -> tuple[Passed, ...]:
    """Reconcile the accounts that are connected and have not been since we started, or since their broker was away."""
    stand = books_of(books.ledger)
    waiting = [
        one
        for one in list_accounts(books.ledger)
        if one.account_id in books.brokers and one.status is AccountStatus.OPEN and not stand[one.account_id].may_enter
    ]
    return reconcile_accounts(books, waiting)


def _compare(books: Books, account: Account) -> tuple[Theirs, Reconciled]:
    theirs = ask_theirs(books.ledger, account, lambda: books.brokers[account.account_id], books.now, books.rules)
    return theirs, _again(books, account, theirs)


def _again(books: Books, account: Account, theirs: Theirs) -> Reconciled:
    ours = read_ours(books.ledger, account, theirs)
    return reconcile(ours, theirs, books.rules, partial(_is_known, books.master))


def _is_known(master: InstrumentMaster, key: str) -> bool:
    try:
        parts = parse_key(key)
    except InputError:
        return False
    return master.of_class(parts.symbol, parts.asset_class, parts.exchange) is not None


def _open_cash(books: Books, account: Account, found: Reconciled, theirs: Theirs) -> bool:
    """Record what the books begin with, when what the broker tells of is booked; whether there was nothing yet."""
    if found.findings or found.cash is None or theirs.state is None:
        return False
    if opening_of(books.ledger, account.account_id) is not None:
        return False
    act = Act(ACTOR, theirs.asked_at, ACTOR)
    record_opening(books.ledger, account.account_id, found.cash, account.currency, theirs.state.as_of, act)
    return True


def _make(books: Books, account: Account, repairs: Iterable[Repair], at: datetime) -> None:
    imports: list[Execution] = []
    entries: list[Execution] = []
    words: list[Repair] = []
    for one in repairs:
        if one.kind is RepairKind.IMPORT:
            imports += one.executions
        elif one.kind is RepairKind.ENTRY:
            entries += one.executions
        else:
            words.append(one)
    account_id = account.account_id
    desk = Desk(books.ledger, books.brokers, books.now, books.patience, ACTOR)
    book_told(desk, account_id, imports, at)
    if entries:
        book_entries(books.ledger, account_id, entries, apply)
    orders = orders_by_id(books.ledger, [one.client_order_id for one in words])
    for one in words:
        order = orders[one.client_order_id]
        if order.state.is_live:
            alert_overdue(desk, take_word(desk, order, one.word), one.word)


def _not_proved(account: Account, found: Reconciled) -> Trouble:
    first = found.findings[0]
    more = f", and {len(found.findings) - 1} more" if len(found.findings) > 1 else ""
    return Trouble(
        severity=Severity.WARNING,
        kind="BOOKS_NOT_PROVED",
        entity="account",
        entity_id=account.account_id,
        message=f"account {account.account_id} could not be reconciled: {first.kind.value}, {first.message}{more}; "
        "its entries wait",
        remedy=f"run `fund reconcile --account {account.account_id} --explain`",
        fund_id=account.fund_id,
        detail={"findings": [one.kind.value for one in found.findings]},
    )
