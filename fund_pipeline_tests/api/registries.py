"""The application over a ledger of its own, and programs that ask it with their keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from fund_pipeline.accounts.accounts import parse_account, put_account
from fund_pipeline.api import create_app
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.key_model import Scope
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.settings import Settings
from fund_pipeline.users import NewKey, add_key
from fund_pipeline_tests.samples import ACT, FUND

PATH = "/api/strategies"
NOBODY_LISTENS = 9
"""A port of this machine on which there is no web server."""


@dataclass(frozen=True)
class Registry:
    """An application that runs in this process, its ledger, and a key with every scope."""

    app: FastAPI
    ledger: Ledger
    key: NewKey
    portal: BlockingPortal

    def send(self, method: str, path: str, address: str = "192.0.2.1", **more: Any) -> httpx.Response:
        """Send a request from an address, of which failures are counted by themselves."""

        async def sending() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 50_000))
            async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
                return await client.request(method, path, **more)

        return self.portal.call(sending)

    def ask(self, method: str, path: str = "", key: str | None = None, **more: Any) -> httpx.Response:
        """The same to the registry with a key, the usual one if none is given."""
        headers = {"Authorization": f"Bearer {self.key.text if key is None else key}"} | more.pop("headers", {})
        return self.send(method, PATH + path, headers=headers, **more)

    def key_for(self, *scopes: Scope) -> str:
        """A new key with these scopes."""
        return add_key(self.ledger, "a program", scopes, ACT).text

    def actions(self, strategy_id: str) -> list[tuple[str, str]]:
        """Action and actor of everything that was done to a strategy."""
        return [(entry.action, entry.actor) for entry in history(self.ledger, "strategy", strategy_id)]


@contextmanager
def registry_at(home: Path, database_url: str | None = None, port: int = NOBODY_LISTENS) -> Iterator[Registry]:
    """An application over a new ledger with two accounts on paper; Dagster's web server is said to be at `port`."""
    settings = Settings(home=home, database_url=database_url, port=port, _env_file=None)  # type: ignore[arg-type]
    upgrade(settings.ledger_url)
    app = create_app(settings)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        ledger = app.state.context.ledger
        put_fund(ledger, FUND, ACT)
        for account_id in ("a1", "a2"):
            put_account(ledger, account(account_id), ACT)
        yield Registry(app, ledger, add_key(ledger, "usual", list(Scope), ACT), portal)


def account(account_id: str, **fields: str) -> Account:
    """An account of the tests' fund at the paper broker, which is its own number there."""
    plain = {"fund_id": FUND.fund_id, "broker": "paper", "broker_account": account_id, "currency": "USD"}
    return parse_account(plain | {"account_id": account_id, "asset_classes": ["STOCK"]} | fields)
