from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.allocations import (
    allocations_of_run,
    find_run,
    get_allocation,
    get_run,
    list_allocations,
    list_runs,
    recommend_again,
    record_recommendation,
    withdraw_pending,
)
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.model import AllocationStatus
from fund_pipeline_tests.samples import ACT, allocation, run


@pytest.fixture
def ledger(filled_ledger: Ledger) -> Ledger:
    """What each test begins with: fund `demo` has a pending allocation, fund `second` an approved one."""
    return filled_ledger


def test_a_recommendation_comes_back_as_it_was_recorded(ledger: Ledger) -> None:
    stored = get_allocation(ledger, "demo-digest-1")
    assert stored == allocation(run(), A="0.5", B="0.25")
    assert get_run(ledger, stored.run_id) == run()
    assert find_run(ledger, "demo", "digest-1") == run()
    assert find_run(ledger, "demo", "another") is None


def test_the_same_inputs_write_no_second_recommendation(ledger: Ledger) -> None:
    again = replace(run(), run_id="run-again")
    assert not record_recommendation(ledger, again, allocation(again, A="0.1"), ACT)
    assert [a.allocation_id for a in list_allocations(ledger, "demo")] == ["demo-digest-1"]


def test_twenty_writers_of_one_recommendation_leave_one(ledger: Ledger) -> None:

    def write(attempt: int) -> bool:
        same = replace(run("digest-2"), run_id=f"run-{attempt}")
        return record_recommendation(ledger, same, replace(allocation(same), allocation_id=f"a-{attempt}"), ACT)

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(write, range(20)))
    assert sum(written) == 1
    assert len(list_allocations(ledger, status=AllocationStatus.PENDING_APPROVAL)) == 1


def test_a_newer_recommendation_supersedes_the_older_pending_one_and_says_so(ledger: Ledger) -> None:
    record_recommendation(ledger, run("digest-2"), allocation(run("digest-2"), A="0.4"), ACT)
    assert get_allocation(ledger, "demo-digest-1").status is AllocationStatus.SUPERSEDED
    pending = list_allocations(ledger, "demo", AllocationStatus.PENDING_APPROVAL)
    assert [a.allocation_id for a in pending] == ["demo-digest-2"]
    last = history(ledger, "allocation", "demo-digest-1")[-1]
    assert (last.action, last.detail) == ("allocation_superseded", {"replaced_by": "demo-digest-2"})


def test_a_run_without_an_answer_leaves_nothing_pending_and_says_why(ledger: Ledger) -> None:
    assert record_recommendation(ledger, replace(run("digest-2"), status="INFEASIBLE"), None, ACT)
    assert get_allocation(ledger, "demo-digest-1").status is AllocationStatus.EXPIRED
    assert history(ledger, "allocation", "demo-digest-1")[-1].detail == {"reason": "run-digest-2 found no answer"}
    assert [one.status for one in list_runs(ledger, "demo")] == ["INFEASIBLE", "OPTIMAL"]


def test_what_an_earlier_run_found_is_recommended_again_once(ledger: Ledger) -> None:
    record_recommendation(ledger, run("digest-2"), allocation(run("digest-2"), A="0.4"), ACT)
    again = replace(allocation(run(), A="0.5"), allocation_id="demo-digest-1-2")
    assert recommend_again(ledger, again, ACT)
    assert not recommend_again(ledger, again, ACT)
    pending = list_allocations(ledger, "demo", AllocationStatus.PENDING_APPROVAL)
    assert [one.allocation_id for one in pending] == ["demo-digest-1-2"]
    assert len(allocations_of_run(ledger, "run-digest-1")) == 2


def test_withdrawing_keeps_what_it_is_told_to_keep(ledger: Ledger) -> None:
    withdraw_pending(ledger, "demo", "for a test", ACT, keep="demo-digest-1")
    assert get_allocation(ledger, "demo-digest-1").status is AllocationStatus.PENDING_APPROVAL
    withdraw_pending(ledger, "demo", "for a test", ACT)
    assert get_allocation(ledger, "demo-digest-1").status is AllocationStatus.EXPIRED


def test_the_database_itself_refuses_a_second_active_allocation(ledger: Ledger) -> None:
    record_recommendation(ledger, run("digest-2"), allocation(run("digest-2")), ACT)
    with pytest.raises(IntegrityError), ledger.writing() as connection:
        connection.execute(update(tables.allocations).values(status="ACTIVE"))


def test_the_database_refuses_a_state_that_does_not_exist(ledger: Ledger) -> None:
    with pytest.raises(IntegrityError), ledger.writing() as connection:
        connection.execute(update(tables.allocations).values(status="APPROVED_SOMEHOW"))


def test_nothing_of_a_recommendation_is_written_when_a_part_of_it_fails(ledger: Ledger) -> None:
    unknown = allocation(run("digest-2"), NOT_REGISTERED="0.5")
    with pytest.raises(IntegrityError):
        record_recommendation(ledger, run("digest-2"), unknown, ACT)
    assert find_run(ledger, "demo", "digest-2") is None
    assert get_allocation(ledger, "demo-digest-1").status is AllocationStatus.PENDING_APPROVAL


def test_an_unknown_allocation_or_run_is_named(ledger: Ledger) -> None:
    with pytest.raises(NotFoundError, match="no allocation 'x'"):
        get_allocation(ledger, "x")
    with pytest.raises(NotFoundError, match="no optimisation run 'y'"):
        get_run(ledger, "y")


def test_weights_are_exact(ledger: Ledger) -> None:
    record_recommendation(ledger, run("d"), allocation(run("d"), A="0.12345678"), ACT)
    assert get_allocation(ledger, "demo-d").weights == {"A": Decimal("0.12345678")}
