"""Which programs come in: those whose key is in force and has the scope. Nobody learns why another one does not."""

from __future__ import annotations

import asyncio
import base64
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from fund_pipeline.api.context import Context
from fund_pipeline.api.envelope import Envelope
from fund_pipeline.api.guard import CHECKS_AT_ONCE, Guard, QuickDoor
from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.api_keys import revoke_key
from fund_pipeline.ledger.audit import Act, list_audit
from fund_pipeline.ledger.key_model import Scope
from fund_pipeline.logs import ROOT
from fund_pipeline.users import UserRole, add_key, add_user
from fund_pipeline_tests.api.registries import PATH, Registry, registry_at
from fund_pipeline_tests.samples import ACT

READING = [("GET", PATH), ("GET", f"{PATH}/x")]
WRITING = [
    ("POST", PATH),
    ("PUT", f"{PATH}/x"),
    ("DELETE", f"{PATH}/x"),
    ("POST", f"{PATH}/x/sync-backtest"),
]
PASSWORD = "some words nobody says"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_at(tmp_path_factory.mktemp("keys") / "home") as made:
        add_user(made.ledger, "ada", "Ada", UserRole.ADMIN, ACT, password=PASSWORD)
        yield made


def refused(answer: httpx.Response) -> dict[str, Any]:
    """The answer to a program that is not accepted, without what differs each time."""
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Fund Pipeline"')
    told: dict[str, Any] = answer.json()
    assert told.pop("request_id") == answer.headers["X-Request-ID"]
    return told


@pytest.mark.parametrize(("method", "path"), READING + WRITING)
def test_everything_is_closed_without_a_key_and_nothing_of_the_body_is_read(
    registry: Registry, method: str, path: str
) -> None:
    answer = registry.send(method, path, address=f"198.51.100.{len(method)}", content=b"{not JSON")
    assert refused(answer)["error"] == "NOT_ACCEPTED"


@pytest.mark.parametrize(("method", "path"), READING + WRITING)
def test_a_key_without_the_scope_is_refused_naming_it(registry: Registry, method: str, path: str) -> None:
    wanted = Scope.STRATEGIES_READ if (method, path) in READING else Scope.STRATEGIES_WRITE
    others = registry.key_for(*(scope for scope in Scope if scope is not wanted))
    answer = registry.send(method, path, headers={"X-API-Key": others}, content=b"{not JSON")
    told = answer.json()
    assert (answer.status_code, told["error"]) == (403, "INSUFFICIENT_SCOPE")
    assert wanted.value in told["message"]
    assert f"--scope {wanted}" in told["remedy"]
    assert f'error="insufficient_scope", scope="{wanted}"' in answer.headers["WWW-Authenticate"]
    only = registry.key_for(wanted)
    assert registry.send(method, path, headers={"X-API-Key": only}, json={}).status_code in {200, 404, 422}


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer  ", "BEARER "])
def test_a_key_is_sent_in_either_header(registry: Registry, scheme: str) -> None:
    text = registry.key.text
    for headers in ({"Authorization": scheme + text}, {"X-API-Key": text}, {"x-api-key": f" {text} "}):
        assert registry.send("GET", PATH, headers=headers).status_code == 200


def test_every_way_of_having_no_key_in_force_is_answered_alike(registry: Registry) -> None:
    usual = registry.key.text
    revoked = add_key(registry.ledger, "p", list(Scope), ACT)
    revoke_key(registry.ledger, revoked.key.key_id, ACT)
    began = Act("test", utc_now() - timedelta(days=2))
    expired = add_key(registry.ledger, "p", list(Scope), began, lasting=timedelta(days=1))
    changed = usual[:-1] + ("A" if usual[-1] != "A" else "B")
    login = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    texts = [
        "",
        "x",
        "fund_",
        revoked.text,
        expired.text,
        changed,
        usual + "A",
        usual[5:],
        f"fund_{'0' * 12}_{'x' * 43}",
    ]
    headers: list[list[tuple[str, str]]] = [[("X-API-Key", text)] for text in texts]
    headers += [
        [("Authorization", f"Basic {login}")],
        [("Authorization", usual)],
        [("Authorization", f"Token {usual}")],
    ]
    headers += [[("X-API-Key", usual)] * 2, [("X-API-Key", usual), ("Authorization", f"Bearer {usual}")], []]
    told = [
        refused(registry.send("GET", PATH, address=f"203.0.113.{number}", headers=each))
        for number, each in enumerate(headers)
    ]
    assert [one for one in told if one != told[0]] == []
    assert registry.send("GET", PATH, params={"key": usual}, address="203.0.113.99").status_code == 401


def test_a_key_opens_nothing_that_is_an_admins(registry: Registry) -> None:
    for path in ("/api/portfolio/allocations/history", "/openapi.json"):
        answer = registry.send("GET", path, headers={"Authorization": f"Bearer {registry.key.text}"})
        assert (answer.status_code, answer.headers["WWW-Authenticate"][:5]) == (401, "Basic")


def test_after_too_many_refusals_strangers_wait_and_whoever_has_a_key_does_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with registry_at(tmp_path / "home") as registry:
        _too_many(registry, caplog)


def _too_many(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    before = len(list_audit(registry.ledger, entity="api_key"))
    caplog.set_level(logging.WARNING, logger=ROOT)
    answers = [registry.send("GET", PATH, address="192.0.2.77", headers={"X-API-Key": "x"}) for _ in range(25)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 15
    waiting = answers[-1]
    assert (waiting.json()["error"], 0 < int(waiting.headers["Retry-After"]) <= 60) == ("RATE_LIMITED", True)
    assert len([one for one in caplog.records if one.getMessage() == "key refused"]) == 10
    written = list_audit(registry.ledger, entity="api_key")[before:]
    assert [(one.entry.action, one.entry.detail["failures"]) for one in written] == [
        ("api_key_refused", 1),
        ("api_key_refused", 10),
    ]
    mine = registry.send("GET", PATH, address="192.0.2.77", headers={"X-API-Key": registry.key.text})
    assert mine.status_code == 200
    elsewhere = registry.send("GET", PATH, address="192.0.2.78", headers={"X-API-Key": "x"})
    assert elsewhere.status_code == 401


def test_a_refusal_is_told_with_the_keys_id_and_never_with_the_key(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=ROOT)
    gone = add_key(registry.ledger, "p", list(Scope), ACT)
    revoke_key(registry.ledger, gone.key.key_id, ACT)
    pasted = "correct horse battery staple"
    answers = [
        registry.send("GET", PATH, address="192.0.2.80", headers={"X-API-Key": gone.text}),
        registry.send("GET", PATH, address="192.0.2.81", headers={"X-API-Key": pasted}),
        registry.send("GET", PATH, headers={"X-API-Key": registry.key.text}),
    ]
    log = [vars(record) for record in caplog.records]
    told = [(one["verdict"], one["key"]) for one in log if one["msg"] == "key refused"]
    assert told == [("REVOKED", gone.key.key_id), ("NOT_A_KEY", "(unknown)")]
    assert [one["key"] for one in log if one["msg"] == "request answered" and one["status"] == 200] == [
        registry.key.key.key_id
    ]
    everything = str(log) + str(list_audit(registry.ledger)) + "".join(a.text + str(a.headers) for a in answers)
    secrets = [gone.text, gone.text[-43:], pasted, registry.key.text, registry.key.text[-43:]]
    assert [secret for secret in secrets if secret in everything] == []


def test_a_key_is_checked_while_every_password_check_is_busy() -> None:
    busy, done = threading.Semaphore(0), threading.Event()

    def slow(_here: Context, _connection: HTTPConnection) -> dict[str, str]:
        busy.release()
        assert done.wait(60)
        return {}

    app = FastAPI()
    app.state.context = None
    doors = {("GET", "/slow"): slow, ("GET", "/quick"): QuickDoor(lambda _here, _connection: {})}
    app.add_middleware(Guard, doors=doors)
    app.add_middleware(Envelope)
    for path in ("/slow", "/quick"):
        app.add_api_route(path, lambda: {})

    async def asking() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
            waiting = [asyncio.create_task(client.get("/slow")) for _ in range(CHECKS_AT_ONCE + 1)]
            for _ in range(CHECKS_AT_ONCE):
                await asyncio.to_thread(busy.acquire)
            try:
                quick = await client.get("/quick")
                assert not any(one.done() for one in waiting)
            finally:
                done.set()
            return [quick.status_code, *(one.status_code for one in await asyncio.gather(*waiting))]

    assert asyncio.run(asking()) == [200] * (CHECKS_AT_ONCE + 2)
