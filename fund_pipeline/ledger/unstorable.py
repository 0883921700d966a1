"""When the ledger itself refuses a row: tried again, it would refuse it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import StatementError

from fund_pipeline.errors import InvariantError


class UnstorableError(InvariantError):
    """Something does not fit the ledger, for reasons of its own: tried again, it would not fit either."""


@contextmanager
def unstorable(what: str) -> Iterator[None]:
    """UnstorableError for what a statement did wrong; put `ledger_away` within it, which takes what may pass."""
    try:
        yield
    except StatementError as refused:
        why = str(refused.orig).strip().partition("\n")[0]
        raise UnstorableError(f"the ledger refuses {what}: {why}", remedy="report it to a developer") from None
