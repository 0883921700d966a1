"""An inbox to send to: a registered sender, its passphrase, and signals as it writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import select, text

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.senders import insert_sender
from fund_pipeline.ledger.signal_model import Passphrase, SenderRow, SenderStatus
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.ledger.tables import metadata, raw_signals
from fund_pipeline.signals import DuplicatePolicy, Environment, SenderOptions, load_master
from fund_pipeline.signals.inbox import Accepted, Arrival, Reader, WayIn, accept
from fund_pipeline.signals.senders import Sender, Vault
from fund_pipeline.signals.senders.passphrases import hash_passphrase
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.samples import strategy

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
ACT = Act("test", NOW)
VAULT = Vault([SECRETS_KEY])
SECRET = "xyzzy-plugh-plover-7391"
HERE = Environment.STAGING
READER = Reader(load_master(ROOT / "data" / "instruments.yaml"), HERE)
hashed = cache(hash_passphrase)
AWAY = "postgresql+psycopg2://nobody@127.0.0.1:1/none"
"""Where no database answers."""


def register(ledger: Ledger, sender_id: str = "tess", passphrase: str = SECRET, **options: Any) -> Sender:
    """A sender that may send for S1, which is registered too; hashed once, because hashing is slow on purpose."""
    put_strategy(ledger, strategy("S1"), ACT)
    given = SenderOptions(**{"strategies": frozenset({"S1"})} | options)
    row = SenderRow(sender_id, sender_id, SenderStatus.ACTIVE, HERE.value, (), None, given.as_values(), NOW)
    insert_sender(ledger, row, Passphrase(VAULT.digests(passphrase)[0], sender_id, hashed(passphrase)), ACT)
    return Sender.of(row)


def repeating(ledger: Ledger) -> Sender:
    """A sender whose ids repeat."""
    return register(ledger, duplicate_policy=DuplicatePolicy.IDS_REPEAT)


def entry(signal_id: str = "id-1", **fields: object) -> dict[str, Any]:
    """An entry that buys ten Apple shares, with the passphrase."""
    leg = {"instrument": "AAPL", "instrument_type": "STOCK", "action": "BUY", "quantity": 10}
    usual = {"strategy_name": "S1", "signalID": signal_id, "signal_sent_EPOCH": int(NOW.timestamp())}
    usual |= {"passphrase": SECRET, "environment": "staging", "account_equity": 1000}
    return usual | {"signal_type": "ENTRY", "signal_legs": [leg]} | fields


def exit_of(entry_id: str, signal_id: str = "id-2", **fields: object) -> dict[str, Any]:
    """An exit of an entry."""
    return entry(signal_id, signal_type="EXIT", signal_legs=[], entry_signal_id=entry_id) | fields


def hooked(signal_id: str = "id-1", **fields: object) -> dict[str, Any]:
    """What the collector's hook passes on of a v2 signal."""
    order = {"ticker": "AAPL", "instrument_type": "STOCK", "action": "BUY", "quantity": 10}
    head = {"timestamp": NOW.isoformat(), "signalID": signal_id, "signal_sent_EPOCH": int(NOW.timestamp())}
    return head | {"strategy_name": "S1", "signal": order} | fields


def body(payload: Mapping[str, Any]) -> bytes:
    """As it is posted."""
    return json.dumps(payload).encode()


def arrival(way_in: WayIn = WayIn.WEBHOOK, **fields: Any) -> Arrival:
    """Received now, over the webhook."""
    return Arrival(way_in, **{"received_at": NOW} | fields)


def post(ledger: Ledger, sender: Sender, payload: Mapping[str, Any]) -> Accepted:
    """Accept a payload as it comes over the wire."""
    return accept(ledger, sender, body(payload), arrival(), HERE)


def stored_ids(ledger: Ledger) -> list[str]:
    """Ids of everything in the inbox, oldest first."""
    query = select(raw_signals.c.signal_id).order_by(raw_signals.c.received_at, raw_signals.c.sender_signal_id)
    with ledger.reading() as connection:
        return list(connection.execute(query).scalars())


def everything_in(ledger: Ledger) -> str:
    """All rows of all tables, as one text to search."""
    with ledger.reading() as connection:
        rows = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in metadata.tables]
    return repr(rows)


@contextmanager
def away() -> Iterator[Ledger]:
    """A ledger whose database does not answer."""
    ledger = open_ledger(AWAY)
    yield ledger
    ledger.close()


@contextmanager
def warm(source: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process running a script that forks a child for each line it is given, and says `pid N`, then `dead`."""
    process = subprocess.Popen(
        [sys.executable, "-c", FORKING.replace("# SOURCE", source), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


FORKING = """
import os, sys
from fund_pipeline_tests.signals.inboxes import *
# SOURCE
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        work(line.strip(), *sys.argv[1:])
        os._exit(0)
    os.write(1, f"pid {child}\\n".encode())
    os.waitpid(child, 0)
    os.write(1, b"dead\\n")
"""
