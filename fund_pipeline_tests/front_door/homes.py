"""A home with one sender of signals, on SQLite or PostgreSQL."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.signals import Environment, SenderOptions
from fund_pipeline.signals.senders import NewSender, Vault, add_sender
from fund_pipeline_tests.campaigns import Fault
from fund_pipeline_tests.front_door.doorway import Doorway, doorway
from fund_pipeline_tests.keys import AUDIT_KEY, SECRETS_KEY
from fund_pipeline_tests.samples import strategy

SECRET = "zork-frobozz-grue-4711-lantern"
STRATEGY = "S1"


@dataclass(frozen=True)
class FrontDoor:
    """A doorway, the ledger behind it as another process sees it, and the home around both."""

    door: Doorway
    ledger: Ledger
    home: Path


@contextmanager
def front_door(home: Path, database_url: str | None = None, **settings: str) -> Iterator[FrontDoor]:
    """A new home with a sender `tess` that may send for S1; its door is closed at first."""
    home.mkdir(parents=True, exist_ok=True)
    url = database_url or f"sqlite:///{home / 'ledger.sqlite'}"
    url, keys = url.replace("postgresql://", "postgresql+psycopg2://", 1), AuditKeys.of((AUDIT_KEY,))
    upgrade(url, audit_keys=lambda: keys)
    ledger = open_ledger(url, lambda: keys)
    act = Act("test", utc_now())
    put_strategy(ledger, strategy(STRATEGY), act)
    options = SenderOptions(strategies=frozenset({STRATEGY}))
    add_sender(ledger, NewSender("tess", Environment.STAGING, options), SECRET, Vault([SECRETS_KEY]), act)
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("FUND_", "DAGSTER_"))}
    given = {"FUND_HOME": str(home), "FUND_AUDIT_KEY": AUDIT_KEY, "FUND_SECRETS_KEY": SECRETS_KEY} | settings
    if database_url is not None:
        given["FUND_DATABASE_URL"] = database_url
    try:
        with doorway(plain | given, home / "api.log") as door:
            yield FrontDoor(door, ledger, home)
    finally:
        ledger.close()


def at_a_front_door(
    trouble: Callable[[FrontDoor], tuple[list[str], str]], seed: int, tell: Callable[[Fault], None]
) -> tuple[tuple[Fault, ...], str]:
    """Make trouble at a home of its own; the faults that it found, each told, and its summary."""
    folder = Path(tempfile.mkdtemp(prefix="fund-door-"))
    try:
        with front_door(folder / "home") as here:
            wrong, told = trouble(here)
    finally:
        forget(folder)
    faults = tuple(Fault(seed, what) for what in wrong)
    for fault in faults:
        tell(fault)
    return faults, told


def payload(name: str) -> dict[str, Any]:
    """An entry of S1 as the sender writes it, sent now."""
    leg = {"instrument": "AAPL", "instrument_type": "STOCK", "action": "BUY", "quantity": 10, "price": 150}
    head = {"strategy_name": STRATEGY, "signalID": name, "signal_sent_EPOCH": int(time.time())}
    return head | {"passphrase": SECRET, "account_equity": 1000, "signal_type": "ENTRY", "signal_legs": [leg]}


def scratch(folder: Path) -> Path:
    """A new folder within another, for one trial."""
    return folder / uuid.uuid4().hex[:8]


def forget(folder: Path) -> None:
    """Remove what a trial left."""
    shutil.rmtree(folder, ignore_errors=True)
