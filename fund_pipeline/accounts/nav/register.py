"""The register of a fund's units between two NAVs, and what goes into striking the next one.

Within this package money is whole cents and units are whole millionths, both ints: exact, and fast enough to fold ten
years of a hundred clients in seconds. Nothing else is rounded. At the ledger they are Decimals again (`scaling.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from fund_pipeline.ledger.client_model import Crystallisation, RequestKind
from fund_pipeline.ledger.nav_model import DealingKind

UNIT = 1_000_000
"""Millionths in a unit: units have six decimal places."""

INITIAL_PRICE = 100_00
"""Cents that a unit costs when a fund is founded: 100.00."""

RATE = 1_000_000
"""Fee rates are millionths."""


class Holding(NamedTuple):
    """What a client holds after a day's dealing: units, high-water mark, and the fee that has accrued."""

    units: int
    mark: int
    accrued: int


class Arrival(NamedTuple):
    """What was dealt at one NAV and is at work from the next day on."""

    client_id: str
    amount: int
    units: int
    mark: int
    accrued: int
    is_money: bool
    """Whether the fund got money for it, and not one client units from another."""


@dataclass(frozen=True)
class Register:
    """All holdings after the dealing of a day, what arrives the next day, and the totals since inception.

    `gross` is what all holdings were worth then, with the accrued fees.
    """

    day: date | None = None
    holdings: Mapping[str, Holding] = field(default_factory=dict)
    arrivals: tuple[Arrival, ...] = ()
    subscribed: int = 0
    redeemed: int = 0
    crystallised: int = 0
    gross: int = 0


@dataclass(frozen=True)
class Close:
    """What the books say at a close: the fund's consolidated equity, and totals of money in and out.

    `deposited`, `withdrawn` and `fees_paid` are of all that the equity's own snapshots had seen.
    """

    day: date
    close_at: datetime
    as_of: datetime
    is_final: bool
    equity: int
    deposited: int
    withdrawn: int
    fees_paid: int


@dataclass(frozen=True)
class Wish:
    """A request that waits; `amount` and `units` both None: all that the client holds. A transfer names `to_client`."""

    request_id: str
    client_id: str
    kind: RequestKind
    day: date
    amount: int | None = None
    units: int | None = None
    to_client: str | None = None


@dataclass(frozen=True)
class FeeTerms:
    """A client's performance fee in millionths of the gain above the mark, and when it is crystallised."""

    rate: int
    crystallisation: Crystallisation


class Dealt(NamedTuple):
    """One change of a client's units."""

    client_id: str
    kind: DealingKind
    request_id: str | None
    at_open: bool
    units: int
    amount: int
    fee: int
    mark: int


class ClientFigures(NamedTuple):
    """What a client's units were worth at a NAV; see `ledger.nav_model.ClientDay`."""

    client_id: str
    units: int
    inflow: int
    gross: int
    fee: int
    accrued: int
    charge: int
    value: int
    outflow: int
    mark: int
    closing_units: int
    closing_accrued: int


class NavFigures(NamedTuple):
    """A NAV; see `ledger.nav_model.Nav`."""

    subscribed: int
    redeemed: int
    crystallised: int
    inflow: int
    performance: int
    gross: int
    fee: int
    accrued: int
    nav: int
    outflow: int
    redemption_fee: int
    arriving: int
    units: int


@dataclass(frozen=True)
class Struck:
    """A NAV that was struck: its figures, every client's, what was dealt at it, and the register after it."""

    close: Close
    nav: NavFigures
    clients: tuple[ClientFigures, ...]
    dealt: tuple[Dealt, ...]
    register: Register
