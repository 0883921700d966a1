"""How whatever went wrong is answered: one shape for all of it, and never a secret in it."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from enum import StrEnum

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from fund_pipeline.accounts.registration import FieldError, LiveNeedsAPersonError
from fund_pipeline.allocations.approval.refusals import RefusedError
from fund_pipeline.api.answerable import AnswerableError
from fund_pipeline.api.context import request_id_of
from fund_pipeline.api.envelope import stamp
from fund_pipeline.api.invalid import in_words
from fund_pipeline.errors import ConflictError, FundError, InputError, NotFoundError, TemporaryError
from fund_pipeline.logs import get_logger

CHALLENGE = {"WWW-Authenticate": 'Basic realm="Fund Pipeline", charset="UTF-8"'}
RETRY_SECONDS = 5

log = get_logger(__name__)


class Reason(StrEnum):
    """Why a request was not done, for programs. A decision that was refused has a `Refusal` in its place."""

    INVALID_INPUT = "INVALID_INPUT"
    NOT_ACCEPTED = "NOT_ACCEPTED"
    NOT_YOURSELF = "NOT_YOURSELF"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    CONFLICT = "CONFLICT"
    TOO_LARGE = "TOO_LARGE"
    TOO_SLOW = "TOO_SLOW"
    UNAVAILABLE = "UNAVAILABLE"
    INSUFFICIENT_SCOPE = "INSUFFICIENT_SCOPE"
    RATE_LIMITED = "RATE_LIMITED"
    LIVE_NEEDS_A_PERSON = "LIVE_NEEDS_A_PERSON"
    DAGSTER_AWAY = "DAGSTER_AWAY"
    NOT_STARTED = "NOT_STARTED"
    FAILED = "FAILED"


_HTTP = {
    404: (Reason.NOT_FOUND, "there is no such path"),
    405: (Reason.METHOD_NOT_ALLOWED, "this path has no such method"),
}


class Problem(BaseModel):
    """Why a request was not done, and what to do about it."""

    error: str = Field(description="The reason, for programs.", examples=["CODE_REFUSED"])
    message: str = Field(description="What is wrong.")
    remedy: str = Field(description="What to do next.")
    field: str | None = Field(None, description="The field or parameter that is wrong; absent when it is none.")
    request_id: str = Field(description="Under which logs and audit log tell of the request.")


class NotAcceptedError(FundError):
    """Who asks did not prove to be an admin. It tells no more than that."""

    def __init__(self) -> None:
        super().__init__("not accepted", remedy="send HTTP Basic with an admin's user id and password")


class NotYourselfError(FundError):
    """A decision in somebody else's name."""

    def __init__(self) -> None:
        super().__init__("approved_by is not the user who is logged in", remedy="decide in your own name")


class WrongParameterError(InputError):
    """A parameter is wrong in a way that only the ledger tells."""

    def __init__(self, field: str, message: str, *, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


def problem(
    status: int,
    error: str,
    message: str,
    remedy: str,
    request_id: str,
    *,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer that says what is wrong."""
    body = Problem(error=error, message=message, remedy=remedy, field=field, request_id=request_id)
    return JSONResponse(body.model_dump(exclude_none=True), status, headers)


def answer_to(error: FundError, request_id: str) -> Response:
    """The answer to an error of ours. What only an operator or a developer can mend is logged, not told."""
    told = (error.message, error.remedy, request_id)
    match error:
        case AnswerableError():
            return problem(error.status, error.reason, *told, headers=error.headers)
        case LiveNeedsAPersonError():
            return problem(422, Reason.LIVE_NEEDS_A_PERSON, *told, field=error.field)
        case FieldError():
            return problem(422, Reason.INVALID_INPUT, *told, field=error.field)
        case NotAcceptedError():
            return problem(401, Reason.NOT_ACCEPTED, *told, headers=CHALLENGE)
        case NotYourselfError():
            return problem(403, Reason.NOT_YOURSELF, *told, field="approved_by")
        case RefusedError():
            return problem(409, error.reason, *told)
        case ConflictError():
            return problem(409, Reason.CONFLICT, *told)
        case NotFoundError():
            return problem(404, Reason.NOT_FOUND, *told)
        case WrongParameterError():
            return problem(422, Reason.INVALID_INPUT, *told, field=error.field)
        case InputError():
            return problem(422, Reason.INVALID_INPUT, *told)
        case TemporaryError():
            return _unavailable(error, request_id)
        case _:
            return _failed(error, request_id, problem=str(error))


def install(app: FastAPI) -> None:
    """Let an application answer every error in this way."""
    for kind in (FundError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _answer)


def _answer(request: Request, error: Exception) -> Response:
    request_id = request_id_of(request)
    match error:
        case FundError():
            return answer_to(error, request_id)
        case RequestValidationError():
            field, message = in_words(error.errors())
            remedy = "correct the request; /openapi.json says what it takes"
            return problem(422, Reason.INVALID_INPUT, message, remedy, request_id, field=field)
        case HTTPException(status_code=status, headers=headers):
            reason, message = _HTTP.get(status, (Reason.INVALID_INPUT, "the request cannot be understood"))
            remedy = "/openapi.json lists paths, methods and bodies"
            return problem(status, reason, message, remedy, request_id, headers=headers)
        case _:
            response = _failed(error, request_id)
            stamp(response.headers, request_id, request.state.echoed_id)  # it is answered outside the envelope
            return response


def _unavailable(error: TemporaryError, request_id: str) -> Response:
    log.warning("not available", problem=str(error), request_id=request_id)
    remedy = "send the request again in a few seconds"
    headers = {"Retry-After": str(RETRY_SECONDS)}
    return problem(503, Reason.UNAVAILABLE, "a part of the system does not answer", remedy, request_id, headers=headers)


def _failed(error: Exception, request_id: str, **more: str) -> Response:
    # Where it happened, but not the words of an error that is not ours: a database puts the values of a row into them.
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("request failed", error=type(error).__name__, where=frames, request_id=request_id, **more)
    remedy = "give an operator the request id; the log tells more"
    return problem(500, Reason.FAILED, "the request failed; it is not your fault", remedy, request_id)
