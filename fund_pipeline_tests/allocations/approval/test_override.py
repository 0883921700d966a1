"""Weights that break a limit: a reason, and four eyes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from fund_pipeline.allocations.approval.refusals import Refusal
from fund_pipeline.allocations.approval.request import Override, Verb
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.model import AllocationStatus
from fund_pipeline_tests.allocations.approval.world import World

TWO_EYES = {"max_data_age_days": None, "four_eyes": False}
WIDE = {"max_weight": 20, "max_leverage": 20, "margin_cap": 1.0, "cvar_limit": 1.0}
BREAKING: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "max_weight": ({**WIDE, "max_weight": 0.3}, {"A": "0.4"}),
    "max_leverage": ({**WIDE, "max_leverage": 0.5}, {"A": "0.3", "B": "0.3"}),
    "margin_cap": ({**WIDE, "margin_cap": 0.1}, {"A": "0.3"}),
    "cvar_limit": ({**WIDE, "cvar_limit": 0.001}, {"A": "0.3"}),
    "max_turnover": ({**WIDE, "max_turnover": 0.2}, {"A": "0.3"}),
    "cluster of B, C": ({**WIDE, "cluster_cap": 0.2, "cluster_correlation": 0.01}, {"B": "0.15", "C": "0.15"}),
}


def _weights(texts: dict[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(text) for name, text in texts.items()}


@pytest.mark.parametrize(("limit", "case"), BREAKING.items(), ids=BREAKING)
def test_each_limit_needs_an_override_with_a_reason_and_a_second_admin(
    embedded: World, limit: str, case: tuple[dict[str, Any], dict[str, str]]
) -> None:
    limits, texts = case
    pending, weights = embedded.pending(**limits), _weights(texts)
    broken = embedded.refused(Refusal.LIMIT_BROKEN, Verb.APPROVE_EDITED, pending, weights=weights)
    assert limit.split(" of ")[0] in broken.message
    for reason in ("", "  \n"):
        refused = {"weights": weights, "override": Override(reason, "bob", "123456")}
        embedded.refused(Refusal.LIMIT_BROKEN, Verb.APPROVE_EDITED, pending, **refused)
    alone = {"weights": weights, "override": Override("the risk is hedged elsewhere")}
    embedded.refused(Refusal.SECOND_ADMIN_NEEDED, Verb.APPROVE_EDITED, pending, **alone)
    second = Override("the risk is hedged elsewhere", "bob", _next_code(embedded, "bob"))
    done = embedded.ask(Verb.APPROVE_EDITED, pending, weights=weights, override=second)
    assert (done.approval.decided_by, done.approval.second_by) == ("ada", "bob")
    assert done.approval.override_reason == "the risk is hedged elsewhere"
    (breach,) = done.approval.breaches
    assert breach["limit"].startswith(limit.split(" of ")[0])
    assert breach["measured"] > breach["allowed"]
    active = active_allocation(embedded.ledger, "demo")
    assert active is not None
    assert active.approval == done.approval


def test_the_same_admin_twice_is_no_second_admin(world: World) -> None:
    pending = world.pending()
    override = Override("because", "ada", world.code())
    weights = {"A": Decimal("0.6")}
    for _ in range(2):
        refused = world.refused(
            Refusal.SECOND_ADMIN_NEEDED, Verb.APPROVE_EDITED, pending, weights=weights, override=override
        )
        assert "ada is no second admin beside ada" in refused.message


@pytest.mark.parametrize("second", ["quinn", "eve", "ADA", " ada", "bob"])
def test_a_second_admin_without_a_true_code_of_theirs_is_none(embedded: World, second: str) -> None:
    """The last one is an admin, with the first one's code."""
    pending = embedded.pending()
    override = Override("because", second, _next_code(embedded, "ada"))
    weights = {"A": Decimal("0.6")}
    refused = {"weights": weights, "override": override}
    embedded.refused(Refusal.CODE_REFUSED, Verb.APPROVE_EDITED, pending, **refused)
    assert active_allocation(embedded.ledger, "demo") is None


def test_where_four_eyes_are_not_asked_for_a_reason_is_enough_and_nobody_unproven_is_recorded(world: World) -> None:
    pending = world.pending(approval=TWO_EYES)
    done = world.ask(
        Verb.APPROVE_EDITED, pending, weights={"A": Decimal("0.6")}, override=Override("because", "bob", "000000")
    )
    assert (done.approval.second_by, done.approval.override_reason) == (None, "because")
    assert [breach["limit"] for breach in done.approval.breaches] == ["max_weight"]


def test_an_override_of_nothing_leaves_no_trace_in_the_record(embedded: World) -> None:
    done = embedded.ask(Verb.APPROVE, embedded.pending(), override=Override("to be sure", "bob", "000000"))
    assert (done.approval.second_by, done.approval.override_reason, done.approval.breaches) == (None, "", ())


def test_bringing_back_what_breaks_todays_limits_needs_an_override_too(embedded: World) -> None:
    first = embedded.ask(Verb.APPROVE, embedded.pending()).allocation
    embedded.ask(Verb.APPROVE, embedded.pending(max_weight=0.3))
    embedded.refused(Refusal.LIMIT_BROKEN, Verb.BRING_BACK, first)
    override = Override("the limit is under review", "bob", _next_code(embedded, "bob"))
    done = embedded.ask(Verb.BRING_BACK, first, override=override)
    assert (done.allocation.status, done.approval.second_by) == (AllocationStatus.ACTIVE, "bob")


def _next_code(world: World, user_id: str) -> str:
    """The code that the phone shows when the next request is made."""
    return world.code(user_id, world.now + timedelta(minutes=1))
