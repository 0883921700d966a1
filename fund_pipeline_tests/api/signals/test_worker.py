"""In the background what was received is read, whatever happens meanwhile."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from fund_pipeline.api.signals.worker import Worker
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import TemporaryError
from fund_pipeline.instruments import InstrumentMaster, load_master
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.away import away_ledger
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.signals import Environment, SenderOptions
from fund_pipeline.signals.inbox import Arrival, WayIn, accept_or_spool, list_signals
from fund_pipeline.signals.senders import NewSender, Sender, Vault, add_sender
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.api.signals.frontage import entry, secret
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.ledger_fixtures import embedded_url
from fund_pipeline_tests.samples import strategy
from fund_pipeline_tests.waiting import wait_until

INSTRUMENTS = ROOT / "data" / "instruments.yaml"
STAGING = Environment.STAGING
SOON = 0.05
HIDDEN = "hunter2"


@pytest.fixture
def ledger(sqlite_template: Path, tmp_path: Path) -> Iterator[Ledger]:
    """An embedded ledger with a strategy."""
    opened = open_ledger(embedded_url(sqlite_template, tmp_path / "ledger.sqlite"))
    put_strategy(opened, strategy("S-tess"), Act("test", utc_now()))
    yield opened
    opened.close()


@pytest.fixture
def sender(ledger: Ledger) -> Sender:
    """A sender for it."""
    new = NewSender("tess", STAGING, SenderOptions(strategies=frozenset({"S-tess"})))
    return add_sender(ledger, new, secret("tess"), Vault([SECRETS_KEY]), Act("test", utc_now()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An instrument file of the test's own."""
    return Path(shutil.copy(INSTRUMENTS, tmp_path / "instruments.yaml"))


def _send(ledger: Ledger, spool: Spool, sender: Sender, name: str) -> None:
    body = json.dumps(entry(name)).encode()
    accept_or_spool(ledger, spool, sender, body, Arrival(WayIn.WEBHOOK, utc_now()), STAGING)


def _states(ledger: Ledger) -> list[str]:
    return [row.state.value for row in list_signals(ledger)]


def test_what_waits_on_the_spool_and_in_the_inbox_is_read(
    ledger: Ledger, sender: Sender, file: Path, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "spool")
    _send(ledger, spool, sender, "stored")
    _send(away_ledger(), spool, sender, "spooled")
    worker = Worker(ledger, spool, partial(load_master, file), STAGING, SOON)
    worker.start()
    wait_until(lambda: _states(ledger) == ["STANDARDISED"] * 2)
    worker.stop()
    assert spool.is_empty


def test_with_a_wrong_instrument_file_signals_wait_until_it_is_mended(
    ledger: Ledger, sender: Sender, file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = file.read_text()
    file.write_text("instruments: [7]\n")
    spool = Spool(tmp_path / "spool")
    worker = Worker(ledger, spool, partial(load_master, file), STAGING, SOON)
    worker.start()
    _send(ledger, spool, sender, "waiting")
    worker.wake()
    wait_until(lambda: "signals are stored, but not read" in caplog.text)
    assert _states(ledger) == ["RECEIVED"]
    file.write_text(whole)
    wait_until(lambda: _states(ledger) == ["STANDARDISED"])
    worker.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_ends_it_loudly_and_the_signals_stay(
    ledger: Ledger, sender: Sender, file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty() -> InstrumentMaster:
        raise RuntimeError("a fault")

    spool = Spool(tmp_path / "spool")
    worker = Worker(ledger, spool, faulty, STAGING, SOON)
    _send(ledger, spool, sender, "behind a fault")
    worker.start()
    wait_until(lambda: not worker.is_at_work)
    assert caplog.text.count("the signals worker has failed") == 1
    assert _states(ledger) == ["RECEIVED"]


def test_what_the_system_refuses_for_a_while_does_not_end_it(
    ledger: Ledger, sender: Sender, file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    may_open = Event()

    def full() -> InstrumentMaster:
        if not may_open.is_set():
            raise OSError(errno.EMFILE, "Too many open files")
        return load_master(file)

    spool = Spool(tmp_path / "spool")
    worker = Worker(ledger, spool, full, STAGING, SOON)
    _send(ledger, spool, sender, "behind strangers")
    worker.start()
    wait_until(lambda: "signals wait for the system" in caplog.text)
    assert worker.is_at_work
    may_open.set()
    wait_until(lambda: _states(ledger) == ["STANDARDISED"])
    worker.stop()


def test_it_stops_while_the_ledger_is_away(file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker(away_ledger(), Spool(tmp_path / "spool"), partial(load_master, file), STAGING, SOON)
    worker.start()
    worker.wake()
    wait_until(lambda: "signals wait for the ledger" in caplog.text)
    worker.stop()
    assert "left behind" not in caplog.text


def test_a_ledger_that_is_away_says_so_at_once() -> None:
    with pytest.raises(TemporaryError), away_ledger().reading():
        pass
