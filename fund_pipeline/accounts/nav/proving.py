"""What must be true of NAVs in the ledger, asked of the rows as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.nav_model import ClientDay, Dealing, DealingKind, Nav
from fund_pipeline.ledger.navs import list_client_days, list_dealings, list_navs

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Flaw:
    """Something that does not come out: of which register and day, and the figures."""

    fund_id: str
    mode: TradingMode
    day: date
    message: str


@dataclass(frozen=True)
class Proof:
    """What was found. `days` is how many NAVs were looked at."""

    days: int
    values: tuple[Flaw, ...]
    units: tuple[Flaw, ...]
    moves: tuple[Flaw, ...]


def prove(ledger: Ledger, fund_id: str, mode: TradingMode) -> Proof:
    """Whether clients' values sum to each NAV, no unit came or went but by dealing, and each NAV moved from the one
    before by performance, flows and fees alone, where performance is what the accounts' side of the books says."""
    navs = list_navs(ledger, fund_id, mode)
    days = list_client_days(ledger, fund_id, mode)
    dealings = list_dealings(ledger, fund_id, mode)
    by_day = _by_day(days)
    return Proof(
        days=len(navs),
        values=tuple(_values(navs, by_day)),
        units=tuple(_units(navs, by_day, dealings)),
        moves=tuple(_moves(navs)),
    )


def _values(navs: Sequence[Nav], by_day: dict[date, list[ClientDay]]) -> Iterable[Flaw]:
    for nav in navs:
        found = sum((one.value for one in by_day.get(nav.day, ())), _ZERO)
        if found != nav.nav:
            yield _flaw(nav, f"clients' values sum to {found}, the NAV is {nav.nav}")


def _units(navs: Sequence[Nav], by_day: dict[date, list[ClientDay]], dealings: Sequence[Dealing]) -> Iterable[Flaw]:
    dealt: dict[date, list[Dealing]] = {}
    for dealing in dealings:
        dealt.setdefault(dealing.day, []).append(dealing)
    held: dict[str, Decimal] = {}
    for nav in navs:
        today = dealt.get(nav.day, [])
        for one in today:
            if one.at_open or one.kind is DealingKind.PERFORMANCE_FEE:
                held[one.client_id] = held.get(one.client_id, _ZERO) + one.units
        found = {one.client_id: one.units for one in by_day.get(nav.day, ())}
        expected = {name: units for name, units in held.items() if units}
        if found != expected or sum(expected.values(), _ZERO) != nav.units:
            names = sorted(name for name in found | expected if found.get(name) != expected.get(name))
            yield _flaw(nav, f"units of {', '.join(names) or 'all clients'} are not what was dealt; all: {nav.units}")
        for one in today:
            if not one.at_open and one.kind is not DealingKind.PERFORMANCE_FEE:
                held[one.client_id] = held.get(one.client_id, _ZERO) + one.units


def _moves(navs: Sequence[Nav]) -> Iterable[Flaw]:
    made_before = after = accrued = _ZERO
    for nav in navs:
        made = nav.equity - (nav.deposited - nav.withdrawn) + nav.fees_paid
        if nav.performance != made - made_before:
            yield _flaw(nav, f"performance is {nav.performance}, the accounts made {made - made_before}")
        charge = nav.fee + nav.accrued - accrued
        expected = after + nav.inflow + nav.performance - charge
        if nav.nav != expected:
            yield _flaw(nav, f"the NAV is {nav.nav}; performance, flows and fees come to {expected}")
        made_before, after, accrued = made, nav.nav - nav.outflow, nav.accrued - nav.redemption_fee


def _by_day(days: Iterable[ClientDay]) -> dict[date, list[ClientDay]]:
    found: dict[date, list[ClientDay]] = {}
    for one in days:
        found.setdefault(one.day, []).append(one)
    return found


def _flaw(nav: Nav, message: str) -> Flaw:
    return Flaw(nav.fund_id, nav.mode, nav.day, message)
