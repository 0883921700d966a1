"""What every endpoint is given: settings, ledger, and who asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.ledger import Ledger
from fund_pipeline.settings import Settings
from fund_pipeline.signals.senders import Limits, Throttle
from fund_pipeline.users import Security

LOGINS = Limits(failures=30)
"""Refused passwords from one address in a minute, before others from there are refused without being looked at."""


@dataclass(frozen=True)
class Context:
    """The settings and the open ledger of an application, and what it counts of those who do not come in."""

    settings: Settings
    ledger: Ledger
    starting: CapacityLimiter
    logging_in: CapacityLimiter
    logins: Throttle = field(default_factory=lambda: Throttle(LOGINS))

    def security(self) -> Security:
        """What passwords and codes are checked with, as it is now. ConfigurationError when the key is missing."""
        return Security.of(self.settings, self.ledger)

    def returns(self) -> ReturnsMatrix:
        """The strategies' daily returns as the warehouse has them now. ConflictError when it has none yet."""
        from fund_pipeline.warehouse import Warehouse  # here, because its libraries take long to import

        return Warehouse(self.settings.warehouse).read_returns("strategy_returns")


@dataclass(frozen=True)
class Asking:
    """Who asks, and under which request id."""

    admin: str
    request_id: str


def context_of(connection: HTTPConnection) -> Context:
    """The application's context."""
    found: Context = connection.app.state.context
    return found


def request_id_of(connection: HTTPConnection) -> str:
    """The id that the envelope gave to a request."""
    return str(connection.state.request_id)


def asking_of(request: Request) -> Asking:
    """The admin that the guard let in."""
    return Asking(str(request.state.admin), request_id_of(request))


Here = Annotated[Context, Depends(context_of)]
Who = Annotated[Asking, Depends(asking_of)]
