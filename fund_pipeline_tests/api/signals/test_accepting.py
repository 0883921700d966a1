"""What is sent in order is stored, answered and read."""

from __future__ import annotations

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import func, select

from fund_pipeline.api.signals.document import EXAMPLES
from fund_pipeline.ledger.tables import raw_signals
from fund_pipeline_tests.api.signals.frontage import INSIDE, NETWORKED, SIGNED, SIGNING_SECRET, Frontage, entry, secret
from fund_pipeline_tests.waiting import wait_until


def _rows(front: Frontage, name: str) -> int:
    query = select(func.count()).where(raw_signals.c.sender_signal_id == name)
    with front.ledger.reading() as connection:
        return connection.execute(query).scalar_one()


def test_a_signal_is_stored_when_it_is_answered_and_read_soon_after(front: Frontage) -> None:
    answer = front.post(entry("first"))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {"success": True, "signal_id": answer.json()["signal_id"], "status": "RECEIVED"}
    assert _rows(front, "first") == 1
    signal_id = answer.json()["signal_id"]
    told = wait_until(lambda: (found := front.told(signal_id).json())["state"] != "RECEIVED" and found, what="reading")
    assert (told["state"], told["type"], told["strategy"]) == ("STANDARDISED", "ENTRY", "S-tess")


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/plain; charset=utf-8", None])
@pytest.mark.parametrize("path", ["/api/v1/signals", "/api/signals"])
def test_any_content_type_will_do_on_both_paths(embedded: Frontage, path: str, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = json.dumps(entry(f"typed {path} {content_type}", "theo")).encode()
    answer = embedded.client.post(path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["success"]) == (200, True)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_documented_envelope_is_taken_and_read(embedded: Frontage, name: str) -> None:
    payload = EXAMPLES[name] | {"passphrase": secret("theo"), "strategy_name": "S-theo"}
    signal_id = embedded.post(payload).json()["signal_id"]
    told = wait_until(
        lambda: (found := embedded.told(signal_id, "theo").json())["state"] != "RECEIVED" and found, what=name
    )
    assert (told["state"], told["format"]) == ("STANDARDISED", name), told


def test_the_same_again_is_answered_as_the_first_time(front: Frontage) -> None:
    payload = entry("again")
    first, second = front.post(payload), front.post(payload | {"passphrase": secret("tess")})
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert _rows(front, "again") == 1


def test_fifty_equal_posts_of_ten_clients_are_one_row_and_fifty_equal_answers(front: Frontage) -> None:
    body = json.dumps(entry("fifty", "many")).encode()

    def five(_: int) -> list[tuple[int, bytes]]:
        with httpx.Client(base_url=front.client.base_url, timeout=60, trust_env=False) as client:
            answers = [client.post("/api/v1/signals", content=body) for _ in range(5)]
        return [(answer.status_code, answer.content) for answer in answers]

    with ThreadPoolExecutor(10) as pool:
        answers = [answer for some in pool.map(five, range(10)) for answer in some]
    assert (len(answers), len(set(answers)), answers[0][0]) == (50, 1, 200)
    assert _rows(front, "fifty") == 1


def test_a_sender_who_signs_is_taken_by_its_signature_only(embedded: Frontage) -> None:
    body = json.dumps(entry("signed", SIGNED)).encode()
    good = hmac.digest(SIGNING_SECRET.encode(), body, hashlib.sha256).hex()
    assert embedded.post(body).status_code == 401
    assert embedded.post(body, headers={"X-Signature": good[::-1]}).status_code == 401
    assert embedded.post(body, headers={"X-Signature": f"sha256={good}"}).status_code == 200


def test_a_trusted_proxy_says_where_a_sender_is(embedded: Frontage) -> None:
    payload = entry("from inside", NETWORKED)
    assert embedded.post(payload).status_code == 401
    assert embedded.post(payload, headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 401
    assert embedded.post(payload, headers={"X-Forwarded-For": INSIDE}).status_code == 200


def test_nobody_else_says_where_a_sender_is(on_postgres: Frontage) -> None:
    answer = on_postgres.post(entry("pretended", NETWORKED), headers={"X-Forwarded-For": INSIDE})
    assert (answer.status_code, answer.json()["error"]) == (401, "NOT_ACCEPTED")


def test_our_id_of_a_request_is_in_the_answer_the_log_and_the_inbox(front: Frontage) -> None:
    answer = front.post(entry("with an id"), headers={"X-Request-ID": "asked-77"})
    assert answer.headers["X-Request-ID"] == "asked-77"
    given = answer.headers["X-Correlation-ID"]
    query = select(raw_signals.c.request_id).where(raw_signals.c.sender_signal_id == "with an id")
    with front.ledger.reading() as connection:
        assert connection.execute(query).scalar_one() == given
    told = [json.loads(line) for line in front.log.splitlines() if f'"{given}"' in line]
    assert "asked-77" not in front.log
    assert "signal accepted" in {line["event"] for line in told}
