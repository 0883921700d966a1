"""`POST` of a signal: whatever the database is at, the sender has its answer in time."""

from __future__ import annotations

from typing import Any, Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from fund_pipeline.api.context import request_id_of
from fund_pipeline.api.signals.desk import CUT_OFF_SECONDS, Desk, desk_of
from fund_pipeline.api.signals.document import BODY
from fund_pipeline.api.signals.receiving import Posted, receive
from fund_pipeline.api.signals.refusals import Refusal, SignalProblem
from fund_pipeline.clock import utc_now
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.inbox import Accepted, AcceptedStatus

PATHS = ("/api/v1/signals", "/api/signals")
SIGNATURE = "X-Signature"
TELLS: dict[int, str] = {
    400: "The body is not one JSON object.",
    401: "The passphrase, or the signature, is not accepted.",
    403: "The sender may not send for this strategy.",
    409: "The `signalID` came before with other content.",
    413: "The body is too large.",
    422: "A field that every signal needs is missing or wrong.",
    429: "Too many signals, or too many strangers; send again after `Retry-After` seconds.",
    503: "Signals cannot be stored now, and nothing was; send again after `Retry-After` seconds.",
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"model": SignalProblem, "description": what} for status, what in TELLS.items()
}

log = get_logger(__name__)
router = APIRouter(tags=["signals"])


class TakenAnswer(BaseModel):
    """A signal that is kept. The same signal again is answered the same."""

    success: Literal[True] = True
    signal_id: str = Field(description="Ours; what became of it is told under this id.")
    status: AcceptedStatus = Field(description="RECEIVED: in the ledger. SPOOLED: on disk until the ledger is back.")


async def post_signal(request: Request) -> Response:
    """Send one signal: JSON in UTF-8, whatever its content type says. The passphrase in it is the login.

    It is stored before it is answered, and read afterwards.
    """
    posted = Posted(
        body=await request.body(),
        headers=dict(request.headers),
        signature=request.headers.get(SIGNATURE),
        address=None if request.client is None else request.client.host,
        request_id=request_id_of(request),
        received_at=utc_now(),
    )
    # No dependency: it would wait for a thread, and those may all wait for the ledger.
    found = await _received(desk_of(request), posted)
    if isinstance(found, Refusal):
        return found.response(posted.request_id)
    return JSONResponse(TakenAnswer(signal_id=found.signal_id, status=found.status).model_dump(mode="json"))


async def _received(desk: Desk, posted: Posted) -> Accepted | Refusal:
    with anyio.move_on_after(CUT_OFF_SECONDS):
        return await anyio.to_thread.run_sync(
            receive, desk, desk.ledger, posted, abandon_on_cancel=True, limiter=desk.storing
        )
    # What was abandoned may still store the signal: then the spool holds it a second time, which is harmless.
    log.warning("a signal waited too long for the ledger and goes to the spool")
    return await anyio.to_thread.run_sync(receive, desk, desk.away, posted, limiter=desk.spooling)


for path in PATHS:
    router.add_api_route(
        path,
        post_signal,
        methods=["POST"],
        summary="Send a signal",
        response_model=TakenAnswer,
        responses=ANSWERS,
        openapi_extra={"requestBody": BODY},
    )
