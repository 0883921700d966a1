"""`fund signals follow-mongodb`, as a person runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fund_pipeline.ledger import Ledger
from fund_pipeline_tests.homes import ROOT, Home
from fund_pipeline_tests.keys import AUDIT_KEY
from fund_pipeline_tests.signals.inboxes import SECRET
from fund_pipeline_tests.signals.mongodb.documents import collected, names_in
from fund_pipeline_tests.signals.mongodb.server import Server
from fund_pipeline_tests.waiting import wait_until


@pytest.fixture
def home(tmp_path: Path, ledger: Ledger) -> Home:
    return Home(tmp_path, {"FUND_AUDIT_KEY": AUDIT_KEY})


def test_it_follows_until_it_is_asked_to_stop(home: Home, ledger: Ledger, replica_set: Server) -> None:
    replica_set.insert(collected("id-1"))
    command = ["signals", "follow-mongodb", "--from-start", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "fund_pipeline.cli", *command],
        env=home.environment(FUND_MONGODB_URL=replica_set.url, FUND_LOG_LEVEL="INFO"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: names_in(ledger) == ["id-1"] or process.poll() is not None, what="it to be stored")
    replica_set.insert(collected("id-2"))
    wait_until(lambda: names_in(ledger) == ["id-1", "id-2"] or process.poll() is not None, what="it to be stored")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)) == (0, {"stored": 2, "known": 0, "spooled": 0}), err
    assert "following desk.trading_signals" in err
    assert (SECRET in out + err, replica_set.url in out + err) == (False, False)


@pytest.mark.parametrize(
    ("arguments", "url", "code", "told"),
    [
        ((), "", 5, "FUND_MONGODB_URL is empty"),
        ((), "plover-7391", 5, "FUND_MONGODB_* cannot be used"),
        (("--from-start", "--since", "2026-03-02"), "", 2, "give one of them"),
        (("--since", "1960-01-01"), "", 2, "not between 1970 and now"),
    ],
)
def test_what_cannot_be_followed_is_told(
    arguments: tuple[str, ...], url: str, code: int, told: str, home: Home
) -> None:
    done = home.fund("signals", "follow-mongodb", *arguments, FUND_MONGODB_URL=url)
    assert (done.returncode, told in done.stderr, "plover" in done.stderr) == (code, True, False)


def test_a_refused_user_ends_it(home: Home, replica_set: Server) -> None:
    url = replica_set.url.replace("//", "//tess:plover-7391@")
    done = home.fund("signals", "follow-mongodb", FUND_MONGODB_URL=url)
    assert (done.returncode, "refuses the user" in done.stderr, "plover" in done.stderr) == (5, True, False)
