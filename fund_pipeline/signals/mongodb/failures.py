"""What can go wrong with another's database, as errors that say who must act and never show the URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import errors

from fund_pipeline.errors import ConfigurationError, TemporaryError

HISTORY_LOST = frozenset({136, 260, 280, 286, 40585, 40647, 50811})
"""CappedPositionLost, InvalidResumeToken, ChangeStreamFatalError, ChangeStreamHistoryLost; tokens not understood."""

NO_CHANGE_STREAMS = frozenset({59, 115, 303, 40324, 40573})
"""A server that is no replica set (40573), or does not know the stage or the command."""

REFUSED = frozenset({13, 18, 8000})
"""Unauthorized, AuthenticationFailed, and the hosted service's own AtlasError for both."""

REMEDY = "check FUND_MONGODB_URL, and that its user may read the collection"


class SourceAwayError(TemporaryError):
    """The database does not answer; what was read before stays read."""


class HistoryLostError(TemporaryError):
    """The change stream cannot go on from where it was: the collection has to be read instead."""


class NoChangeStreamsError(TemporaryError):
    """The server has no change streams: the collection has to be read again and again."""


@contextmanager
def source_failures() -> Iterator[None]:
    """The driver's errors as one of these, or a ConfigurationError for a user that is refused.

    Their own text is dropped, because it may name the URL.
    """
    try:
        yield
    except errors.OperationFailure as failed:
        raise _of_the_server(failed) from None
    except errors.PyMongoError as failed:
        raise SourceAwayError(
            f"MongoDB does not answer: {type(failed).__name__}", remedy="check that the database is up"
        ) from None


@contextmanager
def wrong_settings() -> Iterator[None]:
    """ConfigurationError where a client cannot even be made; a name server that is away is met when it connects."""
    try:
        yield
    except (errors.PyMongoError, TypeError, ValueError) as wrong:
        raise ConfigurationError(f"FUND_MONGODB_* cannot be used: {type(wrong).__name__}", remedy=REMEDY) from None


def _of_the_server(failed: errors.OperationFailure) -> Exception:
    code = failed.code
    if code in NO_CHANGE_STREAMS:
        return NoChangeStreamsError(f"MongoDB has no change streams here: error {code}")
    if code in HISTORY_LOST or failed.has_error_label("NonResumableChangeStreamError"):
        return HistoryLostError(f"MongoDB cannot resume the change stream: error {code}")
    if code in REFUSED:
        return ConfigurationError(f"MongoDB refuses the user: error {code}", remedy=REMEDY)
    return SourceAwayError(f"MongoDB answered with error {code}", remedy="see the database's log")
