"""Striking a NAV: a pure step from one register to the next.

    gross = equity - (deposited - withdrawn) + (subscribed - redeemed) - crystallised + fees paid

Equity less all money that came in is what the fund ever made; with it goes what was dealt in units, less the fees that
were charged. Money that waits for its NAV, redemptions that are not paid yet, and fees that are owed are therefore in
no client's value, and no deposit or payment moves it. Gross is split over units by largest remainder; each client's fee
accrues above that client's own high-water mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fund_pipeline.accounts.nav.fee_dates import is_due
from fund_pipeline.accounts.nav.register import (
    INITIAL_PRICE,
    RATE,
    UNIT,
    Arrival,
    ClientFigures,
    Close,
    Dealt,
    FeeTerms,
    Holding,
    NavFigures,
    Register,
    Struck,
    Wish,
)
from fund_pipeline.accounts.nav.shares import split
from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger.client_model import Crystallisation, RequestKind
from fund_pipeline.ledger.nav_model import DealingKind


def strike(register: Register, close: Close, wishes: Sequence[Wish], terms: Mapping[str, FeeTerms]) -> Struck | None:
    """The NAV at a close, with all that is dealt at it; None while nobody holds a unit.

    Parameters
    ----------
    wishes : that wait and are for this day or an earlier one, in the order in which they are dealt.
    terms : of every client on this day.

    Raises
    ------
    ConflictError : the clients' gross value would be below zero.
    """
    day = _Day(register, close, terms)
    day.take_in()
    if not day.clients:
        day.found(wishes)
    if not day.clients:
        return None
    day.value()
    if close.is_final:
        day.crystallise()
        for wish in wishes:
            if wish.kind is not RequestKind.SUBSCRIPTION:
                day.deal_out(wish)
        for wish in wishes:
            if wish.kind is RequestKind.SUBSCRIPTION and wish.request_id not in day.founding:
                day.deal_in(wish)
    return day.struck()


@dataclass(slots=True)
class _Client:
    """One client's day as it goes."""

    units: int
    mark: int
    accrued_before: int
    inflow: int = 0
    gross: int = 0
    fee: int = 0
    accrued: int = 0
    value: int = 0
    outflow: int = 0
    valued_units: int = 0
    left: int = 0
    left_accrued: int = 0


@dataclass
class _Day:
    register: Register
    close: Close
    terms: Mapping[str, FeeTerms]
    clients: dict[str, _Client] = field(default_factory=dict)
    dealt: list[Dealt] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    founding: set[str] = field(default_factory=set)
    subscribed: int = 0
    inflow: int = 0
    gross: int = 0
    redeemed: int = 0
    redemption_fee: int = 0

    @property
    def units(self) -> int:
        return sum(one.units for one in self.clients.values())

    def take_in(self) -> None:
        """What was dealt at the NAV before is at work from this day on."""
        for name, held in self.register.holdings.items():
            self.clients[name] = _Client(held.units, held.mark, held.accrued)
        self.subscribed = self.register.subscribed
        for one in self.register.arrivals:
            self._add(one)

    def found(self, wishes: Sequence[Wish]) -> None:
        """Nobody holds units: subscriptions that are paid for found the fund, at the initial price, from this day."""
        for wish in wishes:
            if wish.kind is RequestKind.SUBSCRIPTION and wish.amount is not None and wish.amount <= self._undealt():
                arrival = Arrival(
                    wish.client_id, wish.amount, wish.amount * UNIT // INITIAL_PRICE, wish.amount, 0, is_money=True
                )
                self._add(arrival)
                self.founding.add(wish.request_id)
                self._note(wish, DealingKind.SUBSCRIPTION, arrival.units, wish.amount, 0, wish.amount, at_open=True)

    def value(self) -> None:
        """What everybody's units are worth, and the fee that has accrued on it."""
        close, before = self.close, self.register
        brought = close.deposited - close.withdrawn
        self.gross = close.equity - brought + self.subscribed - before.redeemed - before.crystallised + close.fees_paid
        if self.gross < 0:
            raise ConflictError(
                f"the gross value at the close of {close.day} would be {self.gross / 100:,.2f}, below zero: equity "
                f"{close.equity / 100:,.2f}, net of what clients brought {brought / 100:,.2f}",
                remedy="look for a flow that is missing or wrong: `fund flows list`",
            )
        shares = split(self.gross, {name: one.units for name, one in self.clients.items()})
        for name, one in self.clients.items():
            one.gross = one.left = gross = shares[name]
            gain = gross - one.mark
            one.accrued = gain * self.terms[name].rate // RATE if gain > 0 else 0
            one.left_accrued = one.accrued
            one.value = gross - one.accrued
            one.valued_units = one.units

    def crystallise(self) -> None:
        """Where a period ended, the accrued fee is charged: units go, and the mark is what is left after it."""
        due = {period for period in Crystallisation if is_due(period, self.register.day, self.close.day)}
        if not due:
            return
        for name, one in self.clients.items():
            if not one.accrued or self.terms[name].crystallisation not in due:
                continue
            gone = one.accrued * one.units // one.gross
            one.fee, one.accrued, one.left_accrued = one.accrued, 0, 0
            one.left = one.gross - one.fee
            one.mark = max(one.mark, one.left)
            one.units -= gone
            self.dealt.append(Dealt(name, DealingKind.PERFORMANCE_FEE, None, False, -gone, 0, one.fee, 0))
            one.valued_units = one.units

    def deal_out(self, wish: Wish) -> None:
        """Units that are redeemed or handed over, with their part of the accrued fee and of the mark."""
        one = self.clients.get(wish.client_id)
        units, pay = (0, 0) if one is None else _asked(wish, one)
        if one is None or not units or units > one.units or pay > one.left - one.left_accrued:
            self._note(wish, DealingKind.REFUSED, 0, 0, 0, 0)
            return
        fee = one.left_accrued * units // one.units
        mark = one.mark * units // one.units
        if units == one.units:
            fee, mark, pay = one.left_accrued, one.mark, one.left - one.left_accrued
        one.units -= units
        one.mark -= mark
        one.left -= pay + fee
        one.left_accrued -= fee
        one.outflow += pay
        if wish.to_client is None:
            self._note(wish, DealingKind.REDEMPTION, -units, pay, fee, mark)
            self.redeemed += pay
            self.redemption_fee += fee
            return
        self._note(wish, DealingKind.TRANSFER_OUT, -units, pay, fee, mark)
        self.arrivals.append(Arrival(wish.to_client, pay, units, mark, fee, is_money=False))
        self.dealt.append(Dealt(wish.to_client, DealingKind.TRANSFER_IN, wish.request_id, False, units, pay, fee, mark))

    def deal_in(self, wish: Wish) -> None:
        """Units for money that is there, at what a unit is worth now; else it waits for the next NAV."""
        left = sum(one.left for one in self.clients.values())
        units = self.units
        if wish.amount is None or wish.amount > self._undealt() or left <= 0 or not units:
            return
        bought = wish.amount * units // left
        if not bought:
            return
        self.arrivals.append(Arrival(wish.client_id, wish.amount, bought, wish.amount, 0, is_money=True))
        self._note(wish, DealingKind.SUBSCRIPTION, bought, wish.amount, 0, wish.amount)

    def struck(self) -> Struck:
        """The day's figures and the register after it."""
        clients = tuple(
            ClientFigures(
                name,
                one.valued_units,
                one.inflow,
                one.gross,
                one.fee,
                one.accrued,
                one.fee + one.accrued - one.accrued_before,
                one.value,
                one.outflow,
                one.mark,
                one.units,
                one.left_accrued,
            )
            for name, one in sorted(self.clients.items())
        )
        fee, accrued = sum(one.fee for one in clients), sum(one.accrued for one in clients)
        before = self.register
        nav = NavFigures(
            subscribed=self.subscribed,
            redeemed=before.redeemed,
            crystallised=before.crystallised,
            inflow=self.inflow,
            performance=self.gross - before.gross - self.inflow,
            gross=self.gross,
            fee=fee,
            accrued=accrued,
            nav=self.gross - fee - accrued,
            outflow=self.redeemed,
            redemption_fee=self.redemption_fee,
            arriving=sum(one.amount for one in self.arrivals if one.is_money),
            units=sum(one.units for one in clients),
        )
        return Struck(self.close, nav, clients, tuple(self.dealt), self._register_after(fee))

    def _register_after(self, fee: int) -> Register:
        before = self.register
        held = {name: Holding(one.units, one.mark, one.left_accrued) for name, one in self.clients.items() if one.units}
        return Register(
            day=self.close.day,
            holdings=held,
            arrivals=tuple(self.arrivals),
            subscribed=self.subscribed,
            redeemed=before.redeemed + self.redeemed,
            crystallised=before.crystallised + fee + self.redemption_fee,
            gross=sum(one.left for one in self.clients.values()) + self._moving(),
        )

    def _moving(self) -> int:
        """What is handed from one client to another overnight stays in the fund."""
        return sum(one.amount + one.accrued for one in self.arrivals if not one.is_money)

    def _add(self, one: Arrival) -> None:
        client = self.clients.setdefault(one.client_id, _Client(0, 0, 0))
        client.units += one.units
        client.mark += one.mark
        client.accrued_before += one.accrued
        client.inflow += one.amount
        if one.is_money:
            self.subscribed += one.amount
            self.inflow += one.amount

    def _undealt(self) -> int:
        """Money that clients brought and that nothing was dealt for: not what is owed for redemptions."""
        close = self.close
        redeemed = self.register.redeemed + self.redeemed
        dealt = self.subscribed + sum(one.amount for one in self.arrivals if one.is_money)
        return close.deposited - dealt - max(0, close.withdrawn - redeemed)

    def _note(
        self, wish: Wish, kind: DealingKind, units: int, amount: int, fee: int, mark: int, *, at_open: bool = False
    ) -> None:
        self.dealt.append(Dealt(wish.client_id, kind, wish.request_id, at_open, units, amount, fee, mark))


def _asked(wish: Wish, one: _Client) -> tuple[int, int]:
    """Units that a wish takes of a holding, and what is paid for them: for units it is rounded down to the cent, for
    money the units are rounded up, so that neither costs those who stay."""
    value = one.left - one.left_accrued
    if wish.units is not None:
        return wish.units, value * wish.units // one.units if one.units else 0
    if wish.amount is None or wish.amount == value:
        return one.units, value
    units = -(-wish.amount * one.units // value) if value > 0 else 0
    return min(units, one.units) if wish.amount < value else units, wish.amount
