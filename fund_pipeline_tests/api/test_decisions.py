"""Decisions over HTTP, on a real process: what is approved is in force, what is refused changed nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.audit import history, list_audit
from fund_pipeline.ledger.model import AllocationStatus
from fund_pipeline_tests.api.people import Person, Served

ARCHIVED, ACTIVE, PENDING = AllocationStatus.ARCHIVED, AllocationStatus.ACTIVE, AllocationStatus.PENDING_APPROVAL
WITHIN = {"LowVol_Long": "0.2", "TS_Momentum": "0.1"}
TOO_MUCH = {"LowVol_Long": "0.6"}
"""Beyond the greatest weight of one strategy, 0.5."""


def in_force(api: Served) -> str | None:
    active = active_allocation(api.ledger, "demo")
    return active and active.allocation.allocation_id


def test_what_is_pending_is_shown_with_all_that_helps_to_decide(api: Served, eve: Person) -> None:
    pending = api.pending()
    shown = api.get("/latest-recommendation", eve).json()
    assert shown["shown"].startswith(f"{pending.allocation_id}:")
    assert shown["weights"] == {name: str(weight) for name, weight in pending.weights.items()}
    lines = shown["strategies"]
    assert sum(line["cvar_contribution"] for line in lines) == pytest.approx(shown["metrics"]["cvar"], rel=1e-9)
    assert {one["name"] for one in shown["binding"]} >= {"cvar_limit", "margin_cap"}
    assert shown["certificate"]["relative_gap"] < 1e-8
    assert [one["name"] for one in shown["stress"]["recommended"]["crises"]]
    assert shown["created_at"] < shown["expires_at"]
    assert shown["data"]["last_date"] == "2022-12-28"


def test_an_approval_puts_it_in_force_and_archives_the_former(api: Served, ada: Person) -> None:
    first, second = api.pending(), None
    assert api.post("/approve", ada, ada.decision(first)).status_code == 200
    second, bob = api.pending(), api.person()
    answer = api.post("/approve", bob, bob.decision(second, note="as agreed"))
    assert answer.status_code == 200, answer.text
    approval = answer.json()["approval"]
    assert (approval["decided_by"], approval["note"], approval["method"]) == (bob.user_id, "as agreed", "CODE")
    assert (approval["replaces"], approval["correlation_id"]) == (
        first.allocation_id,
        answer.headers["X-Correlation-ID"],
    )
    assert (api.status(first), api.status(second)) == (ARCHIVED, ACTIVE)
    assert api.get("/current", ada, params={"fund": "demo"}).json() == answer.json()
    assert [one["allocation_id"] for one in api.get("/history?limit=2", ada).json()["decisions"]] == [
        second.allocation_id,
        first.allocation_id,
    ]


def test_nothing_pending_is_told_as_not_found(api: Served, ada: Person) -> None:
    pending = api.pending()
    assert api.post("/reject", ada, ada.decision(pending)).status_code == 200
    answer = api.get("/latest-recommendation", ada)
    assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")
    assert "fund nightly" in answer.json()["remedy"]


def test_a_rejected_one_cannot_be_approved_any_more(api: Served, ada: Person) -> None:
    pending, before = api.pending(), in_force(api)
    rejected = api.post("/reject", ada, ada.decision(pending, note="not now"))
    assert rejected.json()["approval"]["decision"] == "REJECTED"
    bob = api.person()
    again = api.post("/approve", bob, bob.decision(pending))
    assert (again.status_code, again.json()["error"]) == (409, "ALREADY_DECIDED")
    assert in_force(api) == before


def test_a_wrong_code_is_refused_with_its_reason_and_changes_nothing(api: Served, ada: Person) -> None:
    pending, before = api.pending(), in_force(api)
    answer = api.post("/approve", ada, ada.decision(pending, code="no code"))
    assert (answer.status_code, answer.json()["error"]) == (409, "CODE_REFUSED")
    assert "WRONG_CODE" in answer.json()["message"]
    assert (api.status(pending), in_force(api)) == (PENDING, before)
    [refusal] = [one for one in history(api.ledger, "allocation", pending.allocation_id) if "refused" in one.action]
    assert refusal.detail["reason"] == "CODE_REFUSED"


def test_a_code_works_once(api: Served, ada: Person) -> None:
    first = api.pending()
    decision = ada.decision(first)
    assert api.post("/approve", ada, decision).status_code == 200
    second = api.pending()
    answer = api.post("/approve", ada, ada.decision(second, code=decision["code"]))
    assert (answer.status_code, answer.json()["error"]) == (409, "CODE_REFUSED")
    assert "REUSED" in answer.json()["message"]
    assert (api.status(first), api.status(second)) == (ACTIVE, PENDING)


def test_what_is_not_what_was_shown_is_refused_before_the_code_is_used_up(api: Served, ada: Person) -> None:
    pending = api.pending()
    decision = ada.decision(pending)
    changed = api.post("/approve", ada, decision | {"allocation_id": f"{pending.allocation_id}:{'0' * 16}"})
    assert (changed.status_code, changed.json()["error"]) == (409, "NOT_WHAT_WAS_SHOWN")
    unknown = api.post("/approve", ada, decision | {"allocation_id": f"demo-nothing:{'0' * 16}"})
    assert (unknown.status_code, unknown.json()["error"]) == (409, "UNKNOWN_ALLOCATION")
    assert api.post("/approve", ada, decision).status_code == 200


def test_own_weights_within_the_limits_are_measured_and_put_in_force(api: Served, ada: Person) -> None:
    pending = api.pending()
    answer = api.put(ada, ada.decision(pending, weights=WITHIN))
    assert answer.status_code == 200, answer.text
    made = answer.json()["allocation"]
    assert (made["weights"], made["origin"], made["based_on"]) == (WITHIN, "EDITED", pending.allocation_id)
    assert made["metrics"]["leverage"] == pytest.approx(0.3)
    assert in_force(api) == made["allocation_id"]


def test_weights_that_break_a_limit_need_two_admins_and_a_reason(api: Served, ada: Person) -> None:
    pending, before, bob = api.pending(), in_force(api), api.person()
    decision = ada.decision(pending, weights=TOO_MUCH)
    refused: list[tuple[dict[str, Any], str]] = [
        ({}, "LIMIT_BROKEN"),
        ({"override": {"reason": "alone"}}, "SECOND_ADMIN_NEEDED"),
        ({"override": {"reason": "twice me", "second_by": ada.user_id, "second_code": "1"}}, "SECOND_ADMIN_NEEDED"),
    ]
    for more, reason in refused:
        answer = api.put(ada, decision | more)
        assert (answer.status_code, answer.json()["error"]) == (409, reason), answer.text
    assert (api.status(pending), in_force(api)) == (PENDING, before)
    override = {"reason": "a hedge runs elsewhere", "second_by": bob.user_id, "second_code": bob.app.now()}
    answer = api.put(ada, decision | {"override": override})
    assert answer.status_code == 200, answer.text
    approval = answer.json()["approval"]
    assert (approval["second_by"], approval["override_reason"]) == (bob.user_id, "a hedge runs elsewhere")
    assert "max_weight" in [one["limit"] for one in approval["breaches"]]


def test_weights_of_an_unknown_strategy_are_refused_by_name(api: Served, eve: Person) -> None:
    answer = api.put(eve, eve.decision(api.pending(), weights={"NoSuch": "0.1"}))
    assert (answer.status_code, answer.json()["error"]) == (409, "WRONG_WEIGHTS")
    assert "NoSuch" in answer.json()["message"]


def test_nobody_decides_in_another_name_and_who_tried_is_audited(api: Served, ada: Person) -> None:
    pending, bob = api.pending(), api.person()
    answer = api.post("/approve", ada, bob.decision(pending))
    assert (answer.status_code, answer.json()["error"]) == (403, "NOT_YOURSELF")
    assert answer.json()["field"] == "approved_by"
    assert api.status(pending) is PENDING
    told = [
        row.entry for row in list_audit(api.ledger) if row.entry.correlation_id == answer.headers["X-Correlation-ID"]
    ]
    assert [(one.action, one.actor) for one in told if one.entity == "allocation"] == [
        ("decision_refused", f"user:{ada.user_id}")
    ]
    assert api.post("/approve", bob, bob.decision(pending)).status_code == 200  # Bob's code was not used up


def test_of_two_admins_at_once_exactly_one_approves(api: Served, ada: Person) -> None:
    pending, people = api.pending(), [ada, api.person()]
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda one: api.post("/approve", one, one.decision(pending)), people))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [winner] = [who for who, answer in zip(people, answers, strict=True) if answer.status_code == 200]
    [loser] = [answer.json()["error"] for answer in answers if answer.status_code == 409]
    assert loser in {"ALREADY_DECIDED", "DECIDED_MEANWHILE"}
    active = active_allocation(api.ledger, "demo")
    assert active is not None
    assert (active.allocation.allocation_id, active.approval.decided_by) == (pending.allocation_id, winner.user_id)


def test_a_fund_there_is_none_of_is_not_found_by_name(api: Served, eve: Person) -> None:
    for path in ("/current", "/latest-recommendation", "/history"):
        answer = api.get(path, eve, params={"fund": "no-such"})
        assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")
        assert "no-such" in answer.json()["message"]
