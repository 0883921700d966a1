"""The signal path in Dagster: what starts a run, and what one run does and shows."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from dagster import AssetKey, DagsterInstance, RunRequest, SkipReason, build_sensor_context

from fund_pipeline.clock import utc_now
from fund_pipeline.decisions import decide_waiting, work
from fund_pipeline.decisions.batch import LEASE
from fund_pipeline.decisions.desk import TradingDesk
from fund_pipeline.defs.trading import order_assets, order_sensors
from fund_pipeline.defs.trading.definitions import trading_definitions
from fund_pipeline.defs.trading.order_assets import SIGNALS_TAG
from fund_pipeline.defs.trading.order_sensors import follow_orders, incoming_signals
from fund_pipeline.execution import submit_intents
from fund_pipeline.execution.following import Followed
from fund_pipeline.ledger.claims import claim
from fund_pipeline.signals.inbox import process_pending
from fund_pipeline_tests.decisions.floor import Floor, leg, signal
from fund_pipeline_tests.ledger_fixtures import embedded_url
from fund_pipeline_tests.signals.inboxes import READER

(INCOMING,) = incoming_signals(waits=False)
PATH = ("signals", "decisions", "orders", "executions", "positions")


@pytest.fixture
def floor(founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    """A trading floor in the home that the environment names, whose clock is the real one."""
    monkeypatch.setenv("FUND_HOME", str(tmp_path))
    monkeypatch.setenv("FUND_PAPER_PRICES", "")
    made = Floor(embedded_url(founded, tmp_path / "ledger.sqlite"), tmp_path)
    made.now = utc_now()
    yield made
    made.close()


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as made:
        yield made


def asked(instance: DagsterInstance, sensor) -> list[RunRequest | SkipReason]:
    with build_sensor_context(instance=instance) as context:
        return list(sensor(context))


def test_a_run_takes_a_signal_from_the_inbox_to_a_position_and_shows_why(
    floor: Floor, instance: DagsterInstance
) -> None:
    floor.price(AAPL="150")
    entry = floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    job = trading_definitions(("demo",)).resolve_job_def("size_and_execute")

    result = job.execute_in_process(instance=instance)

    assert [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()] == list(PATH)
    shown = {name: result.asset_materializations_for_node(name)[0].metadata for name in PATH}
    assert shown["decisions"]["signals"].value == 1
    assert "APPROVED" in str(shown["decisions"]["decisions"].value)
    assert "BUY 40 STOCK:AAPL on demo-paper" in str(shown["orders"]["sent"].value)
    assert "| 40 |" in str(shown["positions"]["positions"].value)
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[SIGNALS_TAG] == entry
    assert floor.positions() == floor.at_broker()
    again = job.execute_in_process(instance=instance)
    assert again.asset_materializations_for_node("decisions")[0].metadata["signals"].value == 0
    assert len(floor.orders()) == 1


def test_a_look_at_orders_leaves_no_connection_to_a_broker_behind(floor: Floor, instance: DagsterInstance) -> None:
    floor.price(AAPL="150")
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    floor.work()
    paper = str(floor.home / "paper" / "demo-paper.sqlite")

    def connections() -> int:
        return sum(one.path == paper for one in psutil.Process().open_files())

    gc.disable()  # which closes what nobody gave back
    try:
        asked(instance, follow_orders)
        before = connections()
        for _ in range(3):
            asked(instance, follow_orders)
    finally:
        gc.enable()
    assert (before > 0, connections()) == (True, before)


def test_a_signal_that_waits_starts_one_run_and_none_starts_none(floor: Floor, instance: DagsterInstance) -> None:
    assert isinstance(asked(instance, INCOMING)[0], SkipReason)
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    (first,) = asked(instance, INCOMING)
    assert isinstance(first, RunRequest)
    instance.create_run_for_job(
        trading_definitions(("demo",)).resolve_job_def("size_and_execute"), tags={"dagster/run_key": str(first.run_key)}
    )
    (second,) = asked(instance, INCOMING)
    assert isinstance(second, SkipReason)
    assert "under way" in str(second.skip_message)


def test_a_batch_only_glances_while_the_sensor_asks_after_orders_too(
    floor: Floor, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bool] = []

    def noted(desk: TradingDesk, now: Callable[[], datetime], *, glance: bool) -> Followed:
        looked.append(glance)
        return work.follow_orders(desk, now, glance=glance)

    monkeypatch.setattr(order_assets, "follow_orders", noted)
    job = trading_definitions(("demo",)).resolve_job_def("size_and_execute")
    floor.price(AAPL="150")
    job.execute_in_process(instance=instance)
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    job.execute_in_process(instance=instance)
    assert looked == [False, True]


def test_orders_are_followed_as_a_whole_now_and_then_even_while_batches_follow_each_other(
    floor: Floor, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor.price(AAPL="150")
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    process_pending(floor.ledger, READER, floor.now)
    decide_waiting(floor.ledger, floor.sources, "batch", utc_now)
    submit_intents(floor.ledger, floor.brokers, utc_now)
    instance.create_run_for_job(trading_definitions(("demo",)).resolve_job_def("size_and_execute"))
    monkeypatch.setattr(order_sensors, "_looked", order_sensors._Looked(time.monotonic()))
    (skipped,) = asked(instance, follow_orders)
    assert "a batch is under way" in str(skipped)
    monkeypatch.setattr(order_sensors, "WHOLE_SECONDS", 0.0)
    (found,) = asked(instance, follow_orders)
    assert isinstance(found, RunRequest)
    assert floor.positions() == floor.at_broker() != {}


def test_what_a_run_held_that_was_killed_is_taken_up_at_once_and_what_a_live_one_holds_is_left(
    floor: Floor, instance: DagsterInstance
) -> None:
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    process_pending(floor.ledger, READER, floor.now)
    run = instance.create_run_for_job(trading_definitions(("demo",)).resolve_job_def("note_registry"))
    claim(floor.ledger, run.run_id, utc_now(), LEASE, 10)
    assert isinstance(asked(instance, INCOMING)[0], SkipReason)
    instance.report_run_failed(run)
    (again,) = asked(instance, INCOMING)
    assert isinstance(again, RunRequest)


def test_what_is_filled_later_is_booked_and_noted(floor: Floor, instance: DagsterInstance) -> None:
    assert isinstance(asked(instance, follow_orders)[0], SkipReason)
    floor.price(AAPL="150")
    floor.send(signal("ENTRY", leg("BUY", 10, order_type="LIMIT", price=149), at=floor.now))
    floor.work()
    assert isinstance(asked(instance, follow_orders)[0], SkipReason)
    floor.price(AAPL="148")
    (noted,) = asked(instance, follow_orders)
    assert isinstance(noted, RunRequest)
    assert floor.positions() != {}


def test_the_path_is_one_lineage_from_the_inbox_to_the_position_with_what_a_person_approved() -> None:
    graph = trading_definitions(("demo",)).resolve_asset_graph()
    upstream = {key.to_user_string() for key in graph.get_ancestor_asset_keys(AssetKey("positions"))}
    assert {"signal_inbox", "strategy_registry", "active_allocation/demo", *PATH[:-1]} <= upstream
