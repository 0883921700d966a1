"""What a person wants of a working order: a wish that lasts until the broker has done it, with who had it and why."""

from __future__ import annotations

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.order_model import Change, OrderRow
from fund_pipeline.ledger.order_steps import Step, take_steps
from fund_pipeline.ledger.orders import read_order

BY_A_PERSON = "BY_A_PERSON"


def wish_cancelled(ledger: Ledger, client_order_id: str, note: str, act: Act) -> OrderRow:
    """Wish that an order be cancelled, audited; the order as it is then. Wished for again, the first wish stands.

    Nothing is asked of the broker here: whoever follows orders does. NotFoundError; ConflictError for one that has
    ended.
    """
    with ledger_away(), ledger.writing() as connection:
        order = read_order(connection, client_order_id, lock=True)
        if order is None:
            raise NotFoundError(f"there is no order {client_order_id!r}", remedy="run `fund orders list`")
        if not order.state.is_live:
            raise ConflictError(
                f"order {client_order_id} is {order.state.value}", remedy="nothing: it does not work any more"
            )
        if order.cancel_for is not None:
            return order
        detail = {"cancel_for": BY_A_PERSON, "note": note}
        change = Change(order.state, act.actor, act.at, BY_A_PERSON, detail, {"cancel_for": BY_A_PERSON})
        (wished,) = take_steps(connection, [Step(order, change)])
        if wished is None:
            raise ConflictError("somebody changed it at the same time", remedy="look again: `fund orders show`")
        audit.record(connection, act, "cancel_wished", "order", client_order_id, {**detail, "state": order.state.value})
    return wished
