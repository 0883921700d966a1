"""What a person must hear of orders and fills, with its figures and what to do next."""

from __future__ import annotations

from decimal import Decimal

from fund_pipeline.execution.port import BrokerOrder
from fund_pipeline.ledger.account_model import Severity, Trouble
from fund_pipeline.ledger.order_model import Execution, OrderRow


def about_order(order: OrderRow, severity: Severity, kind: str, message: str, remedy: str) -> Trouble:
    """Trouble with one order."""
    detail = {
        "signal_id": order.signal_id,
        "account_id": order.account_id,
        "strategy": order.strategy,
        "instrument_key": order.instrument_key,
        "role": order.role.value,
        "attempt": order.attempt,
        "state": order.state.value,
    }
    return Trouble(
        severity=severity,
        kind=kind,
        entity="order",
        entity_id=order.client_order_id,
        message=f"{_said(order)}: {message}",
        remedy=remedy,
        fund_id=order.fund_id,
        detail=detail,
    )


def exit_failed(order: OrderRow, message: str) -> Trouble:
    """An exit, stop or target failed while its position is open. One alert per position, however often it fails."""
    return Trouble(
        severity=Severity.CRITICAL,
        kind=f"{order.role.value}_FAILED",
        entity="position",
        entity_id=f"{order.account_id}/{order.instrument_key}/{order.strategy}"[:128],
        message=f"{_said(order)} failed: {message}; attempt {order.attempt + 1} follows",
        remedy="look at the account at the broker; close the position there if the next attempts fail too",
        fund_id=order.fund_id,
        detail={"client_order_id": order.client_order_id, "attempt": order.attempt, "account_id": order.account_id},
    )


def order_unknown(order: OrderRow, message: str) -> Trouble:
    """Nobody knows whether the broker has it, and the deadline for finding out has passed."""
    return about_order(
        order,
        Severity.CRITICAL,
        "ORDER_UNKNOWN",
        message,
        f"look for the reference {order.client_order_id} at the broker; it is not sent again meanwhile",
    )


def arrived_late(order: OrderRow) -> Trouble:
    """The broker has an order that it had said it did not know, long after it was sent."""
    return about_order(
        order,
        Severity.CRITICAL,
        "ARRIVED_LATE",
        "the broker has it after all, long after it was sent; what is left of it is being cancelled",
        "compare the account with our books: its next attempt may have filled too",
    )


def filled_late(order: OrderRow, fill: Execution, *, is_exited: bool) -> Trouble:
    """An entry that had ended was filled all the same. Where its exit has been decided, that closes this too."""
    if is_exited:
        follows, remedy = "its exit's next attempt closes it", "see that it does: `fund orders list`"
    else:
        follows, remedy = "it is a position that nobody waits for", "close it at the broker, or keep it knowingly"
    return about_order(
        order,
        Severity.CRITICAL,
        "FILLED_LATE",
        f"it was {order.state.value}, and execution {fill.broker_execution_id} fills {fill.quantity}; {follows}",
        remedy,
    )


def still_working(order: OrderRow) -> Trouble:
    """The broker works an order that has ended by our books."""
    return about_order(
        order,
        Severity.CRITICAL,
        "STILL_WORKING",
        "by our books it has ended, and the broker still works it; it is being cancelled",
        "make sure that it is gone at the broker",
    )


def stranger(account_id: str, found: BrokerOrder) -> Trouble:
    """The broker works an order under an id like ours that is not in the ledger."""
    return Trouble(
        severity=Severity.CRITICAL,
        kind="ORDER_NOT_IN_LEDGER",
        entity="broker_order",
        entity_id=f"{account_id}/{found.client_order_id}"[:128],
        message=f"the broker works {found.side.value} {found.quantity} {found.instrument_key} of account {account_id} "
        f"under {found.client_order_id}, which is not in the ledger",
        remedy="was the ledger restored from a backup? Then let nothing be sent before the account is reconciled",
        detail={"account_id": account_id},
    )


def overfilled(order: OrderRow, fill: Execution, filled: Decimal) -> Trouble:
    """More was filled than ordered."""
    return about_order(
        order,
        Severity.CRITICAL,
        "OVERFILL",
        f"{filled} are filled with execution {fill.broker_execution_id}; it is booked",
        "ask the broker; close what is too much",
    )


def unknown_fill(fill: Execution, told_as: str | None) -> Trouble:
    """A fill of no order of ours."""
    named = "without a reference of ours" if told_as is None else f"for {told_as!r}, which is no order of this account"
    return Trouble(
        severity=Severity.CRITICAL,
        kind="FILL_OF_UNKNOWN_ORDER",
        entity="execution",
        entity_id=f"{fill.account_id}/{fill.broker_execution_id}"[:128],
        message=f"{fill.broker} filled {fill.side} {fill.quantity} {fill.instrument_key} at {fill.price} {named}; it "
        f"is booked as {fill.strategy}",
        remedy="find out who traded; attribute it to a strategy, or close the position",
        detail={"account_id": fill.account_id, "client_order_id": told_as},
    )


def kept_aside(fill: Execution, aside_id: str, why: str) -> Trouble:
    """A fill that could not be booked."""
    return Trouble(
        severity=Severity.CRITICAL,
        kind="FILL_NOT_BOOKED",
        entity="execution",
        entity_id=f"{fill.account_id}/{aside_id}"[:128],
        message=f"{fill.broker} told of execution {fill.broker_execution_id!r} of {fill.instrument_key!r} in account "
        f"{fill.account_id}, which cannot be booked: {why}; it is kept aside, and our books lack it",
        remedy="see `fund executions --aside`; it is tried again in every pass once the cause is gone",
        detail={"account_id": fill.account_id, "aside_id": aside_id},
    )


def not_followed(order: OrderRow, why: str) -> Trouble:
    """What the broker says of an order cannot be taken."""
    return about_order(
        order,
        Severity.CRITICAL,
        "ORDER_NOT_FOLLOWED",
        f"what the broker says of it cannot be taken: {why}",
        "look at the order at the broker; report it to a developer",
    )


def account_not_followed(account_id: str, why: str) -> Trouble:
    """Following an account's orders failed, for a reason that is not the broker's silence."""
    return Trouble(
        severity=Severity.CRITICAL,
        kind="ACCOUNT_NOT_FOLLOWED",
        entity="account",
        entity_id=account_id,
        message=f"the orders of account {account_id} could not be followed: {why}",
        remedy="look at the account at the broker; report it to a developer",
    )


def execution_changed(first: Execution, again: Execution) -> Trouble:
    """An execution was told again with another content."""
    return Trouble(
        severity=Severity.CRITICAL,
        kind="EXECUTION_CHANGED",
        entity="execution",
        entity_id=f"{first.account_id}/{first.broker_execution_id}"[:128],
        message=f"{first.broker} told of execution {first.broker_execution_id} as {_filled(first)}, and now as "
        f"{_filled(again)}; the first stays booked",
        remedy="ask the broker which is right, then reconcile the account",
        detail={"account_id": first.account_id},
    )


def crossed_zero(order: OrderRow, fill: Execution, quantity: Decimal) -> Trouble:
    """An order that closes a position has opened one on the other side."""
    return about_order(
        order,
        Severity.CRITICAL,
        "EXIT_CROSSED_ZERO",
        f"execution {fill.broker_execution_id} leaves {quantity}: more was closed than held",
        "close what was opened by it",
    )


def other_commission(order: OrderRow | None, fill: Execution) -> Trouble:
    """A commission that the position cannot count, because it is in another currency."""
    return Trouble(
        severity=Severity.WARNING,
        kind="COMMISSION_CURRENCY",
        entity="account",
        entity_id=fill.account_id,
        message=f"execution {fill.broker_execution_id} cost {fill.commission} {fill.commission_currency}, which the "
        f"realised PnL in {fill.currency} does not hold",
        remedy="have commissions charged in the instrument's currency, or count them apart",
        fund_id=None if order is None else order.fund_id,
    )


def broker_away(account_id: str, fund_id: str | None, message: str, severity: Severity) -> Trouble:
    """The broker does not answer."""
    return Trouble(
        severity=severity,
        kind="BROKER_AWAY",
        entity="account",
        entity_id=account_id,
        message=f"the broker of account {account_id} does not answer: {message}",
        remedy="check the broker's gateway and the network",
        fund_id=fund_id,
    )


def _said(order: OrderRow) -> str:
    return (
        f"{order.role.value} order {order.client_order_id} ({order.side.value} {order.quantity.normalize():f} "
        f"{order.instrument_key}, account {order.account_id})"
    )


def _filled(fill: Execution) -> str:
    return f"{fill.side.value} {fill.quantity} {fill.instrument_key} at {fill.price}, commission {fill.commission}"
