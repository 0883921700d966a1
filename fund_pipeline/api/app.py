"""The application: its rooms put together, and its ledger opened for as long as it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Literal

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request
from pydantic import BaseModel

from fund_pipeline import __version__
from fund_pipeline.api import dashboards, logging_in, pages, problems, signals
from fund_pipeline.api.accounts import router as accounts
from fund_pipeline.api.allocations import router as allocations
from fund_pipeline.api.body_limit import BodyLimit
from fund_pipeline.api.context import Context
from fund_pipeline.api.decisions import router as decisions
from fund_pipeline.api.envelope import Envelope
from fund_pipeline.api.guard import CHECKS_AT_ONCE, LOOKS_AT_ONCE, Door, Guard
from fund_pipeline.api.strategies import STARTS_AT_ONCE
from fund_pipeline.api.strategies import doors as strategy_doors
from fund_pipeline.api.strategies import router as strategies
from fund_pipeline.api.token_door import TOKEN_DOOR
from fund_pipeline.keys import audit_source
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.patience import Patience
from fund_pipeline.settings import Settings

THREADS = 10
"""Requests at work at once."""

LOGINS_AT_ONCE = 1
"""Passwords of logins that are checked at once, besides those of other requests: each takes 64 MiB."""

ASKERS = THREADS + CHECKS_AT_ONCE + LOOKS_AT_ONCE + STARTS_AT_ONCE + LOGINS_AT_ONCE
"""Threads that may want a connection of the ledger at once."""

PATIENCE_SECONDS = 10.0
"""How long a person's or a program's request waits for the ledger, before it gives its thread to others."""

HEALTH = "/healthz"
DOORS: Mapping[tuple[str, str], Door | None] = {
    ("*", HEALTH): None,
    ("GET", pages.ROOT): None,
    ("GET", pages.LOGIN): None,
    ("POST", pages.LOGIN): None,
    ("POST", pages.LOGOUT): None,
    ("POST", logging_in.LOGIN): None,
    ("POST", logging_in.LOGOUT): TOKEN_DOOR,
    ("GET", f"{dashboards.PREFIX}/*"): TOKEN_DOOR,
}
"""A page itself sends whoever is not logged in to do so; there a login is proved by what is posted."""

DESCRIPTION = """\
What each fund is recommended to hold, what it holds, and the decisions of its admins.

Everything about allocations wants HTTP Basic with an admin's user id and password. A decision also wants the one-time
code that the admin's authenticator app shows, once. It names what was shown: the `shown` of a recommendation, which is
its id and a digest of its inputs and weights, so that nobody approves what they have not seen.

`/api/v1/accounts` is for admins too: where each fund's money is, and the broker's last word on it. An account that is
to trade real money names itself twice.

`/api/strategies` is for programs: it wants a key that `fund keys add` made, as `Authorization: Bearer KEY` or
`X-API-Key: KEY`, with the scope `strategies:read` or, for whatever changes something, `strategies:write`.

`/api/v1/dashboards` is for admins who are logged in: `/api/v1/login` takes user id, password and one-time code for a
token that lasts a while, `/api/v1/logout` ends it. The same dashboards are a page at `/`.

A signal is posted to `/api/v1/signals` with its sender's passphrase in the body and no other login. What became of it
is told there to its sender or an admin, with HTTP Basic, and to a program with the scope `signals:read`. `/healthz` and
`/readyz` are open to all.

Weights are decimals in strings, fractions of the fund's equity. Times are UTC. Each answer carries `X-Request-ID`, the
one that was sent if it is well formed, and `X-Correlation-ID`, which is ours: logs and audit log tell of the request
under that one alone.
"""


class Health(BaseModel):
    """That the process is up and its ledger answers."""

    status: Literal["ok"] = "ok"


def create_app(settings: Settings) -> FastAPI:
    """The API over the ledger and warehouse of these settings. The ledger is opened when the application starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        def audit_keys() -> AuditKeys:
            return AuditKeys.of(audit_source(settings).read())

        ledger = open_ledger(settings.ledger_url, audit_keys, Patience(PATIENCE_SECONDS, ASKERS))
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        app.state.context = Context(
            settings, ledger, anyio.CapacityLimiter(STARTS_AT_ONCE), anyio.CapacityLimiter(LOGINS_AT_ONCE)
        )
        app.state.signals = desk = signals.Desk(settings, audit_keys, ASKERS)
        desk.worker.start()
        try:
            yield
        finally:
            desk.close()
            ledger.close()

    app = FastAPI(
        title="Fund Pipeline",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},  # it would see codes
    )
    problems.install(app)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, answers=dict.fromkeys(signals.PATHS, signals.too_large))
    app.add_middleware(Guard, doors={**DOORS, **strategy_doors(), **signals.doors()})
    app.add_middleware(Envelope)
    app.add_api_route(HEALTH, health, summary="Whether the API and its ledger answer", tags=["health"])
    app.add_api_route(HEALTH, health, methods=["HEAD"], include_in_schema=False)
    app.include_router(allocations)
    app.include_router(decisions)
    app.include_router(accounts)
    app.include_router(strategies)
    app.include_router(logging_in.router)
    app.include_router(dashboards.router)
    app.include_router(pages.router)
    app.include_router(signals.posting)
    app.include_router(signals.telling)
    app.include_router(signals.readiness)
    return app


async def health(request: Request) -> Health:
    """Needs no login. 503 while the ledger does not answer, or hangs."""
    desk = signals.desk_of(request)
    # No dependency: it would wait for a thread, and those may all wait for something else.
    return await anyio.to_thread.run_sync(_health, desk, limiter=desk.looking)


def _health(desk: signals.Desk) -> Health:
    with desk.ledger.reading():
        return Health()
