import fcntl
import json
from pathlib import Path

import pytest

from fund_pipeline.api.signals.answers import SignalAnswer
from fund_pipeline.decisions.desk import TradingDesk
from fund_pipeline.decisions.preview import preview
from fund_pipeline.decisions.work import Read, read_waiting, work
from fund_pipeline.ledger.decisions import list_decisions
from fund_pipeline.ledger.orders import list_orders
from fund_pipeline.ledger.signal_model import SignalState
from fund_pipeline.signals.inbox import Counts, WayIn, adopt_document, explain
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.decisions.floor import Floor, leg, signal
from fund_pipeline_tests.signals.inboxes import READER, arrival, hooked


@pytest.fixture
def desk(floor: Floor, tmp_path: Path) -> TradingDesk:
    floor.price(AAPL="100")
    return TradingDesk(floor.ledger, floor.sources, floor.brokers, READER, Spool(tmp_path / "spool"))


def test_one_pass_reads_decides_sends_and_books_and_the_next_finds_nothing(floor: Floor, desk: TradingDesk) -> None:
    sent = floor.send(signal("ENTRY", leg("BUY", 20)))
    worked = work(desk, "batch-1", floor.clock)
    assert worked.read.counts.standardised == 1
    assert [one.signal.signal_id for one in worked.settled] == [sent]
    assert [one.signal_id for one in worked.sent] == [sent]
    assert len(worked.followed.booked) == 1
    assert work(desk, "batch-2", floor.clock).is_idle


def test_nothing_is_read_while_another_process_is_at_the_spool(floor: Floor, desk: TradingDesk) -> None:
    floor.send(signal("ENTRY", leg("BUY", 20)))
    desk.spool.append(adopt_document(hooked(), arrival(WayIn.HOOK)))
    with (desk.spool.folder / "drain.lock").open("a") as other_process:
        fcntl.flock(other_process, fcntl.LOCK_EX)
        assert read_waiting(desk, floor.clock) == Read(0, Counts())
    read = read_waiting(desk, floor.clock)
    assert (read.drained, read.counts.total) == (1, 2)


def test_a_preview_decides_as_the_batch_would_and_keeps_nothing_of_it(floor: Floor, desk: TradingDesk) -> None:
    first = floor.send(signal("ENTRY", leg("BUY", 20)))
    floor.send(signal("EXIT", leg("SELL", 20), entry_signal_id=first))
    read_waiting(desk, floor.clock)
    seen = preview(desk, floor.clock)
    assert list_decisions(floor.ledger) == ()
    assert list_orders(floor.ledger) == ()
    assert {explain(floor.ledger, one.signal.signal_id).signal.state for one in seen} == {SignalState.STANDARDISED}
    done = work(desk, "batch-1", floor.clock).settled
    assert [[two.reason.value for two in one.decisions] for one in seen] == [
        [two.decision.reason for two in one.decisions] for one in done
    ]
    assert preview(desk, floor.clock) == ()


def test_a_sender_is_told_of_decisions_and_orders_and_nothing_of_the_fund_s_money(
    floor: Floor, desk: TradingDesk
) -> None:
    sent = floor.send(signal("ENTRY", leg("BUY", 20)))
    work(desk, "batch-1", floor.clock)
    decisions = list_decisions(floor.ledger, signal_id=sent)
    orders = list_orders(floor.ledger, signal_id=sent)
    told = SignalAnswer.of_explanation(explain(floor.ledger, sent), decisions, orders, with_actors=False)
    values = json.loads(told.model_dump_json())
    (decision,) = values["decisions"]
    (order,) = decision["orders"]
    assert (decision["outcome"], decision["reason"]) == ("APPROVED", "SIZED")
    assert (order["state"], order["ordered_quantity"], order["filled_quantity"]) == ("FILLED", "80", "80")
    assert order["average_price"].startswith("100.")
    text = json.dumps(values["decisions"])
    assert not any(word in text for word in ("1000000", "400000", "equity", "capital", "demo", "margin"))
