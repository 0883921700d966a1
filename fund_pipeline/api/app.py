"""The application: its rooms put together, and its ledger opened for as long as it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Literal

import anyio.to_thread
from fastapi import FastAPI
from pydantic import BaseModel

from fund_pipeline import __version__
from fund_pipeline.api import problems
from fund_pipeline.api.allocations import router as allocations
from fund_pipeline.api.body_limit import BodyLimit
from fund_pipeline.api.context import Context, Here
from fund_pipeline.api.decisions import router as decisions
from fund_pipeline.api.envelope import Envelope
from fund_pipeline.api.guard import Door, Guard
from fund_pipeline.keys import audit_source
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.settings import Settings

THREADS = 10
"""Requests at work at once; with those whose password is being checked, fewer than the ledger has connections."""

HEALTH = "/healthz"
DOORS: Mapping[tuple[str, str], Door | None] = {("*", HEALTH): None}

DESCRIPTION = """\
What each fund is recommended to hold, what it holds, and the decisions of its admins.

Everything but `/healthz` wants HTTP Basic with an admin's user id and password. A decision also wants the one-time code
that the admin's authenticator app shows, once. It names what was shown: the `shown` of a recommendation, which is its
id and a digest of its inputs and weights, so that nobody approves what they have not seen.

Weights are decimals in strings, fractions of the fund's equity. Times are UTC. Each answer carries `X-Request-ID`, the
one that was sent if it is well formed, under which logs and audit log tell of the request.
"""


class Health(BaseModel):
    """That the process is up and its ledger answers."""

    status: Literal["ok"] = "ok"


def create_app(settings: Settings) -> FastAPI:
    """The API over the ledger and warehouse of these settings. The ledger is opened when the application starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        ledger = open_ledger(settings.ledger_url, lambda: AuditKeys.of(audit_source(settings).read()))
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        app.state.context = Context(settings, ledger)
        try:
            yield
        finally:
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
    app.add_middleware(BodyLimit)
    app.add_middleware(Guard, doors=DOORS)
    app.add_middleware(Envelope)
    app.add_api_route(HEALTH, health, summary="Whether the API and its ledger answer", tags=["health"])
    app.include_router(allocations)
    app.include_router(decisions)
    return app


def health(here: Here) -> Health:
    """Needs no login. 503 while the ledger does not answer."""
    with here.ledger.reading():
        return Health()
