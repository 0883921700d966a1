"""Users of a home's ledger, with all they know, and a client that speaks to the API in their name."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pyotp
from fastapi import FastAPI

from fund_pipeline.clock import utc_now
from fund_pipeline.keys import audit_source
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.allocations import get_allocation, list_allocations, recommend_again
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.digests import shown_id
from fund_pipeline.ledger.model import Allocation, AllocationOrigin, AllocationStatus
from fund_pipeline.settings import Settings
from fund_pipeline.users import Security, UserRole, add_user, enrol_totp, new_recovery_codes

PATH = "/api/portfolio/allocations"


@dataclass(frozen=True)
class Person:
    """A user: their id and password, the app on their phone, and their recovery codes."""

    user_id: str
    password: str
    app: pyotp.TOTP
    recovery_codes: Sequence[str]

    @property
    def login(self) -> tuple[str, str]:
        """For HTTP Basic."""
        return self.user_id, self.password

    def decision(self, allocation: Allocation, **more: Any) -> dict[str, Any]:
        """The body of this person's decision on an allocation, with the code their phone shows now."""
        shown = shown_id(allocation.allocation_id, allocation.digest)
        return {"allocation_id": shown, "approved_by": self.user_id, "code": self.app.now()} | more


@dataclass(frozen=True)
class Served:
    """A home whose API runs, and the ledger under it as another process sees it."""

    settings: Settings
    client: httpx.Client
    ledger: Ledger

    def person(self, role: UserRole = UserRole.ADMIN) -> Person:
        """A new user, enrolled, who has used no code yet."""
        name, password = f"user-{uuid.uuid4().hex[:12]}", f"password of {uuid.uuid4().hex}"
        act, box = Act("test", utc_now()), Security.of(self.settings, self.ledger).box
        add_user(self.ledger, name, name, role, act, password=password)
        app = pyotp.parse_uri(enrol_totp(self.ledger, name, box, act))
        assert isinstance(app, pyotp.TOTP)
        return Person(name, password, app, new_recovery_codes(self.ledger, name, box, act))

    def pending(self) -> Allocation:
        """A new pending recommendation of what the demo's run found."""
        found = list_allocations(self.ledger, "demo")
        source = next(one for one in found if one.origin is AllocationOrigin.OPTIMISED)
        fresh = replace(
            source,
            allocation_id=f"demo-{uuid.uuid4().hex[:12]}",
            status=AllocationStatus.PENDING_APPROVAL,
            created_at=utc_now(),
        )
        assert recommend_again(self.ledger, fresh, Act("test", utc_now()))
        return fresh

    def status(self, allocation: Allocation) -> AllocationStatus:
        """What became of an allocation."""
        return get_allocation(self.ledger, allocation.allocation_id).status

    def get(self, path: str, person: Person, **more: Any) -> httpx.Response:
        """Ask in a person's name."""
        return self.client.get(PATH + path, auth=person.login, **more)

    def post(self, path: str, person: Person, body: Any, **more: Any) -> httpx.Response:
        """Send a decision in a person's name."""
        return self.client.post(PATH + path, auth=person.login, json=body, **more)

    def put(self, person: Person, body: Any) -> httpx.Response:
        """Send own weights in a person's name, in ASCII, as JSON may write half a character."""
        headers = {"Content-Type": "application/json"}
        return self.client.put(f"{PATH}/custom", auth=person.login, content=json.dumps(body), headers=headers)


def asked(app: FastAPI, path: str, login: tuple[str, str] = ("ada", "some password")) -> httpx.Response:
    """The answer of an application within this process."""

    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://api", auth=login) as client,
        ):
            return await client.get(path, headers={"X-Request-ID": "asked-1"})

    return asyncio.run(asking())


@contextmanager
def served(settings: Settings, url: str) -> Iterator[Served]:
    """What the tests need of an API that runs at a URL over a home."""
    ledger = open_ledger(settings.ledger_url, lambda: AuditKeys.of(audit_source(settings).read()))
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        try:
            yield Served(settings, client, ledger)
        finally:
            ledger.close()
