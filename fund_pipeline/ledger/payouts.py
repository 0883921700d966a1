"""Payouts in the ledger: closed once per fund, mode, sender and month, and never changed.

Readers for senders take the sender as an argument that must be given: nobody is shown another's rows by omission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, insert, select
from sqlalchemy.exc import IntegrityError

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.payout_model import Payout, PayoutItem, PayoutKey, PayoutPayment, PayoutTerms, SignalFill
from fund_pipeline.ledger.signal_fills import read_signal_fills, senders_of

AT_ONCE = "somebody else closed payouts at the same time"


@dataclass(frozen=True)
class PayoutFacts:
    """All that closing months of a fund rests on, in one consistent view."""

    terms: Mapping[str, tuple[PayoutTerms, ...]]
    fills: tuple[SignalFill, ...]
    senders: Mapping[str, str]
    payouts: tuple[Payout, ...]
    settled: frozenset[tuple[str, str, str, str]]


Closing = tuple[Payout, Sequence[PayoutItem]]


def close_payouts(
    ledger: Ledger, fund_id: str, decide: Callable[[PayoutFacts], Sequence[Closing]], act: Act, *, dry_run: bool = False
) -> tuple[Payout, ...]:
    """Close what `decide` says of a fund, all in one transaction, audited; `dry_run` only decides.

    ConflictError when somebody closed one of them at the same time; nothing is written then.
    """
    with ledger_away(), ledger.writing() as connection:
        closings = decide(_facts(connection, fund_id))
        if not dry_run:
            for payout, items in closings:
                _insert(connection, payout, items, act)
    return tuple(payout for payout, _ in closings)


def list_terms(ledger: Ledger, sender_id: str | None = None) -> tuple[PayoutTerms, ...]:
    """Terms of one sender, or of all, oldest first."""
    with ledger_away(), ledger.reading() as connection:
        return _terms(connection, sender_id)


def add_terms(ledger: Ledger, terms: PayoutTerms, act: Act, *, dry_run: bool = False) -> bool:
    """Record terms, audited; `dry_run` only checks. Returns False when they were there already.

    NotFoundError for an unknown sender; ConflictError when other terms hold from that day, or a month from then on is
    closed.
    """
    with ledger_away(), ledger.writing() as connection:
        senders = tables.senders
        query = select(senders.c.sender_id).where(senders.c.sender_id == terms.sender_id).with_for_update()
        if connection.execute(query).first() is None:
            raise NotFoundError(f"there is no sender {terms.sender_id!r}", remedy="run `fund senders list`")
        for held in _terms(connection, terms.sender_id):
            if held.valid_from == terms.valid_from:
                if (held.share, held.currency) == (terms.share, terms.currency):
                    return False
                raise ConflictError(
                    f"{terms.sender_id} has terms from {held.valid_from} already: {held.share} in {held.currency}",
                    remedy="give the month from which the new ones hold",
                )
        table = tables.payouts
        later = select(table.c.month).where(table.c.sender_id == terms.sender_id, table.c.month >= terms.valid_from)
        if (closed := connection.execute(later.order_by(table.c.month.desc()).limit(1)).scalar()) is not None:
            raise ConflictError(
                f"the payout of {terms.sender_id} for {closed:%Y-%m} is closed by its former terms",
                remedy="let the new terms begin with a month that is open",
            )
        if not dry_run:
            connection.execute(insert(tables.payout_terms).values(asdict(terms)))
            detail = {"valid_from": str(terms.valid_from), "share": str(terms.share), "currency": terms.currency}
            audit.record(connection, act, "payout_terms_set", "sender", terms.sender_id, detail | {"note": terms.note})
    return True


def payouts_of_sender(ledger: Ledger, sender_id: str) -> tuple[tuple[Payout, ...], tuple[PayoutPayment, ...]]:
    """One sender's payouts and payments, oldest first: what that sender may see."""
    return _payouts(ledger, tables.payouts.c.sender_id == sender_id, tables.payout_payments.c.sender_id == sender_id)


def payouts_of_fund(ledger: Ledger, fund_id: str) -> tuple[tuple[Payout, ...], tuple[PayoutPayment, ...]]:
    """All of a fund's payouts and payments, oldest first: for administrators."""
    return _payouts(ledger, tables.payouts.c.fund_id == fund_id, tables.payout_payments.c.fund_id == fund_id)


def items_of_sender(ledger: Ledger, sender_id: str, month: date | None = None) -> tuple[PayoutItem, ...]:
    """What one sender's payouts rest on, of one month where that is given, in the order of the fills."""
    table = tables.payout_items
    query = select(table).where(table.c.sender_id == sender_id)
    if month is not None:
        query = query.where(table.c.month == month)
    query = query.order_by(table.c.executed_at, *table.primary_key.columns)
    with ledger_away(), ledger.reading() as connection:
        return tuple(_made(PayoutItem, row) for row in connection.execute(query).mappings())


def get_payout(ledger: Ledger, key: PayoutKey) -> tuple[Payout, PayoutPayment | None]:
    """One payout, with its payment if it was paid. NotFoundError."""
    with ledger_away(), ledger.reading() as connection:
        row = connection.execute(_at(tables.payouts, key)).mappings().one_or_none()
        paid = connection.execute(_at(tables.payout_payments, key)).mappings().one_or_none()
    if row is None:
        fund_id, mode, sender_id, month = key
        raise NotFoundError(
            f"there is no {mode.value} payout of {sender_id} for {month:%Y-%m} in fund {fund_id}",
            remedy="run `fund payouts list`; a month is closed by `fund payouts run`",
        )
    return _payout(row), None if paid is None else _payment(paid)


def write_payment(payment: PayoutPayment, act: Act, connection: Connection) -> None:
    """Note that a payout was paid, within the transaction that records its flow. ConflictError when it was before."""
    try:
        connection.execute(insert(tables.payout_payments).values(asdict(payment) | {"mode": payment.mode.value}))
    except IntegrityError:
        raise ConflictError(
            f"the payout of {payment.sender_id} for {payment.month:%Y-%m} was paid before",
            remedy="look again: `fund payouts list`; it is not paid twice",
        ) from None
    entity = f"{payment.fund_id}/{payment.mode.value}/{payment.sender_id}/{payment.month:%Y-%m}"
    detail = {
        "amount": str(payment.amount),
        "currency": payment.currency,
        "account": payment.account_id,
        "flow": payment.flow_id,
        "paid_at": payment.paid_at.isoformat(),
        "note": payment.note,
    }
    audit.record(connection, act, "payout_paid", "payout", entity, detail)


def _facts(connection: Connection, fund_id: str) -> PayoutFacts:
    payouts, items = tables.payouts, tables.payout_items
    terms: dict[str, tuple[PayoutTerms, ...]] = {}
    for one in _terms(connection, None):
        terms[one.sender_id] = (*terms.get(one.sender_id, ()), one)
    fills = read_signal_fills(connection, fund_id)
    signals = {fill.signal_id for fill in fills if fill.signal_id is not None}
    known: ColumnElement[bool] = payouts.c.fund_id == fund_id
    held = connection.execute(select(payouts).where(known).order_by(payouts.c.month)).mappings()
    keys = [items.c[name] for name in ("broker", "broker_account", "broker_execution_id", "entry_signal_id")]
    rows: Iterable[Any] = connection.execute(select(*keys).where(items.c.fund_id == fund_id))
    return PayoutFacts(
        terms=terms,
        fills=fills,
        senders=senders_of(connection, signals),
        payouts=tuple(_payout(row) for row in held),
        settled=frozenset((row[0], row[1], row[2], row[3]) for row in rows),
    )


def _insert(connection: Connection, payout: Payout, items: Sequence[PayoutItem], act: Act) -> None:
    of = {"fund_id": payout.fund_id, "mode": payout.mode.value, "sender_id": payout.sender_id, "month": payout.month}
    try:
        connection.execute(insert(tables.payouts).values(asdict(payout) | of))
        if items:
            connection.execute(insert(tables.payout_items), [asdict(one) | of for one in items])
    except IntegrityError:
        raise ConflictError(AT_ONCE, remedy="look again: `fund payouts list`") from None
    figures = ("share", "realised", "late", "cumulative", "peak_before", "due")
    detail = {name: str(getattr(payout, name)) for name in figures}
    detail |= {"currency": payout.currency, "due_on": str(payout.due_on), "fills": str(len(items))}
    entity = f"{payout.fund_id}/{payout.mode.value}/{payout.sender_id}/{payout.month:%Y-%m}"
    audit.record(connection, act, "payout_closed", "payout", entity, detail)


def _payouts(
    ledger: Ledger, of: ColumnElement[bool], paid: ColumnElement[bool]
) -> tuple[tuple[Payout, ...], tuple[PayoutPayment, ...]]:
    table, payments = tables.payouts, tables.payout_payments
    query = select(table).where(of).order_by(table.c.month, table.c.fund_id, table.c.mode, table.c.sender_id)
    with ledger_away(), ledger.reading() as connection:
        found = tuple(_payout(row) for row in connection.execute(query).mappings())
        rows = connection.execute(select(payments).where(paid).order_by(payments.c.month)).mappings()
        return found, tuple(_payment(row) for row in rows)


def _terms(connection: Connection, sender_id: str | None) -> tuple[PayoutTerms, ...]:
    table = tables.payout_terms
    query = select(table).order_by(table.c.sender_id, table.c.valid_from)
    if sender_id is not None:
        query = query.where(table.c.sender_id == sender_id)
    return tuple(_made(PayoutTerms, row) for row in connection.execute(query).mappings())


def _at(table: Table, key: PayoutKey) -> Any:
    fund_id, mode, sender_id, month = key
    of = and_(table.c.fund_id == fund_id, table.c.mode == mode.value)
    return select(table).where(of, table.c.sender_id == sender_id, table.c.month == month)


def _payout(row: RowMapping) -> Payout:
    found: Payout = _made(Payout, row, mode=TradingMode(row["mode"]))
    return found


def _payment(row: RowMapping) -> PayoutPayment:
    found: PayoutPayment = _made(PayoutPayment, row, mode=TradingMode(row["mode"]))
    return found


def _made(kind: Any, row: RowMapping, **changed: object) -> Any:
    return kind(**{name: row[name] for name in kind.__dataclass_fields__} | changed)
