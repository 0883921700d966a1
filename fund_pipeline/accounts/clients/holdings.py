"""What a client holds, and how it went day by day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fund_pipeline.accounts.performance import Basis, DayValue, Returns, ValueSeries, returns_of
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.client_model import Client
from fund_pipeline.ledger.nav_model import ClientDay, DealingKind, Nav
from fund_pipeline.ledger.navs import list_client_days, list_dealings, newest_nav

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Held:
    """A client's units after the newest NAV with what was dealt at it, and what they are worth in it.

    `value` is net of the fee that has accrued, in the fund's currency; `mark` is the high-water mark. Without a NAV all
    is 0 and `day` None.
    """

    day: date | None
    units: Decimal
    value: Decimal
    accrued: Decimal
    mark: Decimal


def held_by(ledger: Ledger, client: Client) -> Held:
    """What a client holds after the newest NAV of the register."""
    nav = newest_nav(ledger, client.fund_id, client.mode)
    if nav is None:
        return Held(None, _ZERO, _ZERO, _ZERO, _ZERO)
    days = list_client_days(
        ledger, client.fund_id, client.mode, client_id=client.client_id, since=nav.day, until=nav.day
    )
    dealings = list_dealings(
        ledger, client.fund_id, client.mode, client_id=client.client_id, since=nav.day, until=nav.day
    )
    came = [
        one for one in dealings if one.kind in (DealingKind.SUBSCRIPTION, DealingKind.TRANSFER_IN) and not one.at_open
    ]
    handed = sum((one.fee for one in came), _ZERO)
    return Held(
        day=nav.day,
        units=sum((one.closing_units for one in days), _ZERO) + sum((one.units for one in came), _ZERO),
        value=sum((one.value - one.outflow for one in days), _ZERO) + sum((one.amount for one in came), _ZERO),
        accrued=sum((one.closing_accrued for one in days), _ZERO) + handed,
        mark=sum((one.mark for one in days), _ZERO) + sum((one.mark for one in came), _ZERO),
    )


def series_of_client(days: Iterable[ClientDay], basis: Basis = Basis.NET) -> ValueSeries:
    """One client's days for `performance`: what was dealt in is at work from its day on, what was dealt out until its
    day's end. Net, values are after accrued fees; gross, before them, and what was crystallised is a fee."""
    found = []
    accrued = _ZERO
    for one in days:
        settled = one.accrued - one.closing_accrued
        if basis is Basis.NET:
            found.append(DayValue(one.day, one.value - one.outflow, one.inflow, one.outflow, one.charge))
        else:
            came_with = one.fee + one.accrued - one.charge - accrued  # the accrued fee of units that were handed over
            fee = one.fee + settled
            found.append(DayValue(one.day, one.gross - fee - one.outflow, one.inflow + came_with, one.outflow, fee))
        accrued = one.closing_accrued
    return ValueSeries(_ZERO, tuple(found))


def series_of_fund(navs: Iterable[Nav], basis: Basis = Basis.NET) -> ValueSeries:
    """The fund's days for `performance`, all clients together; gross, it is the return of a unit's price."""
    found = []
    accrued = _ZERO
    for one in navs:
        if basis is Basis.NET:
            charge = one.fee + one.accrued - accrued
            found.append(DayValue(one.day, one.nav - one.outflow, one.inflow, one.outflow, charge))
        else:
            fee = one.fee + one.redemption_fee
            found.append(DayValue(one.day, one.gross - fee - one.outflow, one.inflow, one.outflow, fee))
        accrued = one.accrued - one.redemption_fee
    return ValueSeries(_ZERO, tuple(found))


def returns_of_client(ledger: Ledger, client: Client, basis: Basis = Basis.NET) -> Returns | None:
    """TWR and MWR of a client since the first day, side by side; None without a NAV."""
    days = list_client_days(ledger, client.fund_id, client.mode, client_id=client.client_id)
    return returns_of(series_of_client(days, basis), basis) if days else None
