"""Our SQLite storage and stock Dagster's read and write the same files, whoever made them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from glob import glob
from pathlib import Path

from dagster import DagsterInstance, EventLogEntry
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

from fund_pipeline.instance.sqlite_storage import SqliteStorage
from fund_pipeline_tests.instance.test_storage import greeting

EVENTS = ["PIPELINE_START", "STEP_START", "STEP_OUTPUT", "STEP_SUCCESS", "PIPELINE_SUCCESS"]


def told(storage: DagsterStorage[DagsterInstance], run_id: str) -> list[str]:
    """The events of a run that matter here, as the storage has them."""
    kinds = [one.dagster_event_type for one in storage.event_log_storage.get_logs_for_run(run_id)]
    return [kind.value for kind in kinds if kind is not None and kind.value in EVENTS]


def event(run_id: str, number: int) -> EventLogEntry:
    """An event of a run."""
    return EventLogEntry(None, 10, f"event {number}", run_id, float(number), job_name="greeting")


def test_what_stock_dagster_wrote_is_read_and_gone_on_with(tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as stock:
        run_id = greeting.execute_in_process(instance=stock).run_id
    ours = SqliteStorage(str(tmp_path))
    assert told(ours, run_id) == EVENTS
    assert [run.run_id for run in ours.run_storage.get_runs()] == [run_id]
    ours.event_log_storage.store_event(event(run_id, 1))
    ours.event_log_storage.store_event(event("another", 2))
    stock_again = DagsterSqliteStorage.from_local(str(tmp_path)).event_log_storage
    assert [one.user_message for one in stock_again.get_logs_for_run("another")] == ["event 2"]
    assert len(stock_again.get_logs_for_run(run_id)) == len(ours.event_log_storage.get_logs_for_run(run_id))


def test_a_run_that_was_deleted_leaves_a_place_for_its_file(tmp_path: Path) -> None:
    events = SqliteStorage(str(tmp_path)).event_log_storage
    events.store_event(event("run", 1))
    for path in (tmp_path / "history" / "runs").glob("run.db*"):
        path.unlink()
    assert events.get_logs_for_run("run") == []
    events.store_event(event("run", 2))
    assert len(events.get_logs_for_run("run")) == 1


def test_the_files_of_runs_say_their_schema_and_listings_show_runs_only(tmp_path: Path) -> None:
    storage = SqliteStorage(str(tmp_path))
    for number in range(3):
        storage.event_log_storage.store_event(event(f"run-{number}", number))
    folder = tmp_path / "history" / "runs"
    assert sorted(Path(path).stem for path in glob(str(folder / "*.db"))) == ["index", "run-0", "run-1", "run-2"]
    for path in folder.glob("run-*.db"):
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    assert set(storage._events.get_all_run_ids()) == {"run-0", "run-1", "run-2"}


def test_many_that_begin_one_run_at_once_lose_no_event(tmp_path: Path) -> None:
    """By threads of several storages, as in several processes, from the very first file on."""
    storages = [SqliteStorage(str(tmp_path)) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        for number, storage in enumerate(storages):
            pool.submit(storage.event_log_storage.store_event, event("run", number)).add_done_callback(
                lambda done: done.result()
            )
    assert len(storages[0].event_log_storage.get_logs_for_run("run")) == 6
    hidden = [path.name for path in (tmp_path / "history" / "runs").iterdir() if path.name.startswith(".")]
    assert len(hidden) == 1, f"beside the empty file that is copied there are {hidden}"


def test_processes_that_make_the_first_file_at_once_all_find_it_whole(tmp_path: Path) -> None:
    SqliteStorage(str(tmp_path))
    code = (
        "import sys; from fund_pipeline_tests.instance.test_sqlite_storage import SqliteStorage, event\n"
        "events = SqliteStorage(sys.argv[1]).event_log_storage\n"
        "for number in range(5): events.store_event(event(f'run-{number}', int(sys.argv[2])))\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(number)]) for number in range(3)]
    assert [one.wait() for one in started] == [0, 0, 0]
    events = SqliteStorage(str(tmp_path)).event_log_storage
    assert [len(events.get_logs_for_run(f"run-{number}")) for number in range(5)] == [3] * 5
