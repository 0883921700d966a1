"""Clients of a fund, the terms they are charged by, and what they asked for, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from fund_pipeline.ledger.model import TradingMode


class Crystallisation(StrEnum):
    """When a performance fee that has accrued is charged: at the end of each such period."""

    MONTH_END = "MONTH_END"
    QUARTER_END = "QUARTER_END"
    YEAR_END = "YEAR_END"


class RequestKind(StrEnum):
    """What a client may ask for."""

    SUBSCRIPTION = "SUBSCRIPTION"
    REDEMPTION = "REDEMPTION"
    TRANSFER = "TRANSFER"


class RequestState(StrEnum):
    """What became of a request. It is WAITING until the NAV of its dealing date is struck."""

    WAITING = "WAITING"
    DEALT = "DEALT"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Client:
    """Somebody who holds units of a fund, in its LIVE or its PAPER register.

    `user_id` is the login that may see the client's figures; None for one without.
    """

    client_id: str
    fund_id: str
    mode: TradingMode
    name: str
    user_id: str | None = None


@dataclass(frozen=True)
class ClientTerms:
    """What a client is charged from a day on, until the next version.

    `performance_fee` is a share of the gain above the client's high-water mark: 0.20 is 20 %.
    """

    client_id: str
    valid_from: date
    performance_fee: Decimal
    crystallisation: Crystallisation
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True)
class DealingRequest:
    """What a client asked for: it is dealt at the NAV of its day, the first that is struck on or after it.

    Attributes
    ----------
    amount : money in the fund's currency, to the cent; None where units are meant.
    units : of a redemption or transfer; None with `amount`. Both None: all that the client holds.
    to_client : who gets the units of a transfer.
    reference : the client's or administrator's name of it, unique for the client.
    """

    request_id: str
    client_id: str
    kind: RequestKind
    day: date
    amount: Decimal | None
    units: Decimal | None
    to_client: str | None
    reference: str
    note: str
    requested_by: str
    requested_at: datetime
    state: RequestState = RequestState.WAITING
