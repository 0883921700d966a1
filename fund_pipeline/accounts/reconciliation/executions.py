"""Executions of both sides, by the broker's ids. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fund_pipeline.accounts.reconciliation.folding import Folded
from fund_pipeline.execution.port import BrokerExecution
from fund_pipeline.ledger.break_model import BreakKind, Difference
from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.own_entries import about
from fund_pipeline.terms import Side

FACTS = ("instrument_key", "side", "quantity", "price")


@dataclass(frozen=True)
class Compared:
    """What differs, with the broker's word on it where it has one.

    Attributes
    ----------
    missed : what is to be booked by its id: fills, and commissions that were told on their own.
    fresh : the same of fills on their way in the ordinary course, which are no break.
    amended : commissions that have changed since they were booked.
    standing : what a person must say something about.
    """

    missed: tuple[tuple[Difference, BrokerExecution], ...]
    fresh: tuple[BrokerExecution, ...]
    amended: tuple[tuple[Difference, BrokerExecution, Folded], ...]
    standing: tuple[Difference, ...]


def compare_executions(
    ours: Mapping[str, Folded],
    told: Sequence[BrokerExecution],
    since: datetime,
    fresh_after: datetime,
    live_orders: frozenset[str],
    wanted: Mapping[str, Decimal] | None,
) -> Compared:
    """The union of both sides.

    `wanted` is the position of the broker less ours, by instrument: a fill that has a twin is taken for another one
    only if the broker's position holds it. None when that is not known: then twins wait.
    """
    by_name = {about(one.execution_id): one for one in told}
    absent = [one for name, one in by_name.items() if name not in ours or ours[name].stands is None]
    twins = _twins(ours, absent, by_name, wanted)
    missed: list[tuple[Difference, BrokerExecution]] = []
    fresh: list[BrokerExecution] = []
    amended: list[tuple[Difference, BrokerExecution, Folded]] = []
    standing = [_duplicated(one, twin) for one, twin in twins.values()]
    for one in absent:
        if one.execution_id in twins:
            continue
        if one.executed_at > fresh_after and one.client_order_id in live_orders:
            fresh.append(one)
        elif one.quantity == 0:
            missed.append((_late(one, Decimal(0), one.commission), one))
        else:
            missed.append((_missed(one), one))
    for name, one in by_name.items():
        group = ours.get(name)
        if group is None or group.stands is None:
            continue
        if any(getattr(group.stands, fact) != getattr(one, fact) for fact in FACTS):
            standing.append(_altered(group, one))
        elif group.commission != one.commission:
            amended.append((_late(one, group.commission, one.commission), one, group))
    for name, group in ours.items():
        if group.stands is not None and name not in by_name and group.first.executed_at >= since:
            standing.append(_not_there(group))
    return Compared(tuple(missed), tuple(fresh), tuple(amended), tuple(standing))


def signed(one: BrokerExecution | Execution) -> Decimal:
    """Its quantity with the sign of what it does to a position."""
    return one.quantity if one.side is Side.BUY else -one.quantity


def _twins(
    ours: Mapping[str, Folded],
    absent: Iterable[BrokerExecution],
    told: Mapping[str, BrokerExecution],
    wanted: Mapping[str, Decimal] | None,
) -> dict[str, tuple[BrokerExecution, str]]:
    """Those that look like another one, and that the broker's position does not hold."""
    candidates = list(absent)
    if not candidates:
        return {}
    known = {_likeness(one): name for name, one in told.items() if name in ours and ours[name].stands is not None}
    for name, group in ours.items():
        if group.stands is not None:
            known.setdefault(_likeness(group.first), name)
    found: dict[str, tuple[BrokerExecution, str]] = {}
    for one in candidates:
        twin = known.setdefault(_likeness(one), one.execution_id)
        if one.quantity and twin not in (one.execution_id, about(one.execution_id)):
            found[one.execution_id] = (one, twin)
    if wanted is None:
        return found
    for key in {one.instrument_key for one, _ in found.values()}:
        mine = [one for one in candidates if one.instrument_key == key]
        if sum((signed(one) for one in mine), Decimal(0)) == wanted.get(key, Decimal(0)):
            found = {name: pair for name, pair in found.items() if pair[0].instrument_key != key}
    return found


def _likeness(one: object) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in ("client_order_id", *FACTS, "executed_at"))


def _words(one: object) -> str:
    side, quantity, key, price = (getattr(one, name) for name in ("side", "quantity", "instrument_key", "price"))
    return f"{side.value} {quantity.normalize():f} {key} at {price.normalize():f}"


def _difference(
    kind: BreakKind, one: BrokerExecution, message: str, *, ours: Decimal, theirs: Decimal, told: bool = False
) -> Difference:
    detail: dict[str, object] = {"executed_at": one.executed_at.isoformat(), "client_order_id": one.client_order_id}
    if told:
        names = (*FACTS, "commission", "commission_currency", "multiplier", "currency")
        detail["told"] = {name: str(getattr(one, name)) for name in names}
    return Difference(kind, about(one.execution_id), message, one.instrument_key, ours, theirs, detail)


def _missed(one: BrokerExecution) -> Difference:
    message = f"the broker filled {_words(one)} (execution {one.execution_id}), which was not booked"
    return _difference(BreakKind.EXECUTION_MISSED, one, message, ours=Decimal(0), theirs=signed(one))


def _late(one: BrokerExecution, ours: Decimal, theirs: Decimal) -> Difference:
    message = f"the commission of execution {one.execution_id} is {theirs} {one.commission_currency}, and {ours} booked"
    return _difference(BreakKind.LATE_COMMISSION, one, message, ours=ours, theirs=theirs)


def _duplicated(one: BrokerExecution, twin: str) -> Difference:
    message = (
        f"execution {one.execution_id}, {_words(one)}, is like {twin}, and the broker's position holds one of them"
    )
    return _difference(BreakKind.EXECUTION_DUPLICATED, one, message, ours=Decimal(0), theirs=signed(one), told=True)


def _altered(group: Folded, one: BrokerExecution) -> Difference:
    booked = group.stands or group.first
    message = f"execution {one.execution_id} is booked as {_words(booked)}, and told as {_words(one)}"
    name = "quantity" if booked.quantity != one.quantity else "price"
    ours, theirs = getattr(booked, name), getattr(one, name)
    return _difference(BreakKind.EXECUTION_ALTERED, one, message, ours=ours, theirs=theirs, told=True)


def _not_there(group: Folded) -> Difference:
    booked = group.stands or group.first
    quantity = booked.quantity if booked.side is Side.BUY else -booked.quantity
    return Difference(
        kind=BreakKind.EXECUTION_NOT_AT_BROKER,
        subject=about(group.first.broker_execution_id),
        message=f"the broker does not tell of execution {group.first.broker_execution_id}, {_words(booked)}, any more",
        instrument_key=booked.instrument_key,
        ours=quantity,
        theirs=Decimal(0),
        detail={
            "executed_at": group.first.executed_at.isoformat(),
            "client_order_id": group.first.client_order_id,
        },
    )
