"""Whoever guesses user ids is slowed down, fills no audit log, and keeps nobody with a key waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher

from fund_pipeline.api.context import LOGINS, Context
from fund_pipeline.api.guard import CHECKS_AT_ONCE, MOST_WAITING
from fund_pipeline.ledger.audit import list_audit
from fund_pipeline.users import UserRole, add_user, passwords
from fund_pipeline_tests.api.registries import Registry, registry_at
from fund_pipeline_tests.samples import ACT

SIGNALS, ACCOUNTS = "/api/v1/signals", "/api/v1/accounts"
ADA = ("ada", "some words nobody says")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """An application with an admin; passwords are hashed with less work."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    with registry_at(tmp_path / "home") as found:
        add_user(found.ledger, ADA[0], "Ada", UserRole.ADMIN, ACT, password=ADA[1])
        yield found


def test_strangers_from_one_address_are_refused_unheard_and_audited_twice(registry: Registry) -> None:
    def tried(path: str, user: str) -> int:
        return registry.send("GET", path, "192.0.2.7", auth=(user, "x")).status_code

    paths = [SIGNALS, ACCOUNTS] * (LOGINS.failures // 2)
    assert {tried(path, f"nobody-{number}") for number, path in enumerate(paths)} == {401}
    assert [tried(path, user) for path in (SIGNALS, ACCOUNTS) for user in ("nobody", "ada")] == [429] * 4
    refused = registry.send("GET", ACCOUNTS, "192.0.2.7", auth=("nobody", "x"))
    assert int(refused.headers["Retry-After"]) > 0
    told = [row.entry for row in list_audit(registry.ledger) if row.entry.action == "password_refused"]
    assert len(told) == 2
    assert registry.send("GET", ACCOUNTS, "192.0.2.8", auth=ADA).status_code == 200


def test_whoever_has_a_key_waits_for_no_password_and_a_long_queue_is_closed(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, done = threading.Semaphore(0), threading.Event()
    security = Context.security

    def slow(here: Context) -> object:
        busy.release()
        assert done.wait(60)
        return security(here)

    monkeypatch.setattr(Context, "security", slow)

    async def asking() -> tuple[int, set[int], set[int]]:
        transport = httpx.ASGITransport(registry.app, client=("192.0.2.9", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            many = range(CHECKS_AT_ONCE + MOST_WAITING)
            waiting = [asyncio.create_task(client.get(SIGNALS, auth=ADA)) for _ in many]
            for _ in range(CHECKS_AT_ONCE):
                await asyncio.to_thread(busy.acquire)
            try:
                late = {(await client.get(path, auth=ADA)).status_code for path in (SIGNALS, ACCOUNTS)}
                keyed = await client.get(SIGNALS, headers={"X-API-Key": registry.key.text})
            finally:
                done.set()
            return keyed.status_code, late, {answer.status_code for answer in await asyncio.gather(*waiting)}

    assert registry.portal.call(asking) == (200, {503}, {200})
