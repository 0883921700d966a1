"""Cash flows in the ledger: appended, never changed, each once by its reference in its account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, RowMapping, Select, insert, select

from fund_pipeline.errors import ConflictError, InputError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.accounts import read_accounts
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.flow_model import CashFlow, FlowKind
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.positions import lock_account

Asked = TypeVar("Asked")


@dataclass
class CashBook:
    """What an account's flows are so far, with those that are being recorded."""

    account: Account
    fund_currency: str
    by_reference: dict[str, CashFlow] = field(default_factory=dict)
    reversed_ids: set[str] = field(default_factory=set)

    def add(self, flow: CashFlow) -> None:
        """Take a flow into account."""
        self.by_reference[flow.reference] = flow
        if flow.reverses is not None:
            self.reversed_ids.add(flow.reverses)

    def standing(self) -> list[CashFlow]:
        """Those that were not undone."""
        return [
            one for one in self.by_reference.values() if one.reverses is None and one.flow_id not in self.reversed_ids
        ]


class Books(Mapping[str, CashBook]):
    """Cash books by account id, each read, and held against others, when it is first asked for.

    NotFoundError for an account that is not there.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._accounts = {one.account_id: one for one in read_accounts(connection)}
        self._books: dict[str, CashBook] = {}

    def __getitem__(self, account_id: str) -> CashBook:
        if account_id not in self._accounts:
            raise NotFoundError(f"account is {account_id!r}: there is none", remedy="run `fund accounts list`")
        if account_id not in self._books:
            self._books[account_id] = self._read(self._accounts[account_id])
        return self._books[account_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._accounts)

    def __len__(self) -> int:
        return len(self._accounts)

    def _read(self, account: Account) -> CashBook:
        lock_account(self._connection, account.account_id)
        funds, table = tables.funds, tables.cash_flows
        currency = select(funds.c.currency).where(funds.c.fund_id == account.fund_id)
        book = CashBook(account, self._connection.execute(currency).scalar_one())
        query = select(table).where(table.c.account_id == account.account_id)
        for row in self._connection.execute(query).mappings():
            book.add(_flow(row))
        return book


@dataclass(frozen=True)
class Recorded:
    """What became of the flows that were asked for.

    Attributes
    ----------
    new, known : recorded by this, and those that were there already.
    refused : the place in the asking, from 0, and why. With any, nothing was recorded.
    """

    new: tuple[CashFlow, ...]
    known: tuple[CashFlow, ...]
    refused: tuple[tuple[int, InputError | ConflictError], ...] = ()


Admit = Callable[[Asked, Books], Sequence[CashFlow]]
Also = Callable[[Connection], None]
"""What is written in the same transaction, when all was admitted."""


def record_flows(
    ledger: Ledger,
    asked: Sequence[Asked],
    admit: Admit[Asked],
    act: Act,
    *,
    dry_run: bool = False,
    also: Also | None = None,
) -> Recorded:
    """Record all that is asked for in one transaction, audited, or nothing when any of it is refused.

    `admit` makes flows of one asking, or raises an InputError or ConflictError; it is given the books with what came
    before in the same asking. A flow that is there already comes back from it as it is.
    """
    new: list[CashFlow] = []
    known: list[CashFlow] = []
    refused: list[tuple[int, InputError | ConflictError]] = []
    with ledger_away(), ledger.writing() as connection:
        books = Books(connection)
        for place, one in enumerate(asked):
            try:
                flows = admit(one, books)
            except (InputError, ConflictError) as wrong:
                refused.append((place, wrong))
                continue
            for flow in flows:
                book = books[flow.account_id]
                if book.by_reference.get(flow.reference) == flow:
                    known.append(flow)
                    continue
                book.add(flow)
                new.append(flow)
        if not refused and not dry_run:
            for flow in new:
                _insert(connection, flow, act)
            if also is not None:
                also(connection)
    return Recorded(tuple(new), tuple(known), tuple(refused))


def list_flows(
    ledger: Ledger,
    *,
    fund_id: str | None = None,
    account_id: str | None = None,
    mode: TradingMode | None = None,
    after: datetime | None = None,
    until: datetime | None = None,
) -> tuple[CashFlow, ...]:
    """Flows in the order in which they count: of a fund, an account, accounts of a mode; after a moment, up to one."""
    table, accounts = tables.cash_flows, tables.accounts
    query: Select[tuple[object, ...]] = select(table)
    if mode is not None:
        query = query.join(accounts, accounts.c.account_id == table.c.account_id).where(accounts.c.mode == mode.value)
    for column, value in ((table.c.fund_id, fund_id), (table.c.account_id, account_id)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(table.c.effective_at > after)
    if until is not None:
        query = query.where(table.c.effective_at <= until)
    query = query.order_by(table.c.effective_at, table.c.recorded_at, table.c.account_id, table.c.reference)
    with ledger_away(), ledger.reading() as connection:
        return tuple(_flow(row) for row in connection.execute(query).mappings())


def get_flow(ledger: Ledger, flow_id: str) -> CashFlow:
    """One flow, or NotFoundError."""
    table = tables.cash_flows
    with ledger_away(), ledger.reading() as connection:
        row = connection.execute(select(table).where(table.c.flow_id == flow_id)).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"flow is {flow_id!r}: there is none", remedy="run `fund flows list`")
    return _flow(row)


def _insert(connection: Connection, flow: CashFlow, act: Act) -> None:
    connection.execute(insert(tables.cash_flows).values(asdict(flow) | {"kind": flow.kind.value}))
    detail = {
        "account": flow.account_id,
        "kind": flow.kind.value,
        "amount": str(flow.amount),
        "currency": flow.currency,
        "fund_amount": str(flow.fund_amount),
        "effective_at": flow.effective_at.isoformat(),
        "reference": flow.reference,
        "counter_account": flow.counter_account,
        "reverses": flow.reverses,
        "note": flow.note,
    }
    action = "flow_recorded" if flow.reverses is None else "flow_reversed"
    audit.record(connection, act, action, "cash_flow", flow.flow_id, detail)


def _flow(row: RowMapping) -> CashFlow:
    values = {name: row[name] for name in CashFlow.__dataclass_fields__}
    return CashFlow(**values | {"kind": FlowKind(row["kind"])})
