"""Who may ask what became of signals: a sender about its own; an admin, or a program with a key for it, about all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import HTTPConnection

from fund_pipeline.api.answerable import AnswerableError
from fund_pipeline.api.context import Context, request_id_of
from fund_pipeline.api.guard import Credentials, Door, ForkedDoor, QuickDoor, admit_admin, credentials_in
from fund_pipeline.api.key_door import HEADER, key_door
from fund_pipeline.api.problems import CHALLENGE, Reason
from fund_pipeline.api.signals.desk import Desk, desk_of
from fund_pipeline.api.signals.posting import PATHS, SIGNATURE
from fund_pipeline.api.signals.readiness import READY
from fund_pipeline.api.signals.telling import PATH
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import NotFoundError, TemporaryError
from fund_pipeline.ledger.key_model import Scope
from fund_pipeline.signals import SignalError
from fund_pipeline.signals.senders import Request, Throttle, TooManyStrangersError, get_sender
from fund_pipeline.signals.senders.administration import PATTERN


def doors() -> Mapping[tuple[str, str], Door | None]:
    """The doors of all paths of signals. To post one needs no login but the passphrase in it."""
    programs = key_door(Scope.SIGNALS_READ, Throttle())

    admit = ForkedDoor(_has_key, QuickDoor(_at_desk(programs)), _at_desk(admit_sender_or_admin))
    return {
        **{("POST", path): None for path in PATHS},
        ("*", READY): None,
        ("GET", PATH): admit,
        ("GET", f"{PATH}/*"): admit,
    }


def _has_key(connection: HTTPConnection) -> bool:
    scheme = connection.headers.get("authorization", "").partition(" ")[0].lower()
    return scheme == "bearer" or HEADER in connection.headers


def _at_desk(door: Door) -> Door:
    """The same door, with the ledger that answers soon or not at all."""

    def admit(here: Context, connection: HTTPConnection) -> Mapping[str, str]:
        return door(replace(here, ledger=desk_of(connection).ledger), connection)

    return admit


def admit_sender_or_admin(here: Context, connection: HTTPConnection) -> Mapping[str, str]:
    """The id of the sender whose passphrase it is, or of the admin whose password it is.

    An id that both have is the sender's. Everybody else: AnswerableError, NotAcceptedError. TemporaryError.
    """
    desk = desk_of(connection)
    given = credentials_in(connection.headers.getlist("authorization"))
    if not _is_sender(desk, given.user_id):
        return admit_admin(here, connection)
    return _admit_sender(desk, given, connection)


def _is_sender(desk: Desk, user_id: str) -> bool:
    if PATTERN.fullmatch(user_id) is None:  # a database may refuse to look for it
        return False
    try:
        get_sender(desk.ledger, user_id)
    except NotFoundError:
        return False
    except TemporaryError:
        pass  # a sender may be remembered, and learns at least what waits on the spool
    return True


def _admit_sender(desk: Desk, given: Credentials, connection: HTTPConnection) -> Mapping[str, str]:
    address = None if connection.client is None else connection.client.host
    request = Request(address, b"", connection.headers.get(SIGNATURE), request_id_of(connection))
    try:
        found = desk.gate(desk.ledger).authenticate(desk.ledger, given.password, utc_now(), request)
    except TooManyStrangersError as many:
        headers = {"Retry-After": str(many.retry_after_seconds)}
        raise AnswerableError(429, Reason.RATE_LIMITED, many.message, remedy=many.remedy, headers=headers) from None
    except SignalError:
        raise _not_accepted() from None
    if found.sender_id != given.user_id:
        raise _not_accepted()
    return {"sender": found.sender_id}


def _not_accepted() -> AnswerableError:
    remedy = "send HTTP Basic with a sender's id and passphrase, or with an admin's user id and password"
    return AnswerableError(401, Reason.NOT_ACCEPTED, "not accepted", remedy=remedy, headers=CHALLENGE)
