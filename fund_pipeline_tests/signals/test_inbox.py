"""Stored before it is answered, once, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.signals import get_signal
from fund_pipeline.ledger.tables import signal_resends
from fund_pipeline.signals import Environment, RejectionReason, SignalError
from fund_pipeline.signals.inbox import (
    AcceptedStatus,
    ReusedIdError,
    WayIn,
    accept,
    adopt_document,
    process_pending,
    store_at_any_rate,
)
from fund_pipeline.signals.senders import Sender
from fund_pipeline_tests.signals.inboxes import (
    HERE,
    NOW,
    READER,
    SECRET,
    arrival,
    body,
    entry,
    everything_in,
    hooked,
    post,
    register,
    repeating,
    stored_ids,
    warm,
)


def test_an_accepted_signal_is_in_the_ledger_as_it_was_written(ledger: Ledger) -> None:
    sender = register(ledger)
    headers = {"User-Agent": "curl/8", "Authorization": "Basic abc", "X-Signature": "def"}
    accepted = accept(ledger, sender, body(entry(note=1.50)), arrival(request_id="r-1", headers=headers), HERE)
    row, raw, transitions = get_signal(ledger, accepted.signal_id)
    assert (row.state, row.sender_id, row.strategy, row.sender_signal_id) == ("RECEIVED", "tess", "S1", "id-1")
    assert (raw.way_in, raw.request_id, raw.headers) == (WayIn.WEBHOOK, "r-1", {"user-agent": "curl/8"})
    assert json.loads(raw.payload) == {key: v for key, v in entry(note=1.5).items() if key != "passphrase"}
    assert (accepted.status, accepted.duplicate, transitions) == (AcceptedStatus.RECEIVED, False, ())


def test_the_passphrase_is_nowhere_in_the_ledger_wherever_it_stood(ledger: Ledger) -> None:
    sender = register(ledger)
    hidden = {"PassPhrase": SECRET, "note": f"my word is {SECRET}!", "signal_legs": [{"passphrase": SECRET}]}
    accept(ledger, sender, body(entry(**hidden)), arrival(headers={"user-agent": f"bot {SECRET}"}), HERE)
    assert SECRET not in everything_in(ledger)
    assert "my word is ***!" in everything_in(ledger)
    with pytest.raises(SignalError) as refused:
        post(ledger, sender, entry(f"id {SECRET}"))
    assert (refused.value.problem.reason, SECRET in str(refused.value)) == (RejectionReason.BAD_ID, False)


def test_the_same_signal_again_is_answered_alike_and_stores_nothing(ledger: Ledger) -> None:
    sender = register(ledger)
    first = post(ledger, sender, entry())
    reordered = dict(reversed(list(entry(account_equity=1000.0).items())))
    again = accept(ledger, sender, json.dumps(reordered, indent=3).encode(), arrival(), HERE)
    assert (again.signal_id, again.status, again.duplicate) == (first.signal_id, first.status, True)
    assert stored_ids(ledger) == [first.signal_id]


def test_each_resend_is_counted_once(ledger: Ledger) -> None:
    sender = register(ledger)
    first = post(ledger, sender, entry())
    later = [arrival(received_at=NOW + timedelta(seconds=number), request_id=f"r-{number}") for number in (1, 2)]
    for one in later:
        accept(ledger, sender, entry(), one, HERE)
    assert _resends(ledger) == [(first.signal_id, "webhook", one.received_at, one.request_id) for one in later]
    spooled = adopt_document(hooked("id-9"), arrival(WayIn.HOOK))
    again = adopt_document(hooked("id-9"), arrival(WayIn.HOOK, received_at=NOW + timedelta(hours=1)))
    for raw in (spooled, spooled, again, again):  # as when a crash has the spool drained a second time
        store_at_any_rate(ledger, raw)
    assert [row[2] for row in _resends(ledger)[2:]] == [again.received_at]
    with pytest.raises(DBAPIError, match="append-only"), ledger.writing() as connection:
        connection.execute(text("DELETE FROM signal_resends"))


def _resends(ledger: Ledger) -> list[tuple[object, ...]]:
    columns = [signal_resends.c[name] for name in ("signal_id", "way_in", "received_at", "request_id")]
    with ledger.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(signal_resends.c.sequence))]


def test_an_id_with_other_content_is_a_conflict(ledger: Ledger) -> None:
    sender = register(ledger)
    first = post(ledger, sender, entry())
    with pytest.raises(ReusedIdError) as refused:
        post(ledger, sender, entry(account_equity=2000))
    assert (refused.value.problem.reason, refused.value.problem.field) == (RejectionReason.ID_REUSED, "signalID")
    assert stored_ids(ledger) == [first.signal_id]


def test_ids_that_repeat_are_other_signals_and_each_is_known_again(ledger: Ledger) -> None:
    sender = repeating(ledger)
    answers = [post(ledger, sender, entry(account_equity=equity)) for equity in (1000, 2000, 3000, 1000, 2000)]
    assert [answer.duplicate for answer in answers] == [False, False, False, True, True]
    assert answers[0].signal_id == answers[3].signal_id
    assert sorted(stored_ids(ledger)) == sorted({answer.signal_id for answer in answers})


REFUSED = (
    ({"strategy_name": "S2"}, RejectionReason.NOT_ALLOWED, "strategy_name"),
    ({"environment": "production"}, RejectionReason.WRONG_ENVIRONMENT, "environment"),
    ({"signalID": ""}, RejectionReason.MISSING_FIELD, "signalID"),
    ({"signal_sent_EPOCH": "soon"}, RejectionReason.BAD_TIME, "signal_sent_EPOCH"),
)


def test_what_is_refused_is_not_stored(ledger: Ledger) -> None:
    sender = register(ledger)
    for fields, reason, field in REFUSED:
        with pytest.raises(SignalError) as refused:
            post(ledger, sender, entry(**fields))
        assert (refused.value.problem.reason, refused.value.problem.field) == (reason, field)
        assert refused.value.problem.remedy
    assert stored_ids(ledger) == []


def test_a_signal_without_environment_is_its_senders(ledger: Ledger) -> None:
    sender = register(ledger)
    payload = {key: value for key, value in entry().items() if key != "environment"}
    with pytest.raises(SignalError, match="production signals only"):
        accept(ledger, sender, body(payload), arrival(), Environment.PRODUCTION)
    post(ledger, sender, payload)
    assert len(stored_ids(ledger)) == 1


@pytest.mark.parametrize("make", [register, repeating])
def test_the_same_signal_fifty_times_at_once_is_one_row_and_fifty_equal_answers(ledger: Ledger, make: object) -> None:
    sender: Sender = make(ledger)  # type: ignore[operator]
    with ThreadPoolExecutor(10) as clients:
        answers = list(clients.map(lambda _: post(ledger, sender, entry()), range(50)))
    assert len({(answer.signal_id, answer.status) for answer in answers}) == 1
    assert sum(not answer.duplicate for answer in answers) == 1
    assert len(stored_ids(ledger)) == 1


ACCEPTING = """
from concurrent.futures import ThreadPoolExecutor
from fund_pipeline.ledger import open_ledger
from fund_pipeline.signals.senders import get_sender

def work(prefix, url):
    ledger = open_ledger(url)
    sender = get_sender(ledger, "tess")
    def one(number):
        for name in (f"{prefix}-{number}", "the-same"):
            answer = post(ledger, sender, entry(name))
            os.write(1, f"{answer.signal_id}\\n".encode())
    with ThreadPoolExecutor(4) as clients:
        list(clients.map(one, range(1000)))
"""


def test_what_was_answered_is_in_the_ledger_once_however_often_the_process_is_killed(
    ledger: Ledger, ledger_url: str
) -> None:
    register(ledger)
    rng = random.Random(5)
    answered: list[str] = []
    with warm(ACCEPTING, ledger_url) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for seed in range(12):
            process.stdin.write(f"seed-{seed}\n")
            process.stdin.flush()
            told = [process.stdout.readline().strip()]
            pid, wanted = None, rng.randrange(1, 25)
            while pid is None or len(answered) < wanted:
                if told[-1].startswith("pid "):
                    pid = int(told[-1].split()[1])
                    wanted += len(answered)
                else:
                    answered.append(told[-1])
                told.append(process.stdout.readline().strip())
            os.kill(pid, signal.SIGKILL)
            while told[-1] != "dead":
                answered.append(told[-1])
                told.append(process.stdout.readline().strip())
    stored = stored_ids(ledger)
    assert len(answered) > 50
    assert len(stored) == len(set(stored))
    assert set(answered) <= set(stored)


TWO = """
alone = work

def work(prefix, url):
    other = os.fork()
    alone(prefix, url)
    if other == 0:
        os._exit(0)
    os.waitpid(other, 0)
"""


def test_processes_that_post_the_same_at_once_store_it_once(ledger: Ledger, ledger_url: str) -> None:
    register(ledger)
    with warm(ACCEPTING.replace("range(1000)", "range(5)") + TWO, ledger_url) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("both\n")
        process.stdin.flush()
        told = [line.strip() for line in iter(process.stdout.readline, "dead\n")]
    answers = [line for line in told if line.startswith("sig-")]
    assert len(answers) == 2 * 10
    assert sorted(set(answers)) == sorted(stored_ids(ledger))
    assert len(set(answers)) == 6


@pytest.mark.parametrize("hook_first", [False, True])
def test_the_hooks_copy_of_a_signal_is_the_same_signal(ledger: Ledger, hook_first: bool) -> None:
    sender = repeating(ledger)
    whole = hooked() | {"passphrase": SECRET, "account_equity": 1000, "environment": "staging"}
    del whole["timestamp"]
    ways = [
        lambda: store_at_any_rate(ledger, adopt_document(hooked(timestamp=None), arrival(WayIn.HOOK))),
        lambda: post(ledger, sender, whole),
    ]
    answers = [way() for way in (reversed(ways) if hook_first is False else ways)]
    assert answers[0].signal_id == answers[1].signal_id
    assert [answer.duplicate for answer in answers] == [False, True]
    assert len(stored_ids(ledger)) == 1


@pytest.mark.parametrize("table", ["raw_signals", "signal_transitions"])
def test_the_database_refuses_to_change_what_was_received(ledger: Ledger, table: str) -> None:
    post(ledger, register(ledger), entry())
    process_pending(ledger, READER, NOW)
    for statement in (f"UPDATE {table} SET signal_id = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="append-only"), ledger.writing() as connection:
            connection.execute(text(statement))


def test_accepting_looks_at_indexes_only(ledger: Ledger) -> None:
    sender = register(ledger)
    if not ledger.is_sqlite:
        pytest.skip("an empty PostgreSQL table is scanned whatever its indexes are")
    asked: list[tuple[str, object]] = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *seen: asked.append((seen[2], seen[3])))
    post(ledger, sender, entry())
    selects = [(statement, values) for statement, values in asked if statement.startswith("SELECT")]
    assert len(selects) == 1
    with ledger.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {selects[0][0]}", selects[0][1]).all()
    steps = [str(row[3]) for row in plan if "raw_signals" in str(row[3])]
    assert len(steps) == 3
    assert all(step.startswith("SEARCH") for step in steps)
