"""The hook passes on a part; the whole is looked up where the collector keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fund_pipeline.errors import ConfigurationError, TemporaryError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.signal_model import RawSignal
from fund_pipeline.settings import Settings
from fund_pipeline.signals.collector import SignalProcessor
from fund_pipeline.signals.inbox import Arrival, WayIn, adopt_document, explain, process_pending
from fund_pipeline.signals.inbox.reading import nothing_fuller
from fund_pipeline.signals.mongodb import fuller_of, source_of
from fund_pipeline.signals.mongodb.lookup import REST, Lookup
from fund_pipeline.signals.mongodb.source import Source
from fund_pipeline.signals.spool import Spool
from fund_pipeline_tests.signals.inboxes import NOW, READER, hooked, register
from fund_pipeline_tests.signals.mongodb.documents import RECEIVED, collected
from fund_pipeline_tests.signals.mongodb.server import Server

WHOLE = {"environment": "staging", "account_equity": 5000, "signal_type": "EXIT", "entry_signal_id": "sig-1"}


@pytest.fixture
def source(replica_set: Server) -> Iterator[Source]:
    opened = Source(replica_set.url, None, "trading_signals")
    yield opened
    opened.close()


def _hook(document: dict[str, Any]) -> RawSignal:
    return adopt_document(document, Arrival(WayIn.HOOK, NOW))


def test_the_rest_of_a_signal_is_found_and_read(
    ledger: Ledger, replica_set: Server, source: Source, tmp_path: Path
) -> None:
    register(ledger)
    replica_set.insert(hooked() | WHOLE | {"received_at": RECEIVED, "signal_processed": True})
    kept = SignalProcessor(ledger, Spool(tmp_path)).process_new_signal(hooked())
    assert kept is not None
    process_pending(ledger, replace(READER, fuller=Lookup(source)), NOW)
    signal = explain(ledger, kept.signal_id).signal
    assert (signal.state, signal.type, signal.reference) == ("STANDARDISED", "EXIT", "sig-1")
    assert signal.supplement is not None
    assert "signal_processed" not in signal.supplement


def test_of_an_id_that_repeats_it_is_the_one_that_was_passed_on(replica_set: Server, source: Source) -> None:
    for number in range(3):
        replica_set.insert(hooked(signal_sent_EPOCH=number, account_equity=number))
    found = Lookup(source)(_hook(hooked(signal_sent_EPOCH=1)))
    assert found is not None
    assert found["account_equity"] == 1


def test_a_signal_of_legs_is_found_though_the_hook_passes_on_no_order(replica_set: Server, source: Source) -> None:
    replica_set.insert(collected())
    passed = {name: collected().get(name) for name in hooked()} | {"signal": {}}
    found = Lookup(source)(_hook(passed))
    assert found is not None
    assert found["signal_legs"] == collected()["signal_legs"]


@pytest.mark.parametrize("passed", [hooked("id-2"), hooked(signal_sent_EPOCH=1), hooked(signalID=""), {}])
def test_what_is_not_there_is_not_made_up(passed: dict[str, Any], replica_set: Server, source: Source) -> None:
    replica_set.insert(hooked() | WHOLE)
    assert Lookup(source)(_hook(passed)) is None


def test_a_database_that_is_away_is_told_and_not_asked_again_at_once(replica_set: Server) -> None:
    now = NOW
    source = Source(replica_set.url, None, "trading_signals", seconds=1.0)
    lookup = Lookup(source, lambda: now)
    replica_set.insert(hooked() | WHOLE)
    replica_set.stop()
    with pytest.raises(TemporaryError, match="fund signals replay sig-"):
        lookup(_hook(hooked()))
    replica_set.start()
    with pytest.raises(TemporaryError):
        lookup(_hook(hooked()))
    assert "find" not in replica_set.commands
    now += REST + timedelta(seconds=1)
    assert lookup(_hook(hooked())) is not None
    source.close()


def test_nothing_is_looked_up_where_no_database_is_configured() -> None:
    settings = Settings(_env_file=None, mongodb_url=None)
    assert fuller_of(settings) is nothing_fuller
    with pytest.raises(ConfigurationError, match="FUND_MONGODB_URL is empty"):
        source_of(settings)


def test_settings_lead_to_the_collection(replica_set: Server) -> None:
    replica_set.insert(hooked() | WHOLE)
    lookup = fuller_of(Settings(_env_file=None, mongodb_url=replica_set.url))
    assert lookup(_hook(hooked())) is not None
