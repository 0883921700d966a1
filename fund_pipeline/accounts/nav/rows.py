"""A NAV that was struck as the ledger keeps it, and the register as it is read back from there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from fund_pipeline.accounts.nav.register import Arrival, ClientFigures, Dealt, Holding, Register, Struck
from fund_pipeline.accounts.nav.scaling import cents, millionths, money, price_of, units_of
from fund_pipeline.ledger.model import Fund, TradingMode
from fund_pipeline.ledger.nav_model import ClientDay, Dealing, DealingKind, Nav
from fund_pipeline.ledger.navs import NavDay

_OF_UNITS = ("units", "closing_units")


def digest_of(struck: Struck) -> str:
    """SHA-256 of all of a NAV's figures: the same figures have the same one, whenever they are struck."""
    close = struck.close
    said = (
        close.day.isoformat(),
        close.close_at.isoformat(),
        close.as_of.isoformat(),
        *(close.is_final, close.equity, close.deposited, close.withdrawn, close.fees_paid),
        tuple(struck.nav),
        [tuple(one) for one in struck.clients],
        [(one.client_id, one.kind.value, *one[2:]) for one in struck.dealt],
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()


def nav_day(struck: Struck, fund: Fund, mode: TradingMode, digest: str, revision: int, by: str, at: datetime) -> NavDay:
    """The rows of one NAV."""
    close, figures = struck.close, struck.nav
    key: dict[str, Any] = {"fund_id": fund.fund_id, "mode": mode.value, "day": close.day}
    nav = Nav(
        fund_id=fund.fund_id,
        mode=mode,
        day=close.day,
        as_of=close.as_of,
        close_at=close.close_at,
        is_final=close.is_final,
        currency=fund.currency,
        equity=money(close.equity),
        deposited=money(close.deposited),
        withdrawn=money(close.withdrawn),
        fees_paid=money(close.fees_paid),
        **{name: money(value) for name, value in figures._asdict().items() if name != "units"},
        units=units_of(figures.units),
        price=price_of(figures.gross - figures.fee, figures.units),
        digest=digest,
        revision=revision,
        struck_by=by,
        struck_at=at,
    )
    clients = [key | _client_row(one) | {"revision": revision} for one in struck.clients]
    dealings = [
        key | {"number": number, "revision": revision} | _dealing_row(one) for number, one in enumerate(struck.dealt)
    ]
    return NavDay(nav, clients, dealings)


def register_after(nav: Nav, clients: Iterable[ClientDay], dealings: Sequence[Dealing]) -> Register:
    """The register after a NAV of the ledger: the exact one that striking it ended with."""
    holdings = {
        one.client_id: Holding(millionths(one.closing_units), cents(one.mark), cents(one.closing_accrued))
        for one in clients
        if one.closing_units
    }
    arrivals = tuple(
        Arrival(
            one.client_id,
            cents(one.amount),
            millionths(one.units),
            cents(one.mark),
            cents(one.fee),
            is_money=one.kind is DealingKind.SUBSCRIPTION,
        )
        for one in dealings
        if one.kind in (DealingKind.SUBSCRIPTION, DealingKind.TRANSFER_IN) and not one.at_open
    )
    return Register(
        day=nav.day,
        holdings=holdings,
        arrivals=arrivals,
        subscribed=cents(nav.subscribed),
        redeemed=cents(nav.redeemed + nav.outflow),
        crystallised=cents(nav.crystallised + nav.fee + nav.redemption_fee),
        gross=cents(nav.gross - nav.fee - nav.outflow - nav.redemption_fee),
    )


def _client_row(one: ClientFigures) -> dict[str, Any]:
    values: dict[str, Any] = one._asdict()
    for name, value in values.items():
        if name in _OF_UNITS:
            values[name] = units_of(value)
        elif name != "client_id":
            values[name] = money(value)
    return values


def _dealing_row(one: Dealt) -> dict[str, Any]:
    return {
        "client_id": one.client_id,
        "kind": one.kind.value,
        "request_id": one.request_id,
        "at_open": one.at_open,
        "units": units_of(one.units),
        "amount": money(one.amount),
        "fee": money(one.fee),
        "mark": money(one.mark),
    }
