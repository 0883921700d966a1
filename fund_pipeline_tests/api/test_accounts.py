"""Accounts over HTTP, within this process, on an embedded home."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from fund_pipeline.api import create_app
from fund_pipeline.clock import utc_now
from fund_pipeline.keys import audit_source
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline.users import UserRole, add_user, passwords
from fund_pipeline_tests.api.conftest import settings_of
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.samples import ACT, FUND, snapshot

PATH = "/api/v1/accounts"
PASSWORD = "some words nobody says"
BODY = {
    "fund_id": "demo",
    "name": "Main",
    "broker": "paper",
    "broker_account": "P1",
    "asset_classes": ["STOCK"],
    "currency": "USD",
}
REAL = BODY | {"account_id": "real", "broker": "ibkr", "broker_account": "U1", "mode": "LIVE"}


@dataclass(frozen=True)
class Desk:
    """An application that runs in this process on a home, and the ledger under it."""

    ledger: Ledger
    client: httpx.AsyncClient
    runner: asyncio.Runner

    def ask(self, method: str, path: str = "", body: Any = None, user: str = "ada") -> httpx.Response:
        """The answer to one request."""
        asked = self.client.request(
            method, PATH + path, json=body, auth=(user, PASSWORD), headers={"X-Request-ID": "asked-1"}
        )
        return self.runner.run(asked)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A home with fund `demo`, the admin ada and bob, who is none; passwords are hashed with less work meanwhile."""
    home = Home(tmp_path_factory.mktemp("accounts") / "home")
    assert home.fund("ledger", "upgrade").returncode == 0
    settings = settings_of(home)
    ledger = open_ledger(settings.ledger_url, lambda: AuditKeys.of(audit_source(settings).read()))
    app = create_app(settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        put_fund(ledger, FUND, ACT)
        add_user(ledger, "ada", "Ada", UserRole.ADMIN, ACT, password=PASSWORD)
        add_user(ledger, "bob", "Bob", UserRole.CLIENT, ACT, password=PASSWORD)
        lifespan = app.router.lifespan_context(app)
        runner.run(lifespan.__aenter__())
        client = httpx.AsyncClient(transport=transport, base_url="http://api")
        yield Desk(ledger, client, runner)
        runner.run(client.aclose())
        runner.run(lifespan.__aexit__(None, None, None))
    ledger.close()


def test_an_account_is_added_shown_changed_closed_and_removed(desk: Desk) -> None:
    added = desk.ask("POST", body=BODY | {"account_id": "main"})
    assert (added.status_code, added.json()["mode"], added.json()["status"]) == (201, "PAPER", "OPEN")
    assert desk.ask("GET", "/main").json() == added.json()
    assert desk.ask("GET", "?fund=demo").json() == {"accounts": [added.json()]}
    changed = desk.ask("PUT", "/main", BODY | {"name": "Renamed", "status": "CLOSED"})
    assert (changed.status_code, changed.json()["name"], changed.json()["status"]) == (200, "Renamed", "CLOSED")
    assert desk.ask("DELETE", "/main").status_code == 204
    assert desk.ask("GET", "/main").status_code == 404
    told = history(desk.ledger, "account", "main")
    assert [entry.action for entry in told] == ["account_added", "account_changed", "account_deleted"]
    assert {entry.actor for entry in told} == {"user:ada"}
    assert [told[0].correlation_id, told[1].correlation_id] == [
        answer.headers["X-Correlation-ID"] for answer in (added, changed)
    ]


def test_real_money_is_confirmed_with_the_accounts_id(desk: Desk) -> None:
    refused = desk.ask("POST", body=REAL)
    assert (refused.status_code, "said twice" in refused.json()["message"]) == (422, True)
    assert desk.ask("GET", "/real").status_code == 404
    assert desk.ask("POST", body=REAL | {"confirm_live": "real"}).json()["mode"] == "LIVE"
    assert desk.ask("DELETE", "/real").status_code == 204


def test_the_state_is_the_brokers_last_word_and_how_old_it_is(desk: Desk) -> None:
    desk.ask("POST", body=BODY | {"account_id": "stated", "broker_account": "P2"})
    nothing = desk.ask("GET", "/stated/state")
    assert (nothing.status_code, "has not told anything" in nothing.json()["message"]) == (404, True)
    now = utc_now()
    margin, held = Decimal("0.5"), {"STOCK:1": Decimal("-2.5")}
    said = snapshot(
        "stated", "100", margin_used=margin, positions=held, as_of=now - timedelta(hours=1), received_at=now
    )
    record_snapshot(desk.ledger, said)
    state = desk.ask("GET", "/stated/state").json()
    shown = [state[name] for name in ("equity", "cash", "margin_used", "available", "currency")]
    assert shown == ["100", "100", "0.5", "99.5", "USD"]
    assert state["positions"] == {"STOCK:1": "-2.5"}
    assert 3600 <= state["age_seconds"] < 4000
    kept = desk.ask("DELETE", "/stated")
    assert (kept.status_code, "history in account_snapshots" in kept.json()["message"]) == (409, True)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", "", BODY, 422, "account_id"),
        ("POST", "", BODY | {"account_id": "A B"}, 422, "account_id"),
        ("POST", "", BODY | {"account_id": "a", "broker": "bank"}, 422, "broker"),
        ("POST", "", BODY | {"account_id": "a", "asset_classes": []}, 422, "asset_classes"),
        ("POST", "", BODY | {"account_id": "a", "fund_id": "nowhere"}, 422, "fund_id"),
        ("POST", "", BODY | {"account_id": "a", "mode": "LIVE", "confirm_live": "a"}, 422, "mode"),
        ("POST", "", BODY | {"account_id": "a", "speed": 1}, 422, "speed"),
        ("PUT", "/nowhere", BODY | {"status": "OPEN"}, 404, None),
        ("PUT", "/nowhere", BODY, 422, "status"),
        ("GET", "/nowhere", None, 404, None),
        ("GET", "/nowhere/state", None, 404, None),
        ("GET", "?fund=nowhere", None, 404, None),
        ("DELETE", "/nowhere", None, 404, None),
    ],
)
def test_what_cannot_be_done_names_the_field(
    desk: Desk, method: str, path: str, body: Any, status: int, field: str | None
) -> None:
    answer = desk.ask(method, path, body)
    assert (answer.status_code, answer.json().get("field")) == (status, field), answer.text


def test_only_admins_come_in(desk: Desk) -> None:
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/main/state"), ("DELETE", "/main")):
        assert desk.ask(method, path, user="bob").status_code == 401
