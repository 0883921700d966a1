"""Cash flows: what is recorded, and which of them are capital and which are results.

Money that clients bring or take out, and what an account is given from another one, is capital: it changes equity and
is nobody's gain. Fees, dividends and interest are results. A deposit therefore never looks like profit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context, Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.flow_entry import AskedKind, NewFlow
from fund_pipeline.accounts.flow_rules import refuse_misplaced
from fund_pipeline.accounts.times import day_of
from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.flow_model import CashFlow, FlowKind
from fund_pipeline.ledger.flows import Also, Books, CashBook, Recorded, get_flow, list_flows, record_flows

__all__ = [
    "capital_of_account",
    "capital_of_fund",
    "flow_id_of",
    "list_flows",
    "record",
    "record_all",
    "results",
    "reverse",
]

_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_PLACES = Decimal(1).scaleb(-12)
_SAME = ("kind", "amount", "currency", "fund_amount", "effective_at", "counter_account", "reverses")
_OUTGOING = (AskedKind.WITHDRAWAL, AskedKind.FEE, AskedKind.PERFORMANCE_FEE)


def capital_of_account(flows: Iterable[CashFlow]) -> Decimal:
    """What these flows gave an account to work with, in its currency: its equity less this is what it made."""
    return sum((one.amount for one in flows if one.is_capital_of_account), Decimal(0))


def capital_of_fund(flows: Iterable[CashFlow]) -> Decimal:
    """What these flows brought into a fund from outside, in its currency.

    Transfers count too: their sides cancel, and where one side only is among the flows, the money is on its way.
    """
    return sum((one.fund_amount for one in flows if one.is_capital_of_account), Decimal(0))


def money_in(flows: Iterable[CashFlow]) -> Decimal:
    """What came into a fund, in its currency, without what went out; the two sides of a transfer cancel."""
    capital = [one for one in flows if one.is_capital_of_account]
    moved = sum((one.fund_amount for one in capital if one.kind.is_transfer), Decimal(0))
    given = [one.fund_amount for one in capital if not one.kind.is_transfer]
    return sum((amount for amount in (*given, moved) if amount > 0), Decimal(0))


def results(flows: Iterable[CashFlow]) -> Decimal:
    """Fees, dividends and interest among the flows, in the fund's currency."""
    return sum((one.fund_amount for one in flows if one.kind.is_result), Decimal(0))


def record(
    ledger: Ledger, asked: NewFlow, zone: ZoneInfo, act: Act, *, dry_run: bool = False, also: Also | None = None
) -> Recorded:
    """Record one flow, or both sides of a transfer, audited; `dry_run` only checks. The same again changes nothing.

    `also` is written in the same transaction: both are there, or neither.

    Raises
    ------
    NotFoundError : there is no such account.
    InputError : it lies in the future, or before its account had anything; in another currency than the account's;
        without a rate where the fund's currency is another.
    ConflictError : its reference is another flow's, or its account has an opening balance already.
    """
    recorded = record_all(ledger, (asked,), zone, act, dry_run=dry_run, also=also)
    for _, refused in recorded.refused:
        raise refused
    return recorded


def record_all(
    ledger: Ledger,
    asked: Sequence[NewFlow],
    zone: ZoneInfo,
    act: Act,
    *,
    dry_run: bool = False,
    also: Also | None = None,
) -> Recorded:
    """The same of many, all of them or none: what was refused comes back with its place and its error."""

    def admit(one: NewFlow, books: Books) -> Sequence[CashFlow]:
        return _admitted(one, books, zone, act)

    return record_flows(ledger, asked, admit, act, dry_run=dry_run, also=also)


def reverse(ledger: Ledger, flow_id: str, note: str, act: Act, *, dry_run: bool = False) -> Recorded:
    """Undo a flow, of a transfer both sides, by entries of the opposite amount at the same moment, audited.

    NotFoundError; InputError without a note; ConflictError when it is reversed already, or reverses another itself.
    """
    held = get_flow(ledger, flow_id)
    if not note.strip():
        raise InputError(f"note is {note!r}: a reversal says why", remedy="say it with --note, for the record")
    recorded = record_flows(ledger, (held,), lambda one, books: _reversals(one, books, note, act), act, dry_run=dry_run)
    for _, refused in recorded.refused:
        raise refused
    return recorded


def _admitted(asked: NewFlow, books: Books, zone: ZoneInfo, act: Act) -> Sequence[CashFlow]:
    made = [_told_before(books[one.account_id], one) for one in _flows_of(asked, books, zone, act)]
    for flow, is_known in made:
        if not is_known:
            refuse_misplaced(flow, books[flow.account_id], act.at)
    return [flow for flow, _ in made]


def _flows_of(asked: NewFlow, books: Books, zone: ZoneInfo, act: Act) -> list[CashFlow]:
    book = books[asked.account_id]
    sign = -1 if asked.kind in _OUTGOING or asked.kind is AskedKind.TRANSFER else 1
    kind = FlowKind.TRANSFER_OUT if asked.kind is AskedKind.TRANSFER else FlowKind(asked.kind.value)
    first = CashFlow(
        flow_id=flow_id_of(asked.account_id, asked.reference),
        fund_id=book.account.fund_id,
        account_id=asked.account_id,
        kind=kind,
        amount=asked.amount * sign,
        currency=asked.currency,
        fund_amount=_in_fund_currency(asked, book) * sign,
        effective_at=asked.effective_at,
        value_date=day_of(asked.effective_at, zone),
        reference=asked.reference,
        recorded_by=act.actor,
        recorded_at=act.at,
        note=asked.note,
        counter_account=asked.to_account,
    )
    if asked.to_account is None:
        return [first]
    other = books[asked.to_account].account
    return [first, _other_side(asked, first, book.account, other)]


def _other_side(asked: NewFlow, first: CashFlow, source: Account, target: Account) -> CashFlow:
    for name in ("fund_id", "mode"):
        if getattr(source, name) != getattr(target, name):
            raise InputError(
                f"to is {target.account_id}: its {name} is {getattr(target, name)}, that of {source.account_id} "
                f"{getattr(source, name)}",
                remedy="transfer between accounts of one fund and mode; otherwise record a WITHDRAWAL and a DEPOSIT",
            )
    if source.account_id == target.account_id:
        raise InputError(f"to is {target.account_id}: the account that it comes from", remedy="name another account")
    if (asked.amount_in is None) != (source.currency == target.currency):
        raise InputError(
            f"amount_in is {asked.amount_in}: {source.account_id} is in {source.currency}, {target.account_id} in "
            f"{target.currency}",
            remedy="give amount_in, what arrives in the other currency, where the currencies differ, and only there",
        )
    return replace(
        first,
        flow_id=flow_id_of(target.account_id, asked.reference),
        account_id=target.account_id,
        kind=FlowKind.TRANSFER_IN,
        amount=asked.amount if asked.amount_in is None else asked.amount_in,
        currency=target.currency,
        fund_amount=-first.fund_amount,  # a transfer makes nothing: what exchanging costs shows in equity
        counter_account=source.account_id,
    )


def _in_fund_currency(asked: NewFlow, book: CashBook) -> Decimal:
    account, currency = book.account, book.fund_currency
    if asked.currency != account.currency:
        raise InputError(
            f"currency is {asked.currency}: account {account.account_id} is in {account.currency}",
            remedy=f"give the amount in {account.currency}, as the broker booked it",
        )
    if (asked.rate is None) != (account.currency == currency):
        raise InputError(
            f"rate is {asked.rate}: account {account.account_id} is in {account.currency}, its fund in {currency}",
            remedy=f"give rate, {currency} per 1 {account.currency} at that moment, where they differ, and only there",
        )
    return _EXACT.multiply(asked.amount, asked.rate or Decimal(1)).quantize(_PLACES, context=_EXACT)


def _told_before(book: CashBook, flow: CashFlow) -> tuple[CashFlow, bool]:
    held = book.by_reference.get(flow.reference)
    if held is None:
        return flow, False
    changed = [name for name in _SAME if getattr(held, name) != getattr(flow, name)]
    if changed:
        name = changed[0]
        raise ConflictError(
            f"reference is {flow.reference!r}: account {flow.account_id} has it already, with the {name} "
            f"{getattr(held, name)} and not {getattr(flow, name)}",
            remedy=f"give another reference, or reverse the first: `fund flows reverse {held.flow_id}`",
        )
    return held, True


def _reversals(held: CashFlow, books: Books, note: str, act: Act) -> Sequence[CashFlow]:
    sides = [held]
    if held.counter_account is not None:
        sides.append(books[held.counter_account].by_reference[held.reference])
    for side in sides:
        if side.reverses is not None:
            raise ConflictError(
                f"flow {side.flow_id} reverses {side.reverses}, and is not reversed itself",
                remedy="record the first one again under another reference",
            )
        if side.flow_id in books[side.account_id].reversed_ids:
            raise ConflictError(f"flow {side.flow_id} is reversed already", remedy="look again: `fund flows list`")
    return [
        replace(
            side,
            flow_id=flow_id_of(side.account_id, _undoing(side.reference)),
            amount=-side.amount,
            fund_amount=-side.fund_amount,
            reference=_undoing(side.reference),
            recorded_by=act.actor,
            recorded_at=act.at,
            note=note.strip(),
            reverses=side.flow_id,
        )
        for side in sides
    ]


def _undoing(reference: str) -> str:
    return f"reversal of {reference}"


def flow_id_of(account_id: str, reference: str) -> str:
    """The id of the flow that has this reference in an account."""
    return "flow-" + hashlib.sha256(f"{account_id}\n{reference}".encode()).hexdigest()[:24]
