"""The door for programs: a key that is in force, with the scope that the path wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, NoReturn

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.requests import HTTPConnection

from fund_pipeline.api.answerable import AnswerableError
from fund_pipeline.api.context import Context, request_id_of
from fund_pipeline.api.guard import Door, QuickDoor
from fund_pipeline.api.problems import Reason
from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.api_keys import note_refused_key
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.key_model import ApiKey, Scope
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.senders import Throttle
from fund_pipeline.users import KeyCheck, KeyVerdict, check_key

HEADER = "X-API-Key"
REALM = 'Bearer realm="Fund Pipeline"'
UNKNOWN = "(unknown)"
"""In place of the id of a key there is none of: people paste secrets where a key belongs."""

log = get_logger(__name__)

# The guard has checked them already, before anything of the request was read: these tell the description of the API.
BEARER = Security(HTTPBearer(auto_error=False, description="A key that `fund keys add` made."))
KEY_HEADER = Security(APIKeyHeader(name=HEADER, auto_error=False, description="The same key."))


@dataclass(frozen=True)
class Program:
    """The program that the door let in, by its key, and the id of its request."""

    key_id: str
    request_id: str

    def act(self) -> Act:
        """An act of this program, now."""
        return Act(f"key:{self.key_id}", utc_now(), self.request_id)


def program_of(request: Request) -> Program:
    """Who asks."""
    return Program(str(request.state.key), request_id_of(request))


Asker = Annotated[Program, Depends(program_of)]


def key_door(scope: Scope, throttle: Throttle) -> Door:
    """A door for whoever has a key with the scope: 401 without a key that is in force, 403 naming a missing scope.

    After too many refusals from one address, further ones are 429 and no longer told in the log; a key that is in
    force is accepted all the same. Doors that share `throttle` count together.
    """

    def admit(here: Context, connection: HTTPConnection) -> Mapping[str, str]:
        found = check_key(here.ledger, _sent(connection), utc_now())
        if found.verdict is not KeyVerdict.ACCEPTED or found.key is None:
            _refuse(here, connection, found, throttle)
        if scope not in found.key.scopes:
            raise _no_scope(found.key, scope)
        return {"key": found.key.key_id}

    return QuickDoor(admit)


def _sent(connection: HTTPConnection) -> str:
    """The one key of a request; an empty text where there is none, or more than one."""
    authorization, plain = connection.headers.getlist("authorization"), connection.headers.getlist(HEADER)
    if len(authorization) + len(plain) != 1:
        return ""
    if plain:
        return plain[0].strip()
    scheme, _, key = authorization[0].partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _refuse(here: Context, connection: HTTPConnection, found: KeyCheck, throttle: Throttle) -> NoReturn:
    now, address = utc_now(), connection.client.host if connection.client is not None else None
    if wait := throttle.wait_seconds(address, now):
        raise AnswerableError(
            429,
            Reason.RATE_LIMITED,
            "not accepted, too many times",
            remedy=f"send again after {wait} seconds, with a key that is in force",
            headers={"Retry-After": str(wait)},
        )
    key_id = UNKNOWN if found.key is None else found.key.key_id
    failure = throttle.failed(address, now)
    log.warning("key refused", verdict=found.verdict.value, key=key_id, address=address, failures=failure.count)
    if failure.is_audited:
        detail = {"verdict": found.verdict.value, "address": address, "failures": failure.count}
        note_refused_key(here.ledger, key_id, detail, Act(f"key:{key_id}", now, request_id_of(connection)))
    raise AnswerableError(
        401,
        Reason.NOT_ACCEPTED,
        "not accepted",
        remedy=f"send one key that is in force, as `Authorization: Bearer KEY` or `{HEADER}: KEY`",
        headers={"WWW-Authenticate": REALM},
    )


def _no_scope(key: ApiKey, scope: Scope) -> AnswerableError:
    log.warning("key lacks a scope", key=key.key_id, scope=scope.value)
    return AnswerableError(
        403,
        Reason.INSUFFICIENT_SCOPE,
        f"the key lacks the scope {scope}",
        remedy=f"make a key that has it: fund keys add NAME --scope {scope}",
        headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{scope}"'},
    )
