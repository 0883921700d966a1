"""Each reason for a refusal, once, with nothing changed but the audit log."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.allocations.approval.request import Verb
from fund_pipeline.allocations.eligibility import Eligibility
from fund_pipeline.allocations.recommend import recommend
from fund_pipeline.ledger.allocations import get_allocation, recommend_again
from fund_pipeline.ledger.audit import list_audit
from fund_pipeline.ledger.digests import shown_id
from fund_pipeline.ledger.funds import get_fund
from fund_pipeline.ledger.model import AllocationStatus, StrategyStatus
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.users import disable_user
from fund_pipeline_tests.allocations.approval.world import World, half
from fund_pipeline_tests.allocations.made_up import backtests
from fund_pipeline_tests.ledger.approving import falsify
from fund_pipeline_tests.samples import ACT, strategy


def test_a_refusal_is_audited_with_who_asked_and_why(world: World) -> None:
    world.refused(Refusal.UNKNOWN_ALLOCATION, Verb.APPROVE, "demo-nothing:0123456789abcdef")
    entry = list_audit(world.ledger)[-1].entry
    assert (entry.actor, entry.action, entry.entity_id) == ("user:ada", "decision_refused", "demo-nothing")
    assert entry.detail["reason"] == "UNKNOWN_ALLOCATION"
    assert entry.correlation_id == "a-run-of-its-own"


@pytest.mark.parametrize("tail", ["", ":", ":0123", ":" + "0" * 16])
def test_what_is_not_the_digest_that_was_shown_is_refused(embedded: World, tail: str) -> None:
    pending = embedded.pending()
    embedded.refused(Refusal.NOT_WHAT_WAS_SHOWN, Verb.APPROVE, pending.allocation_id + tail)


def test_a_digest_that_goes_on_otherwise_than_the_true_one_is_refused(embedded: World) -> None:
    pending = embedded.pending()
    name = shown_id(pending.allocation_id, pending.digest)
    embedded.refused(Refusal.NOT_WHAT_WAS_SHOWN, Verb.APPROVE, name + "zz")
    whole = f"{pending.allocation_id}:{pending.digest}"
    assert embedded.ask(Verb.APPROVE, whole).allocation.status is AllocationStatus.ACTIVE


def test_weights_that_were_changed_in_the_database_are_refused_before_a_code_is_used(world: World) -> None:
    pending = world.pending()
    falsify(world.ledger, "UPDATE allocation_weights SET weight = '0.01' WHERE strategy_id = 'A'")
    for verb in (Verb.APPROVE, Verb.REJECT):
        world.refused(Refusal.NOT_WHAT_WAS_SHOWN, verb, pending)


def test_what_was_decided_is_not_decided_again(world: World) -> None:
    approved = world.ask(Verb.APPROVE, world.pending()).allocation
    rejected = world.ask(Verb.REJECT, world.pending(max_weight=0.3)).allocation
    for verb in (Verb.APPROVE, Verb.REJECT, Verb.APPROVE_EDITED):
        world.refused(Refusal.ALREADY_DECIDED, verb, approved, weights={"A": Decimal("0.1")})
        world.refused(Refusal.ALREADY_DECIDED, verb, rejected, weights={"A": Decimal("0.1")})


def test_what_a_newer_recommendation_replaced_is_refused(world: World) -> None:
    stale = world.pending()
    world.pending(max_weight=0.3)
    world.refused(Refusal.SUPERSEDED, Verb.APPROVE, stale)


@pytest.mark.parametrize("status", ["PENDING_APPROVAL", "ACTIVE", "REJECTED", "SUPERSEDED"])
def test_only_what_was_in_force_before_is_brought_back(embedded: World, status: str) -> None:
    allocation = embedded.pending()
    if status == "ACTIVE":
        allocation = embedded.ask(Verb.APPROVE, allocation).allocation
    elif status == "REJECTED":
        allocation = embedded.ask(Verb.REJECT, allocation).allocation
    elif status == "SUPERSEDED":
        embedded.pending(max_weight=0.3)
    embedded.refused(Refusal.NEVER_IN_FORCE, Verb.BRING_BACK, allocation)


def test_what_says_archived_without_ever_having_been_approved_is_not_brought_back(world: World) -> None:
    pending = world.pending()
    falsify(world.ledger, "UPDATE allocations SET status = 'ARCHIVED'")
    world.refused(Refusal.NEVER_IN_FORCE, Verb.BRING_BACK, pending)


def test_weights_that_are_in_force_already_are_not_brought_back(embedded: World) -> None:
    first = embedded.ask(Verb.APPROVE, embedded.pending()).allocation
    embedded.ask(Verb.APPROVE, embedded.pending(cvar_limit=0.005))
    embedded.limits()
    embedded.ask(Verb.BRING_BACK, first)
    embedded.refused(Refusal.ALREADY_DECIDED, Verb.BRING_BACK, first)


@pytest.mark.parametrize("told", [{"same_run": True}, {"correlation_id": "nightly"}])
def test_the_run_that_recommended_does_not_approve_whether_it_says_so_or_not(
    world: World, told: dict[str, Any]
) -> None:
    world.refused(Refusal.SAME_RUN, Verb.APPROVE, world.pending(), **told)


def test_returns_that_changed_since_are_refused(world: World) -> None:
    pending = world.pending()
    world.backtests = backtests(seed=8)
    world.refused(Refusal.DATA_CHANGED, Verb.APPROVE, pending)
    world.refused(Refusal.DATA_CHANGED, Verb.APPROVE_EDITED, pending, weights=half(pending))
    assert world.ask(Verb.REJECT, pending).allocation.status is AllocationStatus.REJECTED


WRONG = {
    "unknown": {"GHOST": "0.1"},
    "unknown at nothing": {"GHOST": "0"},
    "inactive": {"OFF": "0.1"},
    "took no part": {"NEW": "0.1"},
    "negative": {"A": "-0.1"},
    "no number": {"A": "NaN"},
    "endless": {"A": "Infinity"},
    "percent": {"A": "25"},
    "enormous": {"A": "1E+900"},
    "tiny": {"A": "1E-900"},
    "nine decimals": {"A": "0.123456789"},
    "decimals beyond 28 digits": {"A": "0.12345678000000000000000000000000000001"},
    "none": {},
}


@pytest.mark.parametrize("weights", WRONG.values(), ids=WRONG)
def test_weights_that_can_be_none_are_refused(embedded: World, weights: dict[str, str]) -> None:
    put_strategy(embedded.ledger, strategy("OFF", status=StrategyStatus.INACTIVE), ACT)
    put_strategy(embedded.ledger, strategy("NEW"), ACT)
    asked = {name: Decimal(weight) for name, weight in weights.items()}
    embedded.refused(Refusal.WRONG_WEIGHTS, Verb.APPROVE_EDITED, embedded.pending(), weights=asked)


def test_weights_as_recommended_are_no_edit(embedded: World) -> None:
    pending = embedded.pending()
    embedded.refused(Refusal.WRONG_WEIGHTS, Verb.APPROVE_EDITED, pending, weights=pending.weights)


TIGHTER: dict[str, dict[str, Any]] = {
    "max_weight": {"max_weight": 0.3},
    "max_leverage": {"max_leverage": 0.5},
    "margin_cap": {"margin_cap": 0.2},
    "cvar_limit": {"cvar_limit": 0.005},
    "max_turnover": {"max_turnover": 0.5},
    "cluster of": {"cluster_cap": 0.1, "cluster_correlation": 0.01},
}


@pytest.mark.parametrize(("limit", "limits"), TIGHTER.items(), ids=TIGHTER)
def test_limits_that_were_tightened_since_are_obeyed(embedded: World, limit: str, limits: dict[str, Any]) -> None:
    recommended = {"cvar_limit": 0.5, "margin_cap": 1.0} if limit == "cluster of" else {}
    pending = embedded.pending(**recommended)
    embedded.limits(**recommended, **limits)
    assert limit in embedded.refused(Refusal.LIMIT_BROKEN, Verb.APPROVE, pending).message


def test_turnover_counts_from_what_is_in_force_now(embedded: World) -> None:
    """The recommendation was posed before another allocation came into force, and recorded after."""
    first = embedded.pending(max_turnover=0.9)
    fund, act = get_fund(embedded.ledger, "demo"), embedded.act
    late = recommend(embedded.ledger, fund, backtests(seed=7, A="late"), Eligibility(("A", "B", "C"), ()), act)
    assert late.allocation is not None
    third = embedded.pending(max_turnover=0.8)
    embedded.ask(Verb.APPROVE, third)
    first = replace(first, allocation_id=f"{first.allocation_id}-2", created_at=embedded.now)
    assert recommend_again(embedded.ledger, first, embedded.act)
    embedded.limits(max_turnover=0.01)
    message = embedded.refused(Refusal.LIMIT_BROKEN, Verb.APPROVE, first).message
    moved = sum(
        abs(first.weights.get(name, Decimal(0)) - third.weights.get(name, Decimal(0))) for name in ("A", "B", "C")
    )
    assert f"max_turnover is {float(moved):.6g}" in message


def test_inputs_that_were_changed_under_an_unchanged_digest_are_refused(world: World) -> None:
    pending = world.pending()
    changed = "replace(CAST(inputs AS TEXT), '0.4', '0.1')"
    cast = changed if world.ledger.is_sqlite else f"CAST({changed} AS JSONB)"
    falsify(world.ledger, f"UPDATE optimisation_runs SET inputs = {cast}")
    assert "not those that were recorded" in world.refused(Refusal.NOT_WHAT_WAS_SHOWN, Verb.APPROVE, pending).message


@pytest.mark.parametrize(
    ("policy", "later", "why"),
    [
        ({"max_data_age_days": None, "max_age_hours": 10}, timedelta(hours=10, minutes=1), "pending for 10 hours"),
        ({"max_data_age_days": 1654}, timedelta(days=2), "newest return is"),
    ],
    ids=["recommendation", "data"],
)
def test_what_is_too_old_expires_instead_of_being_approved(
    world: World, policy: dict[str, Any], later: timedelta, why: str
) -> None:
    pending = world.pending(approval=policy)
    world.now += later
    with pytest.raises(RefusedError, match=why) as caught:
        world.ask(Verb.APPROVE, pending)
    assert (caught.value.reason, caught.value.remedy) == (Refusal.EXPIRED, "run `fund nightly`")
    assert get_allocation(world.ledger, pending.allocation_id).status is AllocationStatus.EXPIRED
    told = [(row.entry.actor, row.entry.action) for row in list_audit(world.ledger)][-2:]
    assert told == [("expiry", "allocation_expired"), ("user:ada", "decision_refused")]
    world.refused(Refusal.EXPIRED, Verb.APPROVE, pending)
    assert world.recommend(approval=policy).new


def test_what_is_old_but_not_too_old_is_approved_and_what_is_too_old_can_still_be_rejected(world: World) -> None:
    policy = {"max_data_age_days": None, "max_age_hours": 10}
    pending = world.pending(approval=policy)
    world.now += timedelta(hours=9, minutes=58)
    world.ask(Verb.APPROVE, pending)
    other = world.pending(approval=policy, max_weight=0.3)
    world.now += timedelta(days=30)
    assert world.ask(Verb.REJECT, other).allocation.status is AllocationStatus.REJECTED


def test_the_age_of_data_counts_in_days_of_utc_wherever_the_clock_is(embedded: World) -> None:
    pending = embedded.pending(approval={"max_data_age_days": 1653})
    last = np.datetime64("2021-08-22")
    assert (np.datetime64(embedded.now.date()) - last).astype(int) == 1653
    embedded.now = embedded.now.replace(hour=23).astimezone(ZoneInfo("Asia/Tokyo"))
    assert embedded.ask(Verb.APPROVE, pending).allocation.status is AllocationStatus.ACTIVE


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        ("wrong", "WRONG_CODE"),
        ("empty", "WRONG_CODE"),
        ("old", "EXPIRED"),
        ("unknown", "UNKNOWN_USER"),
        ("disabled", "DISABLED"),
        ("quant", "NOT_ADMIN"),
        ("another's", "WRONG_CODE"),
    ],
)
def test_a_code_that_proves_no_admin_is_refused(world: World, case: str, verdict: str) -> None:
    pending = world.pending()
    at = world.now + timedelta(minutes=1)
    asked: dict[str, Any] = {
        "wrong": {"code": "000000" if world.code(at=at) != "000000" else "111111"},
        "empty": {"code": " "},
        "old": {"code": world.code(at=at - timedelta(minutes=3))},
        "unknown": {"decided_by": "eve"},
        "disabled": {},
        "quant": {"decided_by": "quinn", "code": world.code("quinn", at)},
        "another's": {"code": world.code("bob", at)},
    }[case]
    if case == "disabled":
        disable_user(world.ledger, "ada", ACT)
    assert verdict in world.refused(Refusal.CODE_REFUSED, Verb.APPROVE, pending, **asked).message


def test_a_code_decides_once(world: World) -> None:
    first, second = world.pending(), world.pending(fund="other", max_weight=0.3)
    world.ask(Verb.REJECT, first)
    used = world.code()
    world.now -= timedelta(minutes=1)  # `refused` asks a minute later: at the same moment as before
    assert "REUSED" in world.refused(Refusal.CODE_REFUSED, Verb.APPROVE, second, code=used).message


def test_no_code_is_used_up_by_what_is_refused_without_one(embedded: World) -> None:
    pending = embedded.pending()
    embedded.refused(Refusal.WRONG_WEIGHTS, Verb.APPROVE_EDITED, pending, weights={"GHOST": Decimal(1)})
    embedded.now -= timedelta(minutes=1)
    assert embedded.ask(Verb.APPROVE, pending).allocation.status is AllocationStatus.ACTIVE
