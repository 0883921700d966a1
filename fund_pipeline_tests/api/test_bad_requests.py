"""Requests that cannot be a decision: refused by name, before anything is looked at or used up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fund_pipeline.ledger.model import AllocationStatus
from fund_pipeline_tests.api.people import PATH, Person, Served

SECRET = "the-secret-of-ada"


@pytest.mark.parametrize(
    ("more", "field", "told"),
    [
        ({"weights": {"LowVol_Long": 0.25}}, "weights.LowVol_Long", "is 0.25: write it as a decimal in a string"),
        ({"weights": {"LowVol_Long": 1}}, "weights.LowVol_Long", "write it as a decimal in a string"),
        ({"weights": {"LowVol_Long": True}}, "weights.LowVol_Long", "write it as a decimal in a string"),
        ({"weights": {"LowVol_Long": None}}, "weights.LowVol_Long", "write it as a decimal in a string"),
        ({"weights": {"LowVol_Long": "1e999999999"}}, "weights.LowVol_Long", "digits with a decimal point"),
        ({"weights": {"LowVol_Long": "NaN"}}, "weights.LowVol_Long", "is 'NaN'"),
        ({"weights": {"LowVol_Long": "٠.٢"}}, "weights.LowVol_Long", "digits with a decimal point"),
        ({"weights": {"Low\x00": "0.1"}}, "weights.Low\x00", "cannot be printed"),
        ({"weights": [["LowVol_Long", "0.1"]]}, "weights", "dictionary"),
        ({"weights": {}, "note": "a\x00b"}, "note", "control characters"),
        ({"weights": {}, "note": "\ud800"}, "note", "valid string"),
        ({"weights": {}, "note": "x" * 2001}, "note", "at most 2000"),
        ({"weights": {}, "allocation_id": "demo\x00:1"}, "allocation_id", "is 'demo\\x00:1'"),
        ({"weights": {}, "allocation_id": 7}, "allocation_id", "valid string"),
        ({"weights": {}, "code": 123456}, "code", "valid string"),
        ({"weights": {}, "code": f"{SECRET}\x00"}, "code", "cannot be printed"),
        ({"weights": {}, "code": SECRET * 9}, "code", "at most 64"),
        ({"weights": {}, "Code": SECRET}, "Code", "no such field"),
        ({"weights": {}, "same_run": False}, "same_run", "no such field"),
        ({"weights": {}, "override": {"reason": "x", "code": SECRET}}, "override.code", "no such field"),
        ({"weights": {}, "override": {"second_code": SECRET}}, "override.reason", "is missing"),
        ({}, "weights", "is missing"),
    ],
)
def test_a_wrong_field_is_named_and_no_secret_is_repeated(
    api: Served, eve: Person, more: dict[str, Any], field: str, told: str
) -> None:
    pending = api.pending()
    answer = api.put(eve, eve.decision(pending) | more)
    assert (answer.status_code, answer.json()["error"]) == (422, "INVALID_INPUT")
    assert answer.json()["field"] == field
    assert told in answer.json()["message"]
    assert SECRET not in answer.text
    assert "123456" not in answer.text
    assert api.status(pending) is AllocationStatus.PENDING_APPROVAL


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (f'{{"code": "{SECRET}"'.encode(), "not JSON"),
        (f'{{"code": "{SECRET}", "code": "2"}}'.encode(), "a key is given twice"),
        (f'{{"weights": {{"A": "1", "A": "2"}}, "code": "{SECRET}"}}'.encode(), "a key is given twice"),
        (b'{"weights": NaN}', "NaN and Infinity"),
        (b'{"weights": ' + b"[" * 30_000, "nested too deeply"),
        (b'{"weights": ' + b"9" * 10_000 + b"}", "too many digits"),
        (b'{"note": "\xff"}', "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"\x00" * 100, "not JSON"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(api: Served, eve: Person, body: bytes, told: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = api.client.post(f"{PATH}/approve", auth=eve.login, content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (422, "INVALID_INPUT")
    assert told in answer.json()["message"]
    assert SECRET not in answer.text


def test_a_body_that_does_not_say_it_is_json_is_refused(api: Served, eve: Person) -> None:
    body = json.dumps(eve.decision(api.pending()))
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = api.client.post(f"{PATH}/approve", auth=eve.login, content=body, headers={"Content-Type": kind})
        assert answer.status_code == 422
        assert eve.app.now() not in answer.json()["message"]


def in_pieces() -> Iterator[bytes]:
    """1 MB whose length is not told beforehand."""
    for _ in range(256):
        yield b" " * 4096


@pytest.mark.parametrize("content", [b" " * 1_000_000, in_pieces], ids=["told", "in pieces"])
def test_a_megabyte_is_too_large_and_the_next_request_is_answered(api: Served, eve: Person, content: Any) -> None:
    sent = content if isinstance(content, bytes) else content()
    headers = {"Content-Type": "application/json"}
    answer = api.client.post(f"{PATH}/approve", auth=eve.login, content=sent, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (413, "TOO_LARGE")
    assert api.get("/history", eve).status_code == 200


def test_a_body_just_within_the_limit_is_read(api: Served, ada: Person) -> None:
    body = json.dumps(ada.decision(api.pending())).encode()
    headers = {"Content-Type": "application/json"}
    for size, status in ((64 * 1024, 200), (64 * 1024 + 1, 413)):
        answer = api.client.post(f"{PATH}/approve", auth=ada.login, content=body.ljust(size), headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "fund=" + "x" * 129])
def test_a_wrong_parameter_is_named(api: Served, eve: Person, query: str) -> None:
    answer = api.get(f"/history?{query}", eve)
    assert (answer.status_code, answer.json()["field"]) == (422, query.partition("=")[0])


def test_a_fund_with_odd_characters_is_just_not_found(api: Served, eve: Person) -> None:
    assert api.get("/history?fund=%00%0a%ff", eve).status_code == 404


def test_an_unknown_path_and_a_wrong_method_are_told_in_the_same_shape(api: Served, eve: Person) -> None:
    unknown = api.get("/nothing", eve)
    assert (unknown.status_code, unknown.json()["error"]) == (404, "NOT_FOUND")
    wrong = api.get("/approve", eve)
    assert (wrong.status_code, wrong.json()["error"]) == (405, "METHOD_NOT_ALLOWED")
    assert wrong.headers["Allow"] == "POST"
    assert set(wrong.json()) == {"error", "message", "remedy", "request_id"}
