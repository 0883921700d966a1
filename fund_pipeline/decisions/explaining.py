"""Why a signal got the size it has: the stored decisions in words, and what became of their orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fund_pipeline.cerebro.sizing import Action, ActionKind, Decision, DecisionReason, PlannedOrder
from fund_pipeline.cerebro.sizing import explain as in_words
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.decisions import list_decisions
from fund_pipeline.ledger.executions import list_executions
from fund_pipeline.ledger.order_model import DecisionRow, Execution, OrderRow, Position
from fund_pipeline.ledger.orders import list_orders
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.signals.inbox import Explanation, explain
from fund_pipeline.terms import SignalType

MOST_ORDERS = 10_000

_WAITS = {
    SignalState.RECEIVED: "it has not been read yet: the sensor `incoming_signals` does so within seconds, and "
    "`fund trade` at once",
    SignalState.STANDARDISED: "it was read and waits to be decided: the sensor `incoming_signals` starts that within "
    "seconds, and `fund trade` does it at once",
    SignalState.CLAIMED: "it is being decided at this moment",
    SignalState.DECIDED: "it was decided when there was no fund to decide it for",
}


@dataclass(frozen=True)
class InFund:
    """What became of a signal in one fund.

    Attributes
    ----------
    paragraph : the decision in words.
    orders : with every attempt, oldest first.
    executions : their fills, in the order in which they were booked.
    left : what its strategy now holds of the orders' instruments in their accounts; flat ones too, for their PnL.
    """

    decision: DecisionRow
    paragraph: str
    orders: tuple[OrderRow, ...]
    executions: tuple[Execution, ...]
    left: tuple[Position, ...]


@dataclass(frozen=True)
class Explained:
    """A signal with what became of it in each fund; `why_none` says why there is no decision, where there is none."""

    signal: Explanation
    funds: tuple[InFund, ...]
    why_none: str


def explain_signal(ledger: Ledger, signal_id: str) -> Explained:
    """All that is known of a signal, from its receipt to what is left of its positions. NotFoundError."""
    signal = explain(ledger, signal_id)
    decisions = list_decisions(ledger, signal_id=signal_id)
    orders = tuple(reversed(list_orders(ledger, signal_id=signal_id, newest=MOST_ORDERS)))
    funds = tuple(
        _in_fund(ledger, one, tuple(order for order in orders if order.decision_id == one.decision_id))
        for one in sorted(decisions, key=lambda one: (one.fund_id, one.decided_at))
    )
    return Explained(signal, funds, "" if funds else _why_none(signal))


def stored_decision(row: DecisionRow, orders: Iterable[OrderRow]) -> Decision:
    """The decision as sizing made it, from what is stored of it: its orders are the first attempts at each."""
    planned = sorted((one for one in orders if one.attempt == 1), key=lambda one: (one.leg, one.role, one.account_id))
    return Decision(
        signal_id=row.signal_id,
        fund_id=row.fund_id,
        strategy=row.strategy,
        kind=SignalType(row.kind),
        outcome=row.outcome,
        reason=DecisionReason[row.reason],
        figures=row.figures,
        orders=tuple(_planned(one) for one in planned if one.planned_quantity),
        actions=_actions(row.actions),
    )


def _in_fund(ledger: Ledger, row: DecisionRow, orders: tuple[OrderRow, ...]) -> InFund:
    fills = [fill for one in orders for fill in list_executions(ledger, client_order_id=one.client_order_id)]
    books = sorted({one.book for one in orders})
    left = (
        position
        for strategy, account_id, key in books
        for position in list_positions(
            ledger, strategy=strategy, account_id=account_id, instrument_key=key, only_open=False
        )
    )
    return InFund(
        decision=row,
        paragraph=in_words(stored_decision(row, orders)),
        orders=orders,
        executions=tuple(sorted(fills, key=lambda one: (one.account_id, one.number))),
        left=tuple(left),
    )


def _planned(order: OrderRow) -> PlannedOrder:
    values = {name: getattr(order, name) for name in PlannedOrder.__dataclass_fields__}
    return PlannedOrder(**values | {"role": order.role, "quantity": order.planned_quantity})


def _actions(stored: Iterable[Mapping[str, Any]]) -> tuple[Action, ...]:
    return tuple(Action(kind=ActionKind(one["kind"]), leg=one.get("leg")) for one in stored)


def _why_none(signal: Explanation) -> str:
    state = signal.signal.state
    return _WAITS.get(state) or signal.words
