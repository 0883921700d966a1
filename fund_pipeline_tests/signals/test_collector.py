"""The hook is given each document once: it keeps it, whatever it is and whatever is broken."""

from __future__ import annotations

import fcntl
import json
import logging
import re
import subprocess
import sys
from collections import UserDict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.signals.collector import SignalProcessor, get_signal_processor
from fund_pipeline.signals.inbox import AcceptedStatus, WayIn, explain, list_signals, process_pending
from fund_pipeline.signals.spool import FILE, Spool
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.signals.inboxes import NOW, READER, SECRET, away, everything_in, hooked, register, stored_ids


class Hostile:
    """A value of the collector's that has no text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


HUGE = st.integers(4290, 5000).map(lambda digits: -(10**digits))
ODD = HUGE | st.sampled_from([Decimal("sNaN"), Decimal("1e999999"), Hostile()])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes() | ODD
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner))
HEADS = st.fixed_dictionaries({}, optional=dict.fromkeys(hooked(), VALUES))


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def test_a_document_is_in_the_inbox_when_the_hook_returns(ledger: Ledger, spool: Spool) -> None:
    register(ledger)
    document = hooked(timestamp=datetime(2026, 3, 2, 15, 0)) | {"_id": object(), "passphrase": SECRET}  # noqa: DTZ001
    kept = SignalProcessor(ledger, spool).process_new_signal(document)
    assert kept is not None
    found = explain(ledger, kept.signal_id)
    assert (found.raw.way_in, found.raw.strategy, found.raw.sender_signal_id) == (WayIn.HOOK, "S1", "id-1")
    assert json.loads(found.raw.payload)["timestamp"] == NOW.isoformat()
    assert (SECRET in everything_in(ledger), spool.is_empty) == (False, True)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(HEADS | VALUES)
def test_whatever_the_collector_passes_is_kept_and_can_be_looked_at(ledger: Ledger, spool: Spool, given: Any) -> None:
    kept = SignalProcessor(ledger, spool).process_new_signal(given)
    assert kept is not None
    assert kept.status is AcceptedStatus.RECEIVED
    process_pending(ledger, READER, NOW)
    assert explain(ledger, kept.signal_id).signal.state == "QUARANTINED"


def test_while_the_ledger_is_away_documents_wait_on_disk_and_follow_later(ledger: Ledger, spool: Spool) -> None:
    with away() as nowhere:
        processor = SignalProcessor(nowhere, spool)
        kept = [processor.process_new_signal(hooked(f"id-{number}")) for number in range(3)]
    assert {one.status for one in kept if one is not None} == {AcceptedStatus.SPOOLED}
    last = SignalProcessor(ledger, spool).process_new_signal(hooked("id-3"))
    assert last is not None
    assert stored_ids(ledger) == [one.signal_id for one in (*kept, last) if one is not None]
    assert spool.is_empty


def test_while_older_ones_wait_on_its_spool_a_document_waits_behind_them(ledger: Ledger, spool: Spool) -> None:
    with away() as nowhere:
        first = SignalProcessor(nowhere, spool).process_new_signal(hooked("id-1"))
    processor = SignalProcessor(ledger, spool)
    with (spool.folder / "drain.lock").open("a") as handle:  # another process is at it
        fcntl.flock(handle, fcntl.LOCK_EX)
        second = processor.process_new_signal(hooked("id-2"))
    assert second is not None
    assert (second.status, stored_ids(ledger)) == (AcceptedStatus.SPOOLED, [])
    third = processor.process_new_signal(hooked("id-3"))
    assert stored_ids(ledger) == [one.signal_id for one in (first, second, third) if one is not None]
    assert spool.is_empty


def test_where_ledger_and_disk_refuse_the_log_has_the_signal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    with away() as nowhere, caplog.at_level(logging.ERROR, logger="fund_pipeline"):
        kept = SignalProcessor(nowhere, Spool(tmp_path / "file")).process_new_signal(hooked(passphrase=SECRET))
    assert kept is None
    (told,) = [record for record in caplog.records if "NOT stored" in record.getMessage()]
    assert (json.loads(told.payload)["signalID"], SECRET in caplog.text) == ("id-1", False)  # type: ignore[attr-defined]


def test_a_value_without_a_text_does_not_lose_the_rest(spool: Spool) -> None:
    kept = SignalProcessor(None, spool).process_new_signal(hooked(timestamp=Hostile()))
    assert kept is not None
    with spool.oldest() as waiting:
        (raw,) = waiting or ()
    assert (raw.sender_signal_id, json.loads(raw.payload)["timestamp"]) == ("id-1", "(a Hostile without a text)")


def test_what_cannot_even_be_looked_at_goes_back_to_the_collector(spool: Spool) -> None:
    class Broken(UserDict[str, Any]):
        def items(self) -> Any:
            raise RuntimeError("no items")

    with pytest.raises(RuntimeError, match="no items"):
        SignalProcessor(None, spool).process_new_signal(Broken())


def test_a_collector_stopped_in_the_middle_of_storing_finds_the_signal_on_the_spool(spool: Spool) -> None:
    ledger = open_ledger("sqlite://")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    event.listen(ledger.engine, "begin", interrupt)
    with pytest.raises(KeyboardInterrupt):
        SignalProcessor(ledger, spool).process_new_signal(hooked())
    assert not spool.is_empty


def test_a_ledger_that_is_not_set_up_leaves_the_signal_on_the_spool(spool: Spool, tmp_path: Path) -> None:
    kept = SignalProcessor(open_ledger(f"sqlite:///{tmp_path / 'empty'}"), spool).process_new_signal(hooked())
    assert (kept is not None and kept.status, spool.is_empty) == (AcceptedStatus.SPOOLED, False)


def test_wrong_settings_lose_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FUND_HOME", str(tmp_path))
    monkeypatch.setenv("FUND_PORT", "no port")
    get_signal_processor.cache_clear()
    try:
        kept = get_signal_processor().process_new_signal(hooked())
    finally:
        get_signal_processor.cache_clear()
    assert kept is not None
    assert kept.status is AcceptedStatus.SPOOLED
    assert kept.signal_id in (tmp_path / "spool" / FILE).read_text()


def test_the_documented_shim_is_what_the_collector_imports(ledger: Ledger, ledger_url: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    shim = re.search(r"```python\n# src/execution/signal_processor\.py\n(.*?)```", page, re.DOTALL)
    assert shim is not None
    assert len(shim[1].strip().splitlines()) <= 3
    place = tmp_path / "collector" / "src" / "execution"
    place.mkdir(parents=True)
    (place / "signal_processor.py").write_text(shim[1])
    calling = (
        "import json, sys\n"
        "from src.execution.signal_processor import get_signal_processor\n"
        "get_signal_processor().process_new_signal(json.loads(sys.argv[1]))\n"
    )
    url = "" if ledger.is_sqlite else ledger_url.replace("postgresql+psycopg2", "postgresql")
    home = {"FUND_HOME": str(tmp_path), "FUND_DATABASE_URL": url, "FUND_AUDIT_KEY": AUDIT_KEY}
    done = subprocess.run(
        [sys.executable, "-c", calling, json.dumps(hooked())],
        cwd=place.parent.parent,
        env={"PYTHONPATH": str(ROOT)} | home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stderr, [row.sender_signal_id for row in list_signals(ledger)]) == ("", ["id-1"])
