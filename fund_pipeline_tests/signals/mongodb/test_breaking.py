"""Whatever dies, restarts or forgets on the way: nothing is lost, and nothing doubled."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.signals.inboxes import AWAY, SECRET, warm
from fund_pipeline_tests.signals.mongodb.documents import collected, names_in
from fund_pipeline_tests.signals.mongodb.followers import begin_at, following
from fund_pipeline_tests.signals.mongodb.server import Server
from fund_pipeline_tests.waiting import wait_until


def told(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged, with the fields of each event."""
    return repr([vars(record) for record in caplog.records])


def _until(ledger: Ledger, *names: str) -> None:
    wait_until(lambda: len(names_in(ledger)) >= len(names), what=f"{len(names)} signals")
    assert names_in(ledger) == list(names)


@pytest.fixture(scope="module")
def dying() -> Iterator[subprocess.Popen[str]]:
    """A process that forks followers which die."""
    with warm(DYING) as process:
        yield process


DYING = """
import json
from fund_pipeline_tests.signals.mongodb.followers import follow_and_die

def work(line):
    follow_and_die(**json.loads(line))
"""


def _die(process: subprocess.Popen[str], **arguments: object) -> int:
    """Have a child follow, and die at its `at_save`-th saving, or when it is killed; its process id."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{json.dumps(arguments)}\n")
    process.stdin.flush()
    return int(process.stdout.readline().split()[1])


def _dead(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == "dead\n"


def test_killed_between_storing_and_saving_it_loses_and_doubles_nothing(
    dying: subprocess.Popen[str], ledger: Ledger, ledger_url: str, server: Server, tmp_path: Path
) -> None:
    begin_at(tmp_path, utc_now())
    names = [f"id-{number:03}" for number in range(45)]
    for name in names[:15]:
        server.insert(collected(name))
    for more in (names[15:30], names[30:], []):
        _die(dying, ledger_url=ledger_url, url=server.url, home=str(tmp_path), at_save=2)  # the first is the beginning
        for name in more:
            server.insert(collected(name))
        assert _dead(dying)
    with following(ledger, server.url, tmp_path) as running:
        server.insert(collected("last"))
        wait_until(lambda: "last" in names_in(ledger))
    assert names_in(ledger) == [*names, "last"]
    assert running.result().known > 0


def test_killed_at_any_moment_it_loses_and_doubles_nothing(
    dying: subprocess.Popen[str], ledger: Ledger, ledger_url: str, replica_set: Server, tmp_path: Path
) -> None:
    begin_at(tmp_path, utc_now())
    names = [f"id-{number:03}" for number in range(45)]
    for first in (0, 15, 30):
        pid = _die(dying, ledger_url=ledger_url, url=replica_set.url, home=str(tmp_path), at_save=0)
        for name in names[first : first + 15]:
            replica_set.insert(collected(name))
        wait_until(lambda least=first: len(names_in(ledger)) > least, what="some to be stored")
        os.kill(pid, signal.SIGKILL)
        assert _dead(dying)
    with following(ledger, replica_set.url, tmp_path):
        wait_until(lambda: len(names_in(ledger)) >= len(names))
    assert names_in(ledger) == names


def test_a_server_that_restarts_is_followed_on(ledger: Ledger, server: Server, tmp_path: Path) -> None:
    with following(ledger, server.url, tmp_path):
        server.insert(collected("id-1"))
        _until(ledger, "id-1")
        server.stop()
        server.insert(collected("id-2"))
        server.start()
        _until(ledger, "id-1", "id-2")


def test_a_server_that_is_away_does_not_keep_it_from_stopping(
    ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = "mongodb://tess:plover-7391@127.0.0.1:1/desk"
    with caplog.at_level(logging.DEBUG), following(ledger, url, tmp_path) as running:
        wait_until(lambda: "MongoDB does not answer" in told(caplog))
    assert (running.result().stored, "plover" in told(caplog)) == (0, False)


@pytest.mark.parametrize("while_following", [True, False])
def test_what_a_change_stream_cannot_tell_any_more_is_read_from_the_collection(
    while_following: bool, ledger: Ledger, replica_set: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with following(ledger, replica_set.url, tmp_path):
        replica_set.insert(collected("id-1"))
        _until(ledger, "id-1")
        if while_following:
            with replica_set.at_once():
                replica_set.insert(collected("id-2"))
                replica_set.forget_history()
            _until(ledger, "id-1", "id-2")
    replica_set.insert(collected("id-3"))
    replica_set.forget_history()
    with caplog.at_level(logging.ERROR, logger="fund_pipeline"), following(ledger, replica_set.url, tmp_path):
        replica_set.insert(collected("id-4"))
        wait_until(lambda: "id-4" in names_in(ledger))
    assert names_in(ledger) == ["id-1", *(["id-2"] if while_following else []), "id-3", "id-4"]
    assert "the collection is read for what the change stream missed" in caplog.text


def test_a_collection_that_is_dropped_is_followed_again(ledger: Ledger, replica_set: Server, tmp_path: Path) -> None:
    with following(ledger, replica_set.url, tmp_path):
        replica_set.insert(collected("id-1"))
        _until(ledger, "id-1")
        replica_set.drop()
        replica_set.insert(collected("id-2"))
        _until(ledger, "id-1", "id-2")


def test_while_the_ledger_is_away_signals_are_spooled_and_follow_later(
    ledger: Ledger, server: Server, tmp_path: Path
) -> None:
    nowhere, spool = open_ledger(AWAY), Spool(tmp_path / "spool")
    with following(nowhere, server.url, tmp_path) as running:
        for name in ("id-1", "id-2"):
            server.insert(collected(name))
        wait_until(lambda: _on_disk(spool).count("\n") == 2)
    nowhere.close()
    assert (running.result().spooled, SECRET in _on_disk(spool)) == (2, False)
    with following(ledger, server.url, tmp_path):
        _until(ledger, "id-1", "id-2")
        wait_until(lambda: spool.is_empty)


def _on_disk(spool: Spool) -> str:
    return "".join(path.read_text() for path in spool.folder.glob("*.jsonl"))


def test_where_ledger_and_disk_refuse_it_waits_and_loses_nothing(
    ledger: Ledger, replica_set: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    nowhere = open_ledger(AWAY)
    with (
        caplog.at_level(logging.WARNING, logger="fund_pipeline"),
        following(nowhere, replica_set.url, tmp_path) as running,
    ):
        replica_set.insert(collected("id-1"))
        wait_until(lambda: "cannot be written" in told(caplog))
    nowhere.close()
    (tmp_path / "spool").unlink()
    assert (running.result().stored, running.result().spooled) == (0, 0)
    with following(ledger, replica_set.url, tmp_path):
        _until(ledger, "id-1")
