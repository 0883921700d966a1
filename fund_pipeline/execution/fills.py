"""Asking a broker for fills and booking them: one that cannot be booked is kept aside, and holds up no other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import NamedTuple

from fund_pipeline.errors import FundError, TemporaryError
from fund_pipeline.execution.booking import as_execution, settle
from fund_pipeline.execution.desk import Desk
from fund_pipeline.execution.port import BrokerExecution
from fund_pipeline.execution.troubles import execution_changed, kept_aside
from fund_pipeline.ledger.accounts import get_account
from fund_pipeline.ledger.executions import Settle, book_executions, newest_execution
from fund_pipeline.ledger.executions_aside import aside_id_of, keep_aside, list_aside, note_booked
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.orders import live_orders

POISON = (FundError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a broker's word that is none can make pure code, or the ledger, raise: an invariant, a number that is none."""

CHUNK = 500
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Page(NamedTuple):
    """Some of what a broker told of: what was new and is booked, and the client order ids of all of it."""

    booked: Sequence[Execution]
    filled: Collection[str]


def book_fills(desk: Desk, account_id: str, overlap: timedelta) -> Iterator[Page]:
    """Ask the broker for fills and book those that are new, and those kept aside that can be booked by now.

    It is asked from `overlap` before the newest that is booked, and before the oldest order that lives. A broker may
    tell of thousands, so some are read and booked at a time; what is booked stays, should the rest not come.
    BrokerAway; TemporaryError when the ledger is away.
    """
    account = get_account(desk.ledger, account_id)
    newest = newest_execution(desk.ledger, account_id)
    sent = [one.submitted_at for one in live_orders(desk.ledger, account_id) if one.submitted_at is not None]
    since = _EVER if newest is None else min([newest.executed_at, *sent]) - overlap
    aside = {one.aside_id: one.told for one in list_aside(desk.ledger, account_id)}
    for told in _read(desk, account_id, since):
        at = desk.now()
        fills = {aside_id_of(one): one for one in (as_execution(each, account, at) for each in told)}
        booked = book_told(desk, account_id, [one for key, one in fills.items() if key not in aside], at)
        aside |= {key: fills[key] for key in aside if key in fills}
        yield Page(booked, {one.client_order_id for one in told if one.client_order_id and one.quantity})
    yield Page(_one_by_one(desk, account_id, aside.values(), desk.now(), aside), ())


def _read(desk: Desk, account_id: str, since: datetime) -> Iterator[list[BrokerExecution]]:
    with desk.asking(account_id) as broker:
        stream = iter(broker.executions(since))
    while True:
        with desk.asking(account_id):
            page = list(islice(stream, CHUNK))
        if not page:
            return
        yield page


def book_told(desk: Desk, account_id: str, fills: list[Execution], at: datetime) -> tuple[Execution, ...]:
    """Book what a broker told of; those that were new. One that cannot be booked is kept aside. TemporaryError."""
    try:
        return book_executions(desk.ledger, account_id, fills, _settle(desk), execution_changed, at)
    except TemporaryError:
        raise
    except POISON:
        return tuple(_one_by_one(desk, account_id, fills, at, ()))


def _one_by_one(
    desk: Desk, account_id: str, fills: Iterable[Execution], at: datetime, aside: Iterable[str]
) -> list[Execution]:
    waiting = set(aside)
    booked: list[Execution] = []
    for fill in fills:
        aside_id = aside_id_of(fill)
        try:
            booked += book_executions(desk.ledger, account_id, [fill], _settle(desk), execution_changed, at)
        except TemporaryError:
            raise
        except POISON as poison:
            why = poison.message if isinstance(poison, FundError) else repr(poison)
            keep_aside(desk.ledger, fill, why, kept_aside(fill, aside_id, why), at)
            continue
        if aside_id in waiting:
            note_booked(desk.ledger, aside_id, at)
    return booked


def _settle(desk: Desk) -> Settle:
    return partial(settle, patience=desk.patience)
