from decimal import Decimal

import pytest

from fund_pipeline.decisions.explaining import explain_signal, stored_decision
from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.execution import follow
from fund_pipeline.ledger.audit import Act, history
from fund_pipeline.ledger.order_model import OrderState
from fund_pipeline.ledger.order_wishes import wish_cancelled
from fund_pipeline.terms import DecisionOutcome, OrderRole
from fund_pipeline_tests.decisions.floor import Floor, leg, signal


def test_an_entry_is_explained_with_its_figures_orders_fills_and_what_is_left(floor: Floor) -> None:
    floor.price(AAPL="100")
    entry = floor.send(signal("ENTRY", leg("BUY", 20)))
    floor.work()
    (one,) = explain_signal(floor.ledger, entry).funds
    assert "1,000,000 USD at a weight of 0.4 allocates 400,000 USD" in one.paragraph
    assert "Ordered: BUY 80 STOCK:AAPL MARKET in demo-paper." in one.paragraph
    assert [order.state for order in one.orders] == [OrderState.FILLED]
    assert [fill.quantity for fill in one.executions] == [Decimal(80)]
    assert [left.quantity for left in one.left] == [Decimal(80)]


def test_the_decision_is_rebuilt_as_it_was_planned_whatever_became_of_its_orders(floor: Floor) -> None:
    floor.price(AAPL="100")
    entry = floor.send(signal("ENTRY", leg("BUY", 20, stop_loss=90)))
    floor.work()
    floor.send(signal("EXIT", leg("SELL", 20), entry_signal_id=entry))
    floor.work()
    (one,) = explain_signal(floor.ledger, entry).funds
    decision = stored_decision(one.decision, one.orders)
    assert decision.outcome is DecisionOutcome.APPROVED
    assert {(order.role, order.quantity) for order in decision.orders} == {
        (OrderRole.ENTRY, Decimal(80)),
        (OrderRole.STOP, Decimal(80)),
    }
    assert [left.is_flat for left in one.left] == [True]


def test_a_refused_signal_says_why_and_what_to_do(floor: Floor) -> None:
    unquoted = floor.send(signal("ENTRY", leg("BUY", 20)))
    floor.work()
    (one,) = explain_signal(floor.ledger, unquoted).funds
    assert "was refused" in one.paragraph
    assert "To do:" in one.paragraph
    assert (one.orders, one.executions, one.left) == ((), (), ())


def test_a_signal_that_waits_says_who_works_it(floor: Floor) -> None:
    waiting = floor.send(signal("ENTRY", leg("BUY", 20)))
    found = explain_signal(floor.ledger, waiting)
    assert found.funds == ()
    assert "has not been read yet" in found.why_none
    assert "fund trade" in found.why_none


def test_a_quarantined_signal_tells_what_is_wrong_with_it(floor: Floor) -> None:
    odd = floor.send(signal("ENTRY", leg("BUY", -1)))
    floor.decide()
    assert "QUARANTINED" in explain_signal(floor.ledger, odd).why_none


def test_an_unknown_signal_is_not_found(floor: Floor) -> None:
    with pytest.raises(NotFoundError):
        explain_signal(floor.ledger, "sig-none")


def test_a_person_s_wish_to_cancel_is_audited_and_done_by_who_follows(floor: Floor) -> None:
    floor.price(AAPL="100")
    floor.send(signal("ENTRY", leg("BUY", 20, order_type="LIMIT", price=95)))
    floor.work()
    (working,) = floor.orders()
    assert working.state is OrderState.ACKNOWLEDGED
    wished = wish_cancelled(floor.ledger, working.client_order_id, "a mistake", Act("user:ada", floor.now))
    assert (wished.state, wished.cancel_for) == (OrderState.ACKNOWLEDGED, "BY_A_PERSON")
    (entry,) = history(floor.ledger, "order", working.client_order_id)
    assert (entry.actor, entry.action, entry.detail["note"]) == ("user:ada", "cancel_wished", "a mistake")
    follow(floor.ledger, floor.brokers, floor.clock)
    (ended,) = floor.orders()
    assert (ended.state, ended.reason) == (OrderState.CANCELLED, "BY_A_PERSON")
    with pytest.raises(ConflictError):
        wish_cancelled(floor.ledger, working.client_order_id, "again", Act("user:ada", floor.now))
