"""A signal is decided by one at a time; whoever dies gives it back with the end of the lease."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.claims import claim, settle
from fund_pipeline.ledger.signal_model import SignalState, Verdict
from fund_pipeline.ledger.work_waiting import waiting_signals
from fund_pipeline.signals.inbox import accept, explain, process_pending
from fund_pipeline_tests.signals.inboxes import HERE, NOW, READER, arrival, body, entry, post, register

LEASE = timedelta(seconds=30)
LATER = NOW + LEASE
DECIDED = Verdict(SignalState.DECIDED)


@pytest.fixture
def five(ledger: Ledger) -> Ledger:
    """A ledger with five signals to be decided."""
    sender = register(ledger)
    for number in range(5):
        post(ledger, sender, entry(f"id-{number}"))
    assert process_pending(ledger, READER, NOW).standardised == 5
    return ledger


def test_what_one_holds_no_other_takes(five: Ledger) -> None:
    assert waiting_signals(five, NOW).count == 5
    first = claim(five, "one", NOW, LEASE, 3)
    second = claim(five, "two", NOW, LEASE, 9)
    assert [len(first), len(second)] == [3, 2]
    assert not {row.signal_id for row in first} & {row.signal_id for row in second}
    assert waiting_signals(five, NOW).count == 0
    assert claim(five, "three", NOW, LEASE, 9) == ()


def test_the_oldest_are_taken_first(ledger: Ledger) -> None:
    sender = register(ledger)
    for number in (3, 1, 2):
        received = arrival(received_at=NOW + timedelta(seconds=number))
        accept(ledger, sender, body(entry(f"id-{number}")), received, HERE)
    process_pending(ledger, READER, NOW)
    assert [row.sender_signal_id for row in claim(ledger, "one", NOW, LEASE, 2)] == ["id-1", "id-2"]


def test_a_lease_that_ran_out_is_taken_over_and_its_former_holder_can_settle_nothing(five: Ledger) -> None:
    lost = claim(five, "dead", NOW, LEASE, 5)
    assert claim(five, "next", LATER - timedelta(microseconds=1), LEASE, 5) == ()
    taken = claim(five, "next", LATER, LEASE, 5)
    assert len(taken) == 5
    with pytest.raises(ConflictError, match="dead no longer holds"), five.writing() as connection:
        settle(connection, "dead", [(row, DECIDED) for row in lost], LATER)
    with five.writing() as connection:
        settle(connection, "next", [(row, DECIDED) for row in taken], LATER)
    assert waiting_signals(five, LATER + LEASE).count == 0


def test_each_step_of_a_signal_is_recorded_in_order(five: Ledger) -> None:
    (row,) = claim(five, "run-1", NOW, LEASE, 1)
    with five.writing() as connection:
        settle(connection, "run-1", [(row, Verdict(SignalState.STANDARDISED))], NOW)
    (again,) = (one for one in claim(five, "run-2", NOW, LEASE, 5) if one.signal_id == row.signal_id)
    with five.writing() as connection:
        settle(connection, "run-2", [(again, Verdict(SignalState.QUARANTINED, "AMBIGUOUS", {"message": "m"}))], NOW)
    found = explain(five, row.signal_id)
    assert [(step.number, step.actor, step.after.value) for step in found.transitions] == [
        (1, "inbox", "STANDARDISED"),
        (2, "run-1", "CLAIMED"),
        (3, "run-1", "STANDARDISED"),
        (4, "run-2", "CLAIMED"),
        (5, "run-2", "QUARANTINED"),
    ]
    assert (found.signal.reason, found.signal.claimed_by) == ("AMBIGUOUS", None)


def test_what_changed_is_told_by_its_newest_change(five: Ledger) -> None:
    before = waiting_signals(five, NOW)
    (row, *_) = claim(five, "one", NOW, LEASE, 1)
    with five.writing() as connection:
        settle(connection, "one", [(row, Verdict(SignalState.STANDARDISED))], NOW)
    after = waiting_signals(five, NOW)
    assert before.count == after.count
    assert before.mark != after.mark


def test_many_at_once_share_the_signals_without_overlap(five: Ledger) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: claim(five, f"run-{n}", NOW, LEASE, 2), range(8)))
    ids = [row.signal_id for each in taken for row in each]
    assert len(ids) == len(set(ids))
    rest = claim(five, "last", NOW, LEASE, 9)
    assert len(ids) + len(rest) == 5
