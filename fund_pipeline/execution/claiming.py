"""Whether an intent is sent now, waits, or is over: the decision that is taken while its account is held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from fund_pipeline.execution.door import DoorReason, Refusal, refusal
from fund_pipeline.execution.ending import EndReason, end
from fund_pipeline.execution.patience import Patience
from fund_pipeline.execution.shares import Shares, beyond_broker, entry_filled, is_due, share_out
from fund_pipeline.execution.trimming import trim, wish_cancel
from fund_pipeline.execution.troubles import about_order
from fund_pipeline.ledger.account_model import Severity
from fund_pipeline.ledger.order_model import Change, OrderRow, OrderState
from fund_pipeline.ledger.order_steps import Step
from fund_pipeline.ledger.standings import Standing, Verdict
from fund_pipeline.terms import OrderRole

_ZERO = Decimal(0)
_LOUD = (DoorReason.NOT_LIVE_TWICE, DoorReason.BROKER_IS_LIVE, DoorReason.BROKER_IS_PAPER)


def claim(
    standing: Standing,
    now: datetime,
    patience: Patience,
    actor: str,
    *,
    broker_is_live: bool,
    at_broker: Mapping[str, Decimal] | None,
) -> Verdict:
    """What becomes of an intent. It is claimed when its step leads to SUBMITTED: then, and only then, it may be sent.

    `at_broker` are the broker's own positions, asked for just now; needed for exits, stops and targets.
    """
    order = standing.order
    if order.state is not OrderState.INTENT:
        return Verdict()
    if order.cancel_for is not None:
        return Verdict((end(order, OrderState.CANCELLED, EndReason.NOT_SENT, "", actor, now, patience),))
    if not is_due(order, now):
        return Verdict()
    if order.expires_at is not None and order.expires_at <= now and not order.role.closes:
        late = Change(OrderState.EXPIRED, actor, now, EndReason.EXPIRED.value)
        return Verdict((Step(order, late),))
    if order.role is OrderRole.ENTRY and now > order.created_at + patience.entry_again_within:
        # What it was decided by, from its freshness to the day's loss, is not known to hold any more.
        return Verdict((Step(order, Change(OrderState.EXPIRED, actor, now, EndReason.NOT_SENT.value)),))
    refused = refusal(standing, broker_is_live=broker_is_live)
    if refused is not None:
        return _refused(standing, refused, actor, now)
    if order.role is OrderRole.ENTRY and standing.books_wait:
        return Verdict()  # until its account is reconciled; it does not stay fresh for long
    if order.role is OrderRole.ENTRY:
        return Verdict((_submitted(order, order.quantity, actor, now),))
    shares = share_out(standing, now)
    if order.role.is_attached:
        return _attached(standing, shares, actor, now, at_broker)
    return _exit(standing, shares, actor, now, patience, at_broker)


def _submitted(order: OrderRow, quantity: Decimal, actor: str, now: datetime, planned: Decimal | None = None) -> Step:
    """`planned` is what was to be sent, where it is more: the next attempt closes the rest."""
    values = {"submitted_at": now, "quantity": quantity}
    if order.role is OrderRole.EXIT:
        values["planned_quantity"] = planned or quantity
    return Step(order, Change(OrderState.SUBMITTED, actor, now, None, {"quantity": str(quantity)}, values))


def _refused(standing: Standing, refused: Refusal, actor: str, now: datetime) -> Verdict:
    order = standing.order
    if order.role.closes:
        if order.role.is_attached and standing.held == 0:
            return Verdict()
        kind = f"{order.role.value}_HELD_BACK"
        return Verdict(
            troubles=(about_order(order, Severity.CRITICAL, kind, refused.message, refused.remedy),),
        )
    change = Change(
        OrderState.REJECTED,
        actor,
        now,
        refused.reason.value,
        {"message": refused.message},
        {"message": refused.message},
    )
    loud = refused.reason in _LOUD
    told = about_order(order, Severity.CRITICAL, refused.reason.value, refused.message, refused.remedy)
    return Verdict((Step(order, change, troubles=(told,) if loud else ()),))


def _attached(
    standing: Standing, shares: Shares, actor: str, now: datetime, at_broker: Mapping[str, Decimal] | None
) -> Verdict:
    order = standing.order
    filled = entry_filled(standing, order.legged)
    entries_live = any(one.legged == order.legged and one.role is OrderRole.ENTRY for one in standing.book)
    if filled == 0 and entries_live:
        return Verdict()
    share = shares.of[order.client_order_id]
    if share > 0:
        return _bounded(standing, share, actor, now, at_broker)
    if entries_live or any(one.role is OrderRole.EXIT for one in standing.book):
        return Verdict()
    reason = EndReason.ENTRY_NOT_FILLED if filled == 0 else EndReason.NO_SHARE_LEFT
    return Verdict((Step(order, Change(OrderState.CANCELLED, actor, now, reason.value)),))


def _exit(
    standing: Standing,
    shares: Shares,
    actor: str,
    now: datetime,
    patience: Patience,
    at_broker: Mapping[str, Decimal] | None,
) -> Verdict:
    """An exit waits for its entries to be dead, but not for ever behind one of which nobody knows: what is held goes
    then, and what that entry turns out to have filled is closed by the next attempt."""
    order = standing.order
    awaited = [one for one in standing.book if one.client_order_id in order.waits_for]
    missed = [one for one in awaited if one.cancel_for is None]
    if missed:
        return Verdict(tuple(wish_cancel(one, EndReason.EXIT_FIRST.value, actor, now) for one in missed))
    share = shares.of[order.client_order_id]
    if awaited and not (share and all(_is_overdue(one, now, patience) for one in awaited)):
        return Verdict()
    if share == 0:
        mine = order.client_order_id
        other_exits = any(one.role is OrderRole.EXIT and one.client_order_id != mine for one in standing.book)
        if standing.held != 0 and other_exits:
            return Verdict()  # those may fail yet
        return Verdict((Step(order, Change(OrderState.CANCELLED, actor, now, EndReason.NOTHING_TO_CLOSE.value)),))
    if any(shares.excess(one) for one in standing.book if one.role.is_attached):
        return trim(standing, shares, actor, now)
    return _bounded(standing, share, actor, now, at_broker)


def _is_overdue(entry: OrderRow, now: datetime, patience: Patience) -> bool:
    since = entry.submitted_at or entry.updated_at
    return entry.state is OrderState.UNKNOWN and now >= since + patience.unknown_deadline


def _bounded(
    standing: Standing, share: Decimal, actor: str, now: datetime, at_broker: Mapping[str, Decimal] | None
) -> Verdict:
    """Never more than the broker holds: selling what is not there would open a position."""
    order = standing.order
    if at_broker is None:
        return Verdict()
    held_there = at_broker.get(order.instrument_key, _ZERO)
    missing = beyond_broker(standing, held_there)
    if missing == 0:
        return Verdict((_submitted(order, share, actor, now),))
    told = about_order(
        order,
        Severity.CRITICAL,
        "BROKER_HOLDS_LESS",
        f"our books hold {standing.net_quantity}, the broker {held_there}; "
        f"{max(share - missing, _ZERO)} of {share} is sent",
        "reconcile the account",
    )
    if share <= missing:
        return Verdict(troubles=(told,))
    return Verdict((_submitted(order, share - missing, actor, now, share),), (told,))
