"""Striking NAVs into the ledger. Striking again what has not changed changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fund_pipeline.accounts.nav.closes import FundDay, days_between, last_day
from fund_pipeline.accounts.nav.equity import EquityAt
from fund_pipeline.accounts.nav.folding import Folded, fold
from fund_pipeline.accounts.nav.late import note_late_entries
from fund_pipeline.accounts.nav.register import Close, FeeTerms, Register, Struck, Wish
from fund_pipeline.accounts.nav.rows import digest_of, nav_day, register_after
from fund_pipeline.accounts.nav.scaling import cents, millionths, rate_of
from fund_pipeline.accounts.nav.totals import FlowTotals
from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.client_model import ClientTerms, DealingRequest, RequestKind, RequestState
from fund_pipeline.ledger.clients import list_clients, list_terms
from fund_pipeline.ledger.closed_months import list_closed_months
from fund_pipeline.ledger.dealing_requests import list_requests
from fund_pipeline.ledger.flows import list_flows
from fund_pipeline.ledger.funds import get_fund
from fund_pipeline.ledger.model import Fund, TradingMode
from fund_pipeline.ledger.nav_model import LateEntry, Nav
from fund_pipeline.ledger.navs import NavDay, list_client_days, list_dealings, list_navs, newest_nav, write_navs

MOST_ROWS = 40_000
"""Client rows in one transaction: what else is written waits a second, not for ten years of them."""


@dataclass(frozen=True)
class Strikes:
    """What striking came to.

    Attributes
    ----------
    written : NAVs that are new or changed, by day. `known` counts those that already were so.
    left_out : days without a NAV, and why.
    late : what was booked into an open month although it is of a closed one.
    """

    fund_id: str
    mode: TradingMode
    written: tuple[Nav, ...]
    known: int
    left_out: dict[date, str]
    late: tuple[LateEntry, ...]


def strike_days(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    days: Collection[date],
    fund_day: FundDay,
    equity_at: EquityAt,
    act: Act,
    *,
    dry_run: bool = False,
) -> Strikes:
    """Strike these days, every day between the newest NAV and them, and again every NAV after the first of them.

    Raises
    ------
    NotFoundError : there is no such fund.
    InputError : a day after the one that closes next.
    ConflictError : a day of a closed month; a fund without clients; a gross value below zero.
    """
    fund = get_fund(ledger, fund_id)
    clients = list_clients(ledger, fund_id=fund_id, mode=mode)
    if not clients:
        raise ConflictError(
            f"fund {fund_id} has no {mode.value} client, so that nobody holds a unit of it",
            remedy="add one, with a subscription: `fund clients add`, `fund clients subscribe`",
        )
    _refuse_future(days, fund_day, act)
    first_open = _first_open(ledger, fund_id, mode)
    _refuse_closed(days, first_open, fund_id, mode)
    requests = list_requests(ledger, fund_id=fund_id, mode=mode)
    first, last = _span(ledger, fund_id, mode, days, requests, first_open)
    base = newest_nav(ledger, fund_id, mode, first - timedelta(days=1))
    register = _register(ledger, base)
    again = {one.request_id for one in list_dealings(ledger, fund_id, mode, since=first)}
    wishes = [_wish(one) for one in requests if one.state is RequestState.WAITING or one.request_id in again]
    totals = FlowTotals(list_flows(ledger, fund_id=fund_id, mode=mode))
    versions = list_terms(ledger, [one.client_id for one in clients])
    folded = fold(
        register,
        days_between(first, last),
        lambda day: _close(day, fund_day, equity_at, totals, act),
        wishes,
        _Terms(versions),
    )
    held = {one.day: one for one in list_navs(ledger, fund_id, mode, since=first)}
    changed = _changed(folded, held, fund, mode, act)
    late: tuple[LateEntry, ...] = ()
    if not dry_run:
        _write(ledger, fund_id, mode, changed, folded, held, base, act)
        if folded.struck:
            late = note_late_entries(ledger, fund_id, mode, fund_day, folded.struck[0].close.day, act)
    return Strikes(
        fund_id=fund_id,
        mode=mode,
        written=tuple(one.nav for one in changed),
        known=len(folded.struck) - len(changed),
        left_out=folded.left_out,
        late=late,
    )


class _Terms:
    """Terms by client on a day; found again only when a day has other versions than the one before."""

    def __init__(self, versions: dict[str, tuple[ClientTerms, ...]]) -> None:
        self._versions = versions
        self._starts = sorted({one.valid_from for each in versions.values() for one in each})
        self._place = -1
        self._found: dict[str, FeeTerms] = {}

    def __call__(self, day: date) -> dict[str, FeeTerms]:
        place = sum(start <= day for start in self._starts)
        if place != self._place:
            self._place = place
            self._found = {name: _in_force(each, day) for name, each in self._versions.items()}
        return self._found


def _in_force(versions: Sequence[ClientTerms], day: date) -> FeeTerms:
    started = [one for one in versions if one.valid_from <= day]
    terms = started[-1] if started else versions[0]
    return FeeTerms(rate_of(terms.performance_fee), terms.crystallisation)


def _refuse_future(days: Collection[date], fund_day: FundDay, act: Act) -> None:
    running = fund_day.running(act.at)
    if not days or max(days) > running:
        raise InputError(
            f"day is {max(days, default=None)}: the day that closes next is {running} in {fund_day.zone.key}",
            remedy="strike that one, or one before it",
        )


def _refuse_closed(days: Collection[date], first_open: date | None, fund_id: str, mode: TradingMode) -> None:
    if first_open is not None and min(days) < first_open:
        raise ConflictError(
            f"day is {min(days)}: its month is closed for fund {fund_id}, {mode.value}",
            remedy=f"what was found out since is booked into the open month: strike a day from {first_open} on",
        )


def _first_open(ledger: Ledger, fund_id: str, mode: TradingMode) -> date | None:
    closed = list_closed_months(ledger, fund_id, mode)
    return last_day(closed[-1].month) + timedelta(days=1) if closed else None


def _span(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    days: Collection[date],
    requests: Sequence[DealingRequest],
    first_open: date | None,
) -> tuple[date, date]:
    newest = newest_nav(ledger, fund_id, mode)
    first, last = min(days), max(days)
    if newest is None:
        waiting = [one.day for one in requests if one.state is RequestState.WAITING]
        first = min(first, *waiting) if waiting else first
    else:
        first = min(first, newest.day + timedelta(days=1) if newest.is_final else newest.day)
        last = max(last, newest.day)
    return (first if first_open is None else max(first, first_open)), last


def _register(ledger: Ledger, nav: Nav | None) -> Register:
    if nav is None:
        return Register()
    clients = list_client_days(ledger, nav.fund_id, nav.mode, since=nav.day, until=nav.day)
    return register_after(nav, clients, list_dealings(ledger, nav.fund_id, nav.mode, since=nav.day, until=nav.day))


def _wish(one: DealingRequest) -> Wish:
    return Wish(
        request_id=one.request_id,
        client_id=one.client_id,
        kind=RequestKind(one.kind),
        day=one.day,
        amount=None if one.amount is None else cents(one.amount),
        units=None if one.units is None else millionths(one.units),
        to_client=one.to_client,
    )


def _close(day: date, fund_day: FundDay, equity_at: EquityAt, totals: FlowTotals, act: Act) -> Close | str:
    close_at = fund_day.close_of(day)
    found = equity_at(min(close_at, act.at))
    if isinstance(found, str):
        return found
    flows = totals.up_to(found.seen)
    return Close(
        day=day,
        close_at=close_at,
        as_of=min(found.seen.values()),
        is_final=act.at >= close_at,
        equity=cents(found.amount - flows.transferred),
        deposited=cents(flows.deposited),
        withdrawn=cents(flows.withdrawn),
        fees_paid=cents(flows.fees_paid),
    )


def _changed(folded: Folded, held: dict[date, Nav], fund: Fund, mode: TradingMode, act: Act) -> list[NavDay]:
    """Rows of all NAVs from the first that is not what the ledger holds."""
    digests = [digest_of(one) for one in folded.struck]
    first = next((place for place, one in enumerate(folded.struck) if _differs(one, digests[place], held)), None)
    gone = sorted(set(held) - {one.close.day for one in folded.struck})
    if gone:
        before = sum(one.close.day < gone[0] for one in folded.struck)
        first = before if first is None else min(first, before)
    if first is None:
        return []
    return [
        _rows(one, digest, held.get(one.close.day), fund, mode, act)
        for one, digest in zip(folded.struck[first:], digests[first:], strict=True)
    ]


def _differs(struck: Struck, digest: str, held: dict[date, Nav]) -> bool:
    there = held.get(struck.close.day)
    return there is None or there.digest != digest


def _rows(struck: Struck, digest: str, held: Nav | None, fund: Fund, mode: TradingMode, act: Act) -> NavDay:
    if held is not None and held.digest == digest:
        return nav_day(struck, fund, mode, digest, held.revision, held.struck_by, held.struck_at)
    revision = 1 if held is None else held.revision + 1
    return nav_day(struck, fund, mode, digest, revision, act.actor, act.at)


def _write(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    changed: list[NavDay],
    folded: Folded,
    held: dict[date, Nav],
    base: Nav | None,
    act: Act,
) -> None:
    if not changed:
        return
    before = len(folded.struck) - len(changed)
    rest = held[folded.struck[before - 1].close.day].digest if before else ("" if base is None else base.digest)
    part: list[NavDay] = []
    for one in changed:
        part.append(one)
        if sum(len(day.clients) for day in part) >= MOST_ROWS:
            write_navs(ledger, fund_id, mode, part, rest, act)
            rest, part = one.nav.digest, []
    write_navs(ledger, fund_id, mode, part, rest, act)
