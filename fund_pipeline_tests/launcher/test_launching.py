"""Runs are forked, told apart, ended and declared dead; where the warm process fails, the stock launcher takes over."""

from __future__ import annotations

import json
import os
import signal
import time

import psutil
import pytest
from dagster import AssetKey, DagsterRunStatus

from fund_pipeline.launcher.asking import RUN, STATUS, UNWELL, WORKER, NoAnswerError, called
from fund_pipeline.launcher.warm import MOST_AT_ONCE
from fund_pipeline.launcher.worker import WORKER_TAG, Worker
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.launcher.conftest import House
from fund_pipeline_tests.waiting import wait_until

SUCCESS, FAILURE, CANCELED = DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED


@pytest.fixture
def warm(house: House) -> House:
    """The house with a warm process that is well."""
    if house.processes["warm"].poll() is not None:
        house.start_warm()
    return house


@pytest.fixture
def cold(house: House) -> House:
    """The house whose warm process was killed a moment ago; it had announced itself."""
    house.kill("warm")
    return house


def said(house: House) -> str:
    """What the changing part of the code said in the newest run."""
    event = house.instance.get_latest_materialization_event(AssetKey("quick"))
    assert event is not None
    assert event.asset_materialization is not None
    return str(event.asset_materialization.metadata["says"].value)


def status(house: House) -> dict[str, object]:
    """What the warm process says of itself."""
    with called(house.link) as line:
        line.say(STATUS)
        word, rest = line.hear()
    told: dict[str, object] = json.loads(f"{word} {rest}")
    return told


def test_a_run_is_forked_and_is_like_any_other(warm: House) -> None:
    run_id = warm.launch("quick_job")
    assert warm.ended(run_id) is SUCCESS
    assert warm.launched_by(run_id) == "warm"
    worker = Worker.parse(warm.run(run_id).tags[WORKER_TAG])
    assert f"Forked from the warm process (pid: {worker.pid})." in warm.words(run_id)
    event = warm.instance.get_latest_materialization_event(AssetKey("quick"))
    assert event is not None
    assert event.run_id == run_id
    wait_until(lambda: not worker.lives(), what="the end of its process")


def test_the_command_tells_how_the_warm_process_is_and_how_runs_were_launched(warm: House) -> None:
    warm.ended(warm.launch("quick_job"))
    said = Home(warm.home).fund("launcher", "--json")
    told = json.loads(said.stdout)
    assert told["problem"] is None
    assert told["warm"]["pid"] == warm.processes["warm"].pid
    assert told["forked"] >= 1
    assert f"The warm process {told['warm']['pid']} is up" in Home(warm.home).fund("launcher").stdout


def test_a_run_that_fails_is_failed(warm: House) -> None:
    run_id = warm.launch("failing_job")
    assert warm.ended(run_id) is FAILURE
    assert warm.launched_by(run_id) == "warm"


def test_more_runs_than_may_live_at_once_wait_their_turn(warm: House) -> None:
    run_ids = [warm.launch("quick_job") for _ in range(3 * MOST_AT_ONCE)]
    assert {warm.ended(one) for one in run_ids} == {SUCCESS}
    assert {warm.launched_by(one) for one in run_ids} == {"warm"}


def test_a_fork_that_does_not_hear_the_word_has_done_nothing(warm: House) -> None:
    run_id = warm.launch("quick_job")
    warm.ended(run_id)
    asked = "nobody-tags-this-one"
    with called(warm.link) as line:
        line.say(RUN, asked)
        word, rest = line.hear()
    assert word == WORKER
    worker = Worker.parse(rest)
    wait_until(lambda: not worker.lives(), what="the end of the fork")
    assert status(warm)["workers"] == 0


@pytest.mark.parametrize("is_stopped", [False, True], ids=["running", "stopped"])
def test_a_cancelled_worker_is_dead_before_its_run_is_called_cancelled(warm: House, is_stopped: bool) -> None:
    run_id, worker = warm.long_at_work()
    if is_stopped:
        os.kill(worker.pid, signal.SIGSTOP)
    assert warm.instance.run_launcher.terminate(run_id)
    assert not worker.lives()
    assert warm.run(run_id).status is CANCELED
    assert not warm.instance.run_launcher.terminate(run_id)


def test_a_run_whose_process_is_killed_is_failed_by_monitoring_and_one_that_lives_is_not(warm: House) -> None:
    run_id, worker = warm.long_at_work()
    warm.monitor()
    assert warm.run(run_id).status is DagsterRunStatus.STARTED
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: not worker.lives(), what="the end of the worker")
    warm.monitor()
    assert warm.run(run_id).status is FAILURE


def test_a_run_of_a_warm_process_that_is_gone_lives_on_and_is_failed_once_it_does_not(warm: House) -> None:
    run_id, worker = warm.long_at_work()
    warm.kill("warm")
    warm.monitor()
    assert worker.lives()
    assert warm.run(run_id).status is DagsterRunStatus.STARTED
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: not worker.lives(), what="the end of the worker")
    warm.monitor()
    assert warm.run(run_id).status is FAILURE


def test_without_the_warm_process_the_stock_launcher_takes_the_run_and_says_so(cold: House) -> None:
    run_id = cold.launch("quick_job")
    assert cold.ended(run_id) is SUCCESS
    assert cold.launched_by(run_id) == "stock"
    assert any("the stock launcher starts it" in words for words in cold.words(run_id))
    told = json.loads(Home(cold.home).fund("launcher", "--json").stdout)
    assert (told["warm"], told["fell_back"] >= 1) == (None, True)
    assert "The warm process does not work" in Home(cold.home).fund("launcher").stdout


def test_runs_of_the_stock_launcher_are_known_too(cold: House) -> None:
    run_id, worker = cold.long_at_work()
    cold.monitor()
    assert cold.run(run_id).status is DagsterRunStatus.STARTED
    os.kill(worker.pid, signal.SIGSTOP)
    assert cold.instance.run_launcher.terminate(run_id)
    assert not worker.lives()
    assert cold.run(run_id).status is CANCELED


def test_a_warm_process_that_does_not_answer_is_passed_over(warm: House) -> None:
    process = psutil.Process(warm.processes["warm"].pid)
    process.suspend()
    try:
        run_id = warm.launch("quick_job")
    finally:
        process.resume()
    assert warm.ended(run_id) is SUCCESS
    assert warm.launched_by(run_id) == "stock"
    assert any("no answer came" in words for words in warm.words(run_id))


def test_changed_code_is_imported_anew_and_broken_code_leaves_the_process_unwell(warm: House) -> None:
    pid = status(warm)["pid"]
    warm.change("SAYS = 'second'\n")
    wait_until(lambda: _is_new(warm, "second"), seconds=60, what="the changed code")
    assert status(warm)["pid"] == pid
    warm.change("SAYS = \n")
    wait_until(lambda: _problem(warm), seconds=60, what="the broken code")
    process = psutil.Process(warm.processes["warm"].pid)
    process.suspend()
    with called(warm.link):
        pass  # who asks does not wait for ever
    process.resume()
    wait_until(lambda: _problem(warm), seconds=60, what="an answer after one that nobody heard")
    assert warm.processes["warm"].poll() is None
    warm.change("SAYS = 'third'\n")
    wait_until(lambda: _is_new(warm, "third"), seconds=60, what="the mended code")


def _is_new(house: House, words: str) -> bool:
    if _problem(house):
        return False
    run_id = house.launch("quick_job")
    house.ended(run_id)
    return house.launched_by(run_id) == "warm" and said(house) == words


def _problem(house: House) -> bool:
    try:
        with called(house.link) as line:
            line.say(STATUS)
            word, rest = line.hear()
    except NoAnswerError:
        return False  # it is just being imported
    return word == UNWELL and "cannot be imported" in rest


def test_a_process_of_the_same_number_that_began_later_is_another() -> None:
    me = Worker.of(os.getpid())
    assert me.lives()
    assert Worker.parse(str(me)) == me
    assert not Worker(me.pid, "1", me.machine).lives()
    assert not Worker(me.pid, me.started, "another machine").is_near
    assert not Worker.gone(me.pid).lives()
    with pytest.raises(ProcessLookupError):
        Worker.of(2**22 + time.monotonic_ns() % 7)
