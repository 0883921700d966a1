"""Whether signals can be taken in and read: for whoever sends requests this way."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache

import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from fund_pipeline.api.context import request_id_of
from fund_pipeline.api.problems import RETRY_SECONDS, Problem, Reason
from fund_pipeline.api.signals.desk import Desk, desk_of
from fund_pipeline.errors import FundError, TemporaryError
from fund_pipeline.ledger.migrate import newest_revision, revision_of
from fund_pipeline.logs import get_logger

READY = "/readyz"

log = get_logger(__name__)
router = APIRouter(tags=["health"])


class Ready(BaseModel):
    """By part, whether it is ready."""

    parts: dict[str, bool] = Field(
        description="`ledger` answers; its `revision` is this version's; `instruments` can be read; `spool` be "
        "written; the `worker` reads what was received."
    )


class NotReady(Problem):
    """Which parts are not ready. The log tells why."""

    parts: dict[str, bool]


@router.head(READY, include_in_schema=False)
@router.get(READY, summary="Whether all parts are ready", response_model=Ready, responses={503: {"model": NotReady}})
async def ready(request: Request) -> Response:
    """Needs no login. 503 names the parts that are not ready."""
    desk = desk_of(request)
    # No dependency: it would wait for a thread, and those may all wait for something else.
    parts = await anyio.to_thread.run_sync(_checked, desk, limiter=desk.looking)
    if all(parts.values()):
        return JSONResponse(Ready(parts=parts).model_dump())
    body = NotReady(
        error=Reason.UNAVAILABLE.value,
        message=f"not ready: {', '.join(name for name, is_ready in parts.items() if not is_ready)}",
        remedy="see the log of the API",
        request_id=request_id_of(request),
        parts=parts,
    )
    return JSONResponse(body.model_dump(exclude_none=True), 503, {"Retry-After": str(RETRY_SECONDS)})


def _checked(desk: Desk) -> dict[str, bool]:
    revisions: list[str | None] = []
    return {
        "ledger": _works("ledger", lambda: revisions.append(revision_of(desk.ledger))),
        "revision": revisions == [_newest()],
        "instruments": _works("instruments", desk.master),
        "spool": _works("spool", lambda: _write(desk)),
        "worker": desk.worker.is_at_work,
    }


def _works(part: str, check: Callable[[], object]) -> bool:
    try:
        check()
    except FundError as wrong:
        log.warning("not ready", part=part, problem=str(wrong))
        return False
    return True


def _write(desk: Desk) -> None:
    folder = desk.spool.folder
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder) as handle:
            handle.write(b"\n")
    except OSError as refused:
        raise TemporaryError(f"{folder} cannot be written: {refused.strerror}") from None


_newest = cache(newest_revision)
