"""A signal that goes from the spool to the ledger while somebody asks for it is never told as unknown."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fund_pipeline.api.signals.desk import Desk
from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.away import away_ledger
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.signals import Environment, SenderOptions
from fund_pipeline.signals.inbox import Arrival, WayIn, accept_or_spool, drain
from fund_pipeline.signals.senders import NewSender, Vault, add_sender
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.api.signals.frontage import entry, secret
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.samples import strategy

telling = import_module("fund_pipeline.api.signals.telling")
"""The room gives this name to its router."""


def test_a_signal_that_is_drained_between_two_looks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, spool = f"sqlite:///{tmp_path / 'ledger.sqlite'}", Spool(tmp_path / "spool")
    upgrade(url)
    ledger, act = open_ledger(url), Act("test", utc_now())
    put_strategy(ledger, strategy("S-tess"), act)
    new = NewSender("tess", Environment.STAGING, SenderOptions(strategies=frozenset({"S-tess"})))
    sender = add_sender(ledger, new, secret("tess"), Vault([SECRETS_KEY]), act)
    body = json.dumps(entry("between")).encode()
    arrival = Arrival(WayIn.WEBHOOK, utc_now())
    taken = accept_or_spool(away_ledger(), spool, sender, body, arrival, Environment.STAGING)
    look = telling.spooled

    def drained_first(spool: Spool, signal_id: str) -> Any:
        drain(ledger, spool)
        return look(spool, signal_id)

    monkeypatch.setattr(telling, "spooled", drained_first)
    desk = cast(Desk, SimpleNamespace(ledger=ledger, spool=spool))
    found = telling._found(desk, taken.signal_id, with_actors=False)
    assert found is not None
    assert found.state == "RECEIVED"
    assert telling._found(desk, "sig-none", with_actors=False) is None
    ledger.close()
