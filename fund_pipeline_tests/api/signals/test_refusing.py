"""What is wrong is answered with reason, field, value and remedy, in the order of the checks, and never with a 5xx."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, text

from fund_pipeline.ledger.tables import metadata, raw_signals, refused_signals
from fund_pipeline.signals import RejectionReason
from fund_pipeline.signals.parse import MOST_BYTES
from fund_pipeline_tests.api.signals.conftest import RATE
from fund_pipeline_tests.api.signals.frontage import PATH, Frontage, entry, secret

STRANGER = "a-stranger-with-no-name-1234"
HOUSE = {"X-Forwarded-For": "203.0.113.9"}
"""A stranger's own address, so that the tests' other requests are not throttled with it."""


def _deep(levels: int) -> dict[str, Any]:
    return {"deeper": _deep(levels - 1)} if levels else {}


BAD: dict[str, tuple[bytes, int, str]] = {
    "not utf-8": (b'{"a": "\xff"}', 400, "NOT_UTF8"),
    "no json": (b"{", 400, "NOT_JSON"),
    "nothing": (b"", 400, "NOT_JSON"),
    "no object": (b"[1]", 400, "NOT_AN_OBJECT"),
    "a key twice": (b'{"a": 1, "a": 2}', 400, "DUPLICATE_KEY"),
    "deep": (json.dumps(_deep(40)).encode(), 400, "TOO_DEEP"),
    "very deep": (b"[" * 30_000, 400, "TOO_DEEP"),
    "not finite": (b'{"a": NaN}', 400, "NOT_FINITE"),
    "a long number": (b'{"a": 1e999999}', 400, "NUMBER_TOO_LONG"),
    "half a character": (b'{"a": "\\ud800"}', 400, "BAD_TEXT"),
    "no passphrase": (json.dumps(entry("x", passphrase=None)).encode(), 422, "MISSING_FIELD"),
    "a number as passphrase": (json.dumps(entry("x", passphrase=7)).encode(), 422, "WRONG_TYPE"),
}
BAD_ENVELOPES: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "no id": ({"signalID": None}, 422, "MISSING_FIELD", "signalID"),
    "an id that is a number": ({"signalID": {}}, 422, "WRONG_TYPE", "signalID"),
    "an id with a trick": ({"signalID": "a\u202eb"}, 422, "BAD_ID", "signalID"),
    "a template": ({"signalID": "{{strategy.order.id}}"}, 422, "PLACEHOLDER", "signalID"),
    "no time": ({"signal_sent_EPOCH": None}, 422, "MISSING_FIELD", "signal_sent_EPOCH"),
    "a time that is none": ({"signal_sent_EPOCH": "soon"}, 422, "BAD_TIME", "signal_sent_EPOCH"),
    "no such environment": ({"environment": "moon"}, 422, "UNKNOWN_ENVIRONMENT", "environment"),
    "two environments": (
        {"environment": "staging", "signal_legs": [{"environment": "production"}]},
        422,
        "MIXED_ENVIRONMENTS",
        "signal_legs[0].environment",
    ),
    "another environment": ({"environment": "production"}, 422, "WRONG_ENVIRONMENT", "environment"),
    "another's strategy": ({"strategy_name": "S-theo"}, 403, "NOT_ALLOWED", "strategy_name"),
}


def _is_told(answer: Any, status: int, reason: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["error"], body["success"]) == (status, reason, False)
    assert body["message"]
    assert body["remedy"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert RejectionReason[reason].status == status
    return body


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_refused(embedded: Frontage, name: str) -> None:
    body, status, reason = BAD[name]
    _is_told(embedded.post(body), status, reason)


@pytest.mark.parametrize("name", BAD_ENVELOPES)
def test_a_bad_envelope_names_its_field_and_is_kept_for_a_person(embedded: Frontage, name: str) -> None:
    fields, status, reason, field = BAD_ENVELOPES[name]
    body = _is_told(embedded.post(entry(f"bad: {name}", **fields)), status, reason)
    assert body["field"] == field
    query = select(refused_signals.c.sender_id).where(refused_signals.c.request_id == body["request_id"])
    with embedded.ledger.reading() as connection:
        assert connection.execute(query).scalar_one() == "tess"


def test_a_known_id_with_other_content_is_a_conflict(front: Frontage) -> None:
    assert front.post(entry("reused")).status_code == 200
    body = _is_told(front.post(entry("reused", account_equity=7)), 409, "ID_REUSED")
    assert (body["field"], body["value"]) == ("signalID", '"reused"')


def test_a_stranger_learns_nothing_of_the_envelope(embedded: Frontage) -> None:
    for bad in (entry("x", passphrase=STRANGER), entry("x", passphrase=STRANGER, signalID=None, environment="moon")):
        _is_told(embedded.post(bad, headers=HOUSE), 401, "NOT_ACCEPTED")


def test_a_bad_envelope_of_the_wrong_environment_is_a_bad_envelope(embedded: Frontage) -> None:
    wrong = entry("x", signal_sent_EPOCH="soon", environment="production")
    _is_told(embedded.post(wrong), 422, "BAD_TIME")


def test_ten_megabytes_are_refused_before_they_are_read(front: Frontage) -> None:
    _is_told(front.post(b"x" * 10_000_000), 413, "TOO_LARGE")
    _is_told(front.post(b" " * (MOST_BYTES + 1)), 413, "TOO_LARGE")
    _is_told(front.post(b" " * MOST_BYTES), 400, "NOT_JSON")


def test_a_body_of_no_told_length_is_refused_as_soon_as_it_is_too_long(embedded: Frontage) -> None:
    answer = embedded.client.post(PATH, content=(b"x" * 10_000 for _ in range(10)))
    _is_told(answer, 413, "TOO_LARGE")


def test_who_sends_too_fast_is_told_when_to_go_on_and_others_are_not_slowed(embedded: Frontage) -> None:
    for number in range(600):
        answer = embedded.post(entry(f"hasty-{number}", "hasty"))
        if answer.status_code != 200:
            break
    _is_told(answer, 429, "RATE_LIMITED")
    assert int(answer.headers["Retry-After"]) >= 1
    assert number >= 10 * RATE
    assert embedded.post(entry("not hasty", "theo")).status_code == 200
    _is_told(embedded.post(entry("x", "hasty", signalID=None)), 422, "MISSING_FIELD")


def test_many_strangers_from_one_place_are_told_to_wait(embedded: Frontage) -> None:
    crowd = {"X-Forwarded-For": "203.0.113.200"}
    for number in range(20):
        answer = embedded.post(entry("x", passphrase=f"{STRANGER}{number}"), headers=crowd)
        if answer.status_code != 401:
            break
    _is_told(answer, 429, "RATE_LIMITED")
    assert int(answer.headers["Retry-After"]) >= 1
    assert embedded.post(entry("from the crowd", "theo"), headers=crowd).status_code == 200


def test_a_passphrase_is_nowhere_however_it_was_sent(front: Frontage) -> None:
    mine = secret("hidden")
    sent = [
        entry("hidden 1", "hidden"),
        entry("hidden 2", "hidden", note=mine, nested={"Passphrase": mine, "list": [mine, f"x{mine}x"]}),
        entry(mine, "hidden"),
        entry("hidden 3", "hidden", strategy_name=mine),
        entry("hidden 4", "hidden", environment=mine),
        entry("hidden 5", "hidden", signal_sent_EPOCH=mine),
        entry("hidden 6", "hidden", signal_legs=[{"environment": mine * 5}]),
        entry("hidden 7", passphrase=f"{mine} with a slip"),
    ]
    headers = {"User-Agent": f"agent {mine}"} | HOUSE
    answers = [front.post(payload, headers=headers) for payload in sent]
    answers += [front.post(body) for body in (json.dumps([mine]).encode(), json.dumps(mine).encode())]
    answers += [front.post(f'{{"passphrase": "{mine}\\ud800"}}'.encode()), front.post(f'{{"a": "{mine}"'.encode())]
    assert {answer.status_code for answer in answers} == {200, 400, 401, 403, 422}
    assert not [answer.text for answer in answers if mine in answer.text]
    assert mine not in front.log
    with front.ledger.reading() as connection:
        everything = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in metadata.tables]
        stored = connection.execute(select(raw_signals.c.payload).where(raw_signals.c.sender_id == "hidden")).all()
    assert len(stored) == 2
    assert mine not in repr(everything)
