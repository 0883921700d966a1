"""A signal's way through the ledger, as its times tell it."""

from datetime import timedelta

import pytest

from fund_pipeline.errors import NotFoundError
from fund_pipeline.execution import submit_intents
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.ledger.signal_times import times_of, times_since
from fund_pipeline.signals.latency import Stretch, stretches_of
from fund_pipeline_tests.decisions.floor import START, Floor, leg, signal


def test_each_point_of_the_path_has_its_time_and_what_has_not_happened_has_none(either_floor: Floor) -> None:
    floor = either_floor
    floor.price(AAPL="100")
    entry = floor.send(signal("ENTRY", leg("BUY", 20, order_type="LIMIT", price=95)))
    received = floor.now
    floor.pass_time(seconds=1)
    floor.decide()
    decided = floor.now
    floor.pass_time(seconds=1)
    submit_intents(floor.ledger, floor.brokers, floor.clock)
    times = times_of(floor.ledger, entry)
    assert (times.state, times.received_at, times.read_at) == (SignalState.DECIDED, received, decided)
    assert (times.claimed_at, times.decided_at, times.submitted_at) == (decided, decided, floor.now)
    assert (times.acknowledged_at, times.filled_at, times.read_again) == (floor.now, None, False)

    floor.pass_time(seconds=3)
    floor.price(AAPL="94")
    floor.follow()
    floor.pass_time(seconds=1)
    waiting = floor.send(signal("ENTRY", leg("BUY", 20)))
    second, first = times_since(floor.ledger, START, 10)
    assert (first.filled_at, stretches_of(first)[Stretch.FILLED]) == (floor.now - timedelta(seconds=1.001), 3.0)
    assert (second.signal_id, second.read_at, stretches_of(second)) == (waiting, None, {})
    assert times_since(floor.ledger, START, 1) == (second,)
    with pytest.raises(NotFoundError):
        times_of(floor.ledger, "sig-none")
