"""The door for whoever is logged in: a token that is in force, as a header for programs or as a cookie for the page."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Security
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from fund_pipeline.api.answerable import AnswerableError
from fund_pipeline.api.context import Context
from fund_pipeline.api.guard import QuickDoor
from fund_pipeline.api.problems import Reason
from fund_pipeline.clock import utc_now
from fund_pipeline.logs import get_logger
from fund_pipeline.users import LoginToken, TokenVerdict, UserRole, check_token

REALM = 'Bearer realm="Fund Pipeline"'
COOKIE = "fund_login"

# The guard has checked it already: this tells the description of the API.
TOKEN = Security(HTTPBearer(auto_error=False, scheme_name="LoginToken", description="What /api/v1/login gave."))

log = get_logger(__name__)


def admit_logged_in(here: Context, connection: HTTPConnection) -> Mapping[str, str]:
    """The id of the admin who is logged in by `Authorization: Bearer`. AnswerableError 401 for everybody else."""
    return {"admin": bearer(here, connection).user_id}


TOKEN_DOOR = QuickDoor(admit_logged_in)


def bearer(here: Context, connection: HTTPConnection) -> LoginToken:
    """The token of a request's header. AnswerableError 401 where it is none that an admin may come in with."""
    sent = connection.headers.getlist("authorization")
    scheme, _, text = sent[0].partition(" ") if len(sent) == 1 else ("", "", "")
    found = admins_token(here, text.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise AnswerableError(
            401,
            Reason.NOT_ACCEPTED,
            "not accepted",
            remedy="log in at /api/v1/login, and send the token as `Authorization: Bearer TOKEN`",
            headers={"WWW-Authenticate": REALM},
        )
    return found


def admins_token(here: Context, text: str) -> LoginToken | None:
    """The token that a text is, if it is in force and an admin's; None for everything else, whatever the reason."""
    if not text:
        return None
    found = check_token(here.ledger, text, here.security().box, utc_now())
    if found.token is None or found.token.role is not UserRole.ADMIN:
        verdict = TokenVerdict.ACCEPTED if found.token is not None else found.verdict
        log.info("token refused", verdict=verdict.value)
        return None
    return found.token
