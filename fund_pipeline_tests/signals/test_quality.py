from datetime import timedelta

import pytest

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.ledger.signal_quality import Passage, count_states, newest_and_oldest_unread
from fund_pipeline.signals.inbox import accept, process_pending
from fund_pipeline.signals.quality import assess, measure_senders, percentile
from fund_pipeline_tests.signals.inboxes import HERE, NOW, READER, arrival, body, entry, register


def passage(state: SignalState = SignalState.STANDARDISED, *, late: float = 1.0, read: float | None = 0.5) -> Passage:
    """A signal received NOW, sent `late` seconds before and read `read` seconds after."""
    read_at = None if read is None else NOW + timedelta(seconds=read)
    return Passage("tess", state, NOW - timedelta(seconds=late), NOW, read_at)


def test_what_was_refused_and_what_was_quarantined_count_alike() -> None:
    found = [passage()] * 6 + [passage(SignalState.QUARANTINED), passage(SignalState.REJECTED)]
    (one,) = assess(found, {"tess": 2}, {})
    assert (one.stored, one.not_taken, one.refused) == (8, 2, 2)
    assert one.rejected_share == pytest.approx(4 / 10)


def test_resends_are_a_share_of_everything_that_came() -> None:
    (one,) = assess([passage()] * 3, {}, {"tess": 1})
    assert one.resent_share == pytest.approx(1 / 4)
    assert one.rejected_share == 0


def test_a_clock_ahead_is_told_from_signals_that_are_late() -> None:
    (one,) = assess([passage(late=-7), passage(late=3), passage(late=5)], {}, {})
    assert one.ahead_seconds == 7
    assert one.delay_seconds == 3


def test_what_nobody_has_read_has_no_reading_time() -> None:
    (one,) = assess([passage(SignalState.RECEIVED, read=None)], {}, {})
    assert one.read_seconds is None


def test_a_sender_of_whom_everything_was_refused_is_there() -> None:
    (one,) = assess([], {"bad": 5}, {})
    assert (one.sender_id, one.rejected_share, one.delay_seconds) == ("bad", 1.0, None)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 2), (0.51, 3), (0.95, 4), (1.0, 4)])
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert percentile([4, 2, 3, 1], share) == expected


def test_of_no_values_there_is_no_percentile() -> None:
    assert percentile([], 0.5) is None


def test_the_ledger_is_measured_from_a_moment_on(ledger: Ledger) -> None:
    sender = register(ledger)
    before = arrival(received_at=NOW - timedelta(hours=30))
    accept(ledger, sender, body(entry("old")), before, HERE)
    accept(ledger, sender, body(entry("good")), arrival(), HERE)
    accept(ledger, sender, body(entry("good")), arrival(received_at=NOW + timedelta(seconds=2)), HERE)
    accept(ledger, sender, body(entry("bad", signal_legs=[{"instrument": "AAPL"}])), arrival(), HERE)
    process_pending(ledger, READER, NOW + timedelta(seconds=3))
    accept(ledger, sender, body(entry("unread")), arrival(), HERE)

    (one,) = measure_senders(ledger, NOW - timedelta(hours=24))

    assert (one.sender_id, one.stored, one.not_taken, one.resent) == ("tess", 3, 1, 1)
    assert one.read_seconds == 3
    assert count_states(ledger) == {
        SignalState.STANDARDISED: 2,
        SignalState.QUARANTINED: 1,
        SignalState.RECEIVED: 1,
    }
    assert newest_and_oldest_unread(ledger) == (NOW, NOW)
