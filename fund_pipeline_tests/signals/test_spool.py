"""On disk before it is answered, in the ledger afterwards: in order, and once."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.signal_model import RawSignal
from fund_pipeline.signals.inbox import (
    AcceptedStatus,
    InboxReason,
    WayIn,
    accept_or_spool,
    adopt_document,
    drain,
    explain,
    process_pending,
)
from fund_pipeline.signals.parse import NO_CHARACTER
from fund_pipeline.signals.spool import DAMAGED, DRAINING, FILE, Spool, decode, encode
from fund_pipeline_tests.signals.inboxes import (
    HERE,
    NOW,
    READER,
    SECRET,
    arrival,
    away,
    body,
    entry,
    exit_of,
    hooked,
    post,
    register,
    stored_ids,
    warm,
)
from fund_pipeline_tests.waiting import wait_until

RAW = adopt_document(hooked(), arrival(WayIn.HOOK))
TEXTS = st.text(max_size=20).map(lambda text: NO_CHARACTER.sub("?", text))


def _raw(number: int) -> RawSignal:
    received = arrival(WayIn.HOOK, received_at=NOW + timedelta(milliseconds=number))
    return adopt_document(hooked(f"id-{number:04}"), received)


@given(TEXTS, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2), st.datetimes(timezones=st.just(NOW.tzinfo)))
def test_a_line_gives_back_the_signal_and_no_part_of_it_does(
    strategy: str, payload: str, headers: dict[str, str], received: object
) -> None:
    raw = replace(RAW, strategy=strategy, payload=payload, headers=headers, received_at=received)
    line = encode(raw)
    assert (decode(line), line.count(b"\n")) == (raw, 1)
    assert all(decode(line[:cut]) is None for cut in range(len(line) - 1))


def test_while_the_ledger_is_away_a_signal_is_spooled_and_resends_are_answered_alike(
    ledger: Ledger, tmp_path: Path
) -> None:
    sender, spool = register(ledger), Spool(tmp_path / "spool")
    with away() as nowhere:
        answers = [accept_or_spool(nowhere, spool, sender, body(entry()), arrival(), HERE) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0].status is AcceptedStatus.SPOOLED
    written = (spool.folder / FILE).read_text()
    assert (answers[0].signal_id in written, SECRET in written) == (True, False)
    assert stat.S_IMODE((spool.folder / FILE).stat().st_mode) == 0o600
    assert drain(ledger, spool) == 2
    assert stored_ids(ledger) == [answers[0].signal_id]
    assert post(ledger, sender, entry()).signal_id == answers[0].signal_id


def test_the_spool_is_drained_in_order_and_empty_afterwards(ledger: Ledger, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    assert (spool.is_empty, drain(ledger, spool)) == (True, 0)
    raws = [_raw(number) for number in range(20)]
    for raw in raws:
        spool.append(raw)
    assert not spool.is_empty
    assert (drain(ledger, spool), drain(ledger, spool)) == (20, 0)
    assert (stored_ids(ledger), spool.is_empty) == ([raw.signal_id for raw in raws], True)


def test_draining_while_the_ledger_is_away_keeps_everything(ledger: Ledger, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append(_raw(1))
    with away() as nowhere, pytest.raises(TemporaryError):
        drain(nowhere, spool)
    spool.append(_raw(2))
    assert not spool.is_empty
    assert drain(ledger, spool) == 2
    assert stored_ids(ledger) == [_raw(1).signal_id, _raw(2).signal_id]


def test_torn_lines_are_put_aside_and_take_nothing_with_them(ledger: Ledger, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    parts = [encode(_raw(2))[:part] for part in (1, 20, -2)]
    for number, part in enumerate(parts):
        spool.append(_raw(10 + number))
        with (spool.folder / FILE).open("ab") as torn:
            torn.write(part)
    spool.append(_raw(13))
    assert drain(ledger, spool) == 4
    assert stored_ids(ledger) == [_raw(number).signal_id for number in range(10, 14)]
    assert (spool.folder / DAMAGED).read_bytes() == b"".join(part + b"\n" for part in parts)


def test_a_spool_that_ends_torn_is_drained_up_to_there(ledger: Ledger, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append(_raw(1))
    with (spool.folder / FILE).open("ab") as torn:
        torn.write(encode(_raw(2))[:-5])
    assert (drain(ledger, spool), stored_ids(ledger), spool.is_empty) == (1, [_raw(1).signal_id], True)


def test_threads_append_whole_lines_while_others_drain(ledger: Ledger, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    raws = [_raw(number) for number in range(40)]
    with ThreadPoolExecutor(6) as threads:
        appended = [threads.submit(spool.append, raw) for raw in raws]
        drained = [threads.submit(drain, ledger, spool) for _ in range(4)]
        assert [future.result() for future in appended] == [None] * 40
        total = sum(future.result() for future in drained)
    assert total + drain(ledger, spool) == 40
    assert sorted(stored_ids(ledger)) == sorted(raw.signal_id for raw in raws)


DRAINING_PROCESS = """
from pathlib import Path
from fund_pipeline.ledger import open_ledger
from fund_pipeline.signals.inbox import drain
from fund_pipeline.signals.spool import Spool

def work(_, url, folder):
    drain(open_ledger(url), Spool(Path(folder)))
"""


def test_a_drain_that_is_killed_loses_and_doubles_nothing(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    raws = [_raw(number) for number in range(450)]
    for raw in raws:
        spool.append(raw)
    with warm(DRAINING_PROCESS, ledger_url, str(spool.folder)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for at_least in (1, 20, 60):
            process.stdin.write("drain\n")
            process.stdin.flush()
            pid = int(process.stdout.readline().split()[1])
            wait_until(lambda wanted=at_least: len(stored_ids(ledger)) >= wanted, what="some to be drained")
            os.kill(pid, signal.SIGKILL)
            assert process.stdout.readline() == "dead\n"
    assert (spool.folder / DRAINING).exists()
    spool.append(_raw(500))
    drain(ledger, spool)
    assert stored_ids(ledger) == [raw.signal_id for raw in [*raws, _raw(500)]]


def test_a_reused_id_that_was_spooled_is_kept_and_waits_for_a_person(ledger: Ledger, tmp_path: Path) -> None:
    sender, spool = register(ledger), Spool(tmp_path / "spool")
    first = post(ledger, sender, entry())
    with away() as nowhere:
        spooled = accept_or_spool(nowhere, spool, sender, body(entry(account_equity=2)), arrival(), HERE)
    drain(ledger, spool)
    process_pending(ledger, READER, NOW)
    assert explain(ledger, spooled.signal_id).signal.reason == InboxReason.ID_REUSED
    assert explain(ledger, first.signal_id).signal.reason is None


def test_while_a_signal_waits_the_next_one_waits_behind_it(ledger: Ledger, tmp_path: Path) -> None:
    sender, spool = register(ledger), Spool(tmp_path / "spool")
    with away() as nowhere:
        first = accept_or_spool(nowhere, spool, sender, body(entry()), arrival(), HERE)
    later = arrival(received_at=NOW + timedelta(seconds=1))
    leaving = body(exit_of(first.signal_id))
    with (spool.folder / "drain.lock").open("a") as other_process:
        fcntl.flock(other_process, fcntl.LOCK_EX)
        assert drain(ledger, spool) == 0
        second = accept_or_spool(ledger, spool, sender, leaving, later, HERE)
        assert (second.status, stored_ids(ledger)) == (AcceptedStatus.SPOOLED, [])
    assert drain(ledger, spool) == 2
    assert stored_ids(ledger) == [first.signal_id, second.signal_id]
    again = accept_or_spool(ledger, spool, sender, leaving, later, HERE)
    assert (again.signal_id, again.status, again.duplicate) == (second.signal_id, AcceptedStatus.RECEIVED, True)


def test_what_a_full_disk_refuses_while_others_wait_goes_to_the_ledger(ledger: Ledger, tmp_path: Path) -> None:
    sender, spool = register(ledger), Spool(tmp_path / "spool")
    spool.append(_raw(1))
    (spool.folder / FILE).rename(spool.folder / DRAINING)
    (spool.folder / FILE).mkdir()  # not even the superuser can append to it
    accepted = accept_or_spool(ledger, spool, sender, body(entry("id-2")), arrival(), HERE)
    assert (accepted.status, stored_ids(ledger)) == (AcceptedStatus.RECEIVED, [accepted.signal_id])


def test_the_ledger_is_enough_where_there_can_be_no_spool(ledger: Ledger, tmp_path: Path) -> None:
    sender = register(ledger)
    (tmp_path / "spool").write_text("a file where the folder should be")
    accepted = accept_or_spool(ledger, Spool(tmp_path / "spool"), sender, body(entry()), arrival(), HERE)
    assert accepted.status is AcceptedStatus.RECEIVED


def _synced_by(spool: Spool, raw: RawSignal, monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    synced: set[Path] = set()
    real = os.fsync

    def told(descriptor: int) -> None:
        synced.add(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", told)
        spool.append(raw)
    return synced


def test_a_new_folder_and_a_new_file_are_on_disk_with_the_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    folder = home / "spool"
    first = _synced_by(Spool(folder), _raw(1), monkeypatch)
    assert first == {tmp_path, home, folder, folder / FILE}
    # The one before may have been killed when the file was made and its folder was not yet on disk.
    assert _synced_by(Spool(folder), _raw(2), monkeypatch) == {home, folder, folder / FILE}


def test_a_disk_that_refuses_is_a_temporary_error(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    with pytest.raises(TemporaryError, match="cannot be written"):
        Spool(tmp_path / "spool").append(_raw(1))
