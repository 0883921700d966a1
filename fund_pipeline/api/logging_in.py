"""Logging in: password and one-time code for a token that lasts a while. Nobody learns why somebody else is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from fund_pipeline.api.answerable import AnswerableError
from fund_pipeline.api.context import Context, Here, context_of, request_id_of
from fund_pipeline.api.guard import MOST_WAITING, Credentials, known_admin, refuse_crowd
from fund_pipeline.api.problems import NotAcceptedError, Problem, Reason
from fund_pipeline.api.strict_json import StrictRoute
from fund_pipeline.api.token_door import REALM, TOKEN, bearer
from fund_pipeline.clock import utc_now
from fund_pipeline.users import LoginToken, end_login, issue_token, verify_code

LOGIN, LOGOUT = "/api/v1/login", "/api/v1/logout"
PURPOSE = "log in to the dashboards"
TOLD: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "Not accepted: user id, password or code; which is not told."},
    422: {"model": Problem, "description": "The request is not what it should be."},
    429: {"model": Problem, "description": "Refused too many times from this address."},
    503: {"model": Problem, "description": "The ledger does not answer, or too many passwords wait to be checked."},
}
router = APIRouter(tags=["login"], responses=TOLD, route_class=StrictRoute)


def _printable(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().isprintable():
        raise ValueError("it has characters that cannot be printed")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_printable)]


class LoginBody(BaseModel):
    """Who it is, and the proof of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    user_id: Secret = Field(max_length=64, description="Your user id.")
    password: Secret = Field(max_length=1024, description="Your password.")
    code: Secret = Field(max_length=64, description="The code that your app shows now, or a recovery code.")


class LoginAnswer(BaseModel):
    """A token that says who you are."""

    token: str = Field(description="Send it as `Authorization: Bearer TOKEN`.")
    token_type: str = "Bearer"  # noqa: S105 - a kind of token, not one
    expires_at: datetime


@router.post(LOGIN, summary="Log in")
async def log_in(body: LoginBody, request: Request) -> LoginAnswer:
    """A token for reading dashboards. The code is used up. After some refusals an address waits; see docs/users."""
    given = Credentials(body.user_id.get_secret_value(), body.password.get_secret_value())
    try:
        token = await token_for(request, given, body.code.get_secret_value())
    except NotAcceptedError:
        raise AnswerableError(
            401,
            Reason.NOT_ACCEPTED,
            "not accepted",
            remedy="send user_id, password, and the code that your app shows now; each code works once",
            headers={"WWW-Authenticate": REALM},
        ) from None
    return LoginAnswer(token=token.text, expires_at=token.expires_at)


@router.post(LOGOUT, summary="Log out", status_code=204, dependencies=[TOKEN])
def log_out(request: Request, here: Here) -> Response:
    """End the token that the request carries, before its time."""
    end_login(here.ledger, bearer(here, request), utc_now())
    return Response(status_code=204)


async def token_for(request: Request, given: Credentials, code: str) -> LoginToken:
    """A token for an admin who proves to be that one. NotAcceptedError; AnswerableError 429 or 503 for a crowd."""
    here = context_of(request)
    refuse_crowd(here.logging_in, MOST_WAITING)
    return await anyio.to_thread.run_sync(_prove, here, request, given, code, limiter=here.logging_in)


def _prove(here: Context, request: Request, given: Credentials, code: str) -> LoginToken:
    known_admin(here, request, given)
    now, security = utc_now(), here.security()
    verdict = verify_code(
        here.ledger, given.user_id, code, now, security, purpose=PURPOSE, correlation_id=request_id_of(request)
    )
    if not verdict.accepted:
        raise NotAcceptedError
    return issue_token(here.ledger, given.user_id, security.box, now, timedelta(minutes=here.settings.login_minutes))
