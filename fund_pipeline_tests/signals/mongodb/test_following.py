"""What the collector stores is in the ledger, once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from bson.objectid import ObjectId

from fund_pipeline.clock import utc_now
from fund_pipeline.errors import ConfigurationError, ConflictError
from fund_pipeline.ledger import Ledger
from fund_pipeline.signals.inbox import WayIn, explain
from fund_pipeline.signals.mongodb.following import OVERLAP
from fund_pipeline.signals.mongodb.source import EPOCH, Source
from fund_pipeline_tests.signals.inboxes import SECRET, everything_in, stored_ids
from fund_pipeline_tests.signals.mongodb.documents import collected, names_in
from fund_pipeline_tests.signals.mongodb.followers import begin_at, following, positions_in
from fund_pipeline_tests.signals.mongodb.server import Server
from fund_pipeline_tests.waiting import wait_until


def _until(ledger: Ledger, *names: str) -> None:
    wait_until(lambda: len(names_in(ledger)) >= len(names), what=f"{len(names)} signals")
    assert names_in(ledger) == list(names)


def test_what_is_inserted_is_in_the_ledger_and_what_was_there_before_is_not(
    ledger: Ledger, server: Server, tmp_path: Path
) -> None:
    server.insert(collected("before", _id=ObjectId.from_datetime(utc_now() - timedelta(minutes=1))))
    with following(ledger, server.url, tmp_path) as running:
        server.insert(collected("id-1"))
        server.insert(collected("id-2"))
        _until(ledger, "id-1", "id-2")
    assert running.result().stored == 2
    raw = explain(ledger, stored_ids(ledger)[0]).raw
    assert (raw.way_in, raw.request_id, SECRET in everything_in(ledger)) == (
        WayIn.MONGODB,
        str(server.documents[1]["_id"]),
        False,
    )


def test_it_goes_on_where_it_stopped(ledger: Ledger, server: Server, tmp_path: Path) -> None:
    with following(ledger, server.url, tmp_path):
        server.insert(collected("id-1"))
        _until(ledger, "id-1")
    server.insert(collected("id-2"))
    with following(ledger, server.url, tmp_path) as running:
        _until(ledger, "id-1", "id-2")
    assert (running.result().stored, running.result().known) == (1, 0)


@pytest.mark.parametrize(("since", "names"), [(EPOCH, ["old", "text", "new"]), (None, ["new"])])
def test_it_can_begin_with_all_there_is_or_with_what_is_newer(
    since: object, names: list[str], ledger: Ledger, server: Server, tmp_path: Path
) -> None:
    now = utc_now()
    for number, name in enumerate(["text", "old", "new"]):
        key = "a text" if name == "text" else ObjectId.from_datetime(now - timedelta(hours=3 - number))
        server.insert(collected(name, _id=key))
    with following(ledger, server.url, tmp_path, since=since or now - timedelta(hours=1, minutes=1)):
        wait_until(lambda: len(names_in(ledger)) >= len(names))
    assert sorted(names_in(ledger)) == sorted(names)


def test_what_the_collector_writes_into_a_document_makes_no_signal(
    ledger: Ledger, server: Server, tmp_path: Path
) -> None:
    with following(ledger, server.url, tmp_path):
        key = server.insert(collected("id-1"))
        _until(ledger, "id-1")
        server.update(key, signal_processed=True, anything_else="seen")
        server.insert(collected("id-2"))
        _until(ledger, "id-1", "id-2")
    with following(ledger, server.url, tmp_path):
        server.insert(collected("id-3"))
        _until(ledger, "id-1", "id-2", "id-3")


def test_marked_documents_are_the_same_signals_when_all_is_read_again(
    ledger: Ledger, server: Server, tmp_path: Path
) -> None:
    with following(ledger, server.url, tmp_path):
        key = server.insert(collected("id-1"))
        _until(ledger, "id-1")
    server.update(key, signal_processed=True, processed_at=utc_now(), stored_as=ObjectId())
    with following(ledger, server.url, tmp_path, since=EPOCH) as running:
        server.insert(collected("id-2"))
        _until(ledger, "id-1", "id-2")
    assert (running.result().stored, running.result().known) == (1, 1)


def test_a_document_whose_writer_was_slow_or_whose_clock_was_late_is_read_too(ledger: Ledger, tmp_path: Path) -> None:
    server = Server(is_replica_set=False)
    server.start()
    now = utc_now()
    begin_at(tmp_path, now - timedelta(days=1))
    with following(ledger, server.url, tmp_path):
        server.insert(collected("ahead", _id=ObjectId.from_datetime(now + timedelta(days=1))))
        _until(ledger, "ahead")
        server.insert(collected("late", _id=ObjectId.from_datetime(now - OVERLAP / 2)))
        _until(ledger, "ahead", "late")
    server.stop()


def test_two_cannot_follow_at_once(ledger: Ledger, replica_set: Server, tmp_path: Path) -> None:
    with (
        following(ledger, replica_set.url, tmp_path),
        pytest.raises(ConflictError, match="another process"),
        following(ledger, replica_set.url, tmp_path) as second,
    ):
        second.result()


def test_a_damaged_position_is_told_and_not_guessed(ledger: Ledger, replica_set: Server, tmp_path: Path) -> None:
    begin_at(tmp_path, utc_now())
    positions_in(tmp_path).path.write_text("{")
    with pytest.raises(ConfigurationError, match="damaged"), following(ledger, replica_set.url, tmp_path) as running:
        running.result()


def test_a_refused_user_is_told_without_the_password(replica_set: Server) -> None:
    url = replica_set.url.replace("//", "//tess:plover-7391@")
    source = Source(url, None, "trading_signals")
    with pytest.raises(ConfigurationError, match="refuses the user") as refused:
        source.has_other_ids()
    source.close()
    assert "plover" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://plover-7391", "mongodb://plover-7391:pw/", "mongodb://h/?w=plover-7391&x"])
def test_a_url_that_is_none_is_told_without_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match="FUND_MONGODB_") as wrong:
        Source(url, None, "trading_signals")
    assert "plover" not in str(wrong.value)
