"""Who may come in: an admin with their password. Whatever is not opened on purpose is closed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from fund_pipeline.api.answerable import AnswerableError
from fund_pipeline.api.context import Context, context_of, request_id_of
from fund_pipeline.api.problems import RETRY_SECONDS, NotAcceptedError, Reason, answer_to
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import FundError
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.senders.throttle import Failure
from fund_pipeline.users import PasswordVerdict, UserRole, check_password, get_user

CHECKS_AT_ONCE = 2
"""A check of a password takes 64 MiB for some tens of milliseconds; strangers may ask for as many as they like."""
MOST_WAITING = 20
"""For a password to be checked, which is about a second; whoever comes then is asked to come again."""
LOOKS_AT_ONCE = 4
"""Checks that cost next to nothing wait for the ledger alone, and not behind requests at work."""

log = get_logger(__name__)

Door = Callable[[Context, HTTPConnection], Mapping[str, str]]
"""Says who asks, as values for `request.state`, before anything of the body is read; may wait for the ledger.

It raises a FundError, such as NotAcceptedError, for whoever may not come in.
"""


@dataclass(frozen=True)
class QuickDoor:
    """A door whose check costs next to nothing: it waits for nobody's password to be checked."""

    admit: Door

    def __call__(self, here: Context, connection: HTTPConnection) -> Mapping[str, str]:
        """What the door within says."""
        return self.admit(here, connection)


@dataclass(frozen=True)
class ForkedDoor:
    """Two doors in one: by what a request carries, it is shown to the quick one or to the one that takes its time."""

    is_quick: Callable[[HTTPConnection], bool]
    quick: QuickDoor
    slow: Door

    def chosen(self, connection: HTTPConnection) -> Door:
        """The door for a request."""
        return self.quick if self.is_quick(connection) else self.slow

    def __call__(self, here: Context, connection: HTTPConnection) -> Mapping[str, str]:
        """What the door for it says."""
        return self.chosen(connection)(here, connection)


@dataclass(frozen=True)
class Credentials:
    """A user id and a password as they were sent."""

    user_id: str
    password: str = field(repr=False)


class Guard:
    """Middleware: asks who it is before anything else of a request is read. Where no other door is, only admins enter.

    `doors` are by method and path, a path ending in `/*` standing for what is below it; None is open to all.
    Strangers are told only that they were not accepted: not whether the user exists, is locked, or is no admin.
    """

    def __init__(self, app: ASGIApp, doors: Mapping[tuple[str, str], Door | None]) -> None:
        self._app = app
        self._doors = doors
        self._checks: anyio.CapacityLimiter | None = None
        self._looks: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 401."""
        door = self._door(scope) if scope["type"] == "http" else None
        if door is None:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        if isinstance(door, ForkedDoor):
            door = door.chosen(connection)
        try:
            here = context_of(connection)
            if door is admit_admin:
                _hear(here, connection)  # whoever is not heard takes no place in the queue
            limiter = self._limiter(door)
            scope["state"].update(await anyio.to_thread.run_sync(door, here, connection, limiter=limiter))
        except FundError as refused:
            await answer_to(refused, request_id_of(connection))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _limiter(self, door: Door) -> anyio.CapacityLimiter:
        if self._checks is None or self._looks is None:  # they can be made only while the application runs
            self._checks, self._looks = anyio.CapacityLimiter(CHECKS_AT_ONCE), anyio.CapacityLimiter(LOOKS_AT_ONCE)
        if isinstance(door, QuickDoor):
            return self._looks
        refuse_crowd(self._checks, MOST_WAITING)
        return self._checks

    def _door(self, scope: Scope) -> Door | None:
        method, path = scope["method"], scope["path"]
        for (wanted, place), door in self._doors.items():
            below = place.endswith("/*") and path.startswith(place[:-1])
            if wanted in (method, "*") and (below or path == place):
                return door
        return admit_admin


def admit_admin(here: Context, connection: HTTPConnection) -> Mapping[str, str]:
    """The id of the admin whose password it is. NotAcceptedError for everybody else, whatever the reason.

    AnswerableError 429 after too many refusals from the same address: before the password is looked at, because that
    is what costs, and before the user is looked for, so that nobody learns who is one.
    """
    given = credentials_in(connection.headers.getlist("authorization"))
    known_admin(here, connection, given)
    return {"admin": given.user_id}


def known_admin(here: Context, connection: HTTPConnection, given: Credentials) -> None:
    """Make sure that it is an admin's password, as `admit_admin` does, wherever it was sent."""
    _hear(here, connection)
    address, now = _address(connection), utc_now()
    failures: list[Failure] = []

    def counted() -> bool:
        failures.append(here.logins.failed(address, now))
        return failures[0].is_audited

    verdict = check_password(
        here.ledger,
        given.user_id,
        given.password,
        now,
        here.security(),
        correlation_id=request_id_of(connection),
        audits_unknown=counted,
    )
    if verdict is not PasswordVerdict.ACCEPTED:
        if not failures:
            counted()
        log.warning("login refused", verdict=verdict.value)
        raise NotAcceptedError
    if get_user(here.ledger, given.user_id).role is not UserRole.ADMIN:
        counted()
        log.warning("login refused", verdict="NOT_ADMIN", user=given.user_id)
        raise NotAcceptedError


def refuse_crowd(checks: anyio.CapacityLimiter, most: int) -> None:
    """Raise AnswerableError 503 when so many passwords wait to be checked already."""
    if checks.statistics().tasks_waiting >= most:
        raise AnswerableError(
            503,
            Reason.UNAVAILABLE,
            "too many passwords wait to be checked",
            remedy="send the request again in a few seconds",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )


def _hear(here: Context, connection: HTTPConnection) -> None:
    if wait := here.logins.wait_seconds(_address(connection), utc_now()):
        raise AnswerableError(
            429,
            Reason.RATE_LIMITED,
            "not accepted, too many times",
            remedy=f"send again after {wait} seconds, with an admin's user id and password",
            headers={"Retry-After": str(wait)},
        )


def _address(connection: HTTPConnection) -> str | None:
    return None if connection.client is None else connection.client.host


def credentials_in(headers: list[str]) -> Credentials:
    """What the one `Authorization: Basic` header says (RFC 7617, in UTF-8). NotAcceptedError when it is none."""
    scheme, _, encoded = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
    if scheme.lower() != "basic":
        raise NotAcceptedError
    try:
        user_id, separator, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise NotAcceptedError from None
    if not separator:
        raise NotAcceptedError
    return Credentials(user_id, password)
