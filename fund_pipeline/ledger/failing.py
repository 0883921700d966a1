"""When the database is away: every way in which a driver says so becomes the one error that means trying again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection

from fund_pipeline.errors import TemporaryError


@contextmanager
def ledger_away() -> Iterator[None]:
    """TemporaryError for a lost connection or a server that stops; what the statement itself did wrong stays."""
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError):
        raise
    except (DBAPIError, NoConnection) as failed:
        raise TemporaryError(
            f"the ledger did not answer: {type(failed).__name__}", remedy="check that the database is up"
        ) from None
