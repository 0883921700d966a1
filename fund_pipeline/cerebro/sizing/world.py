"""All facts at one moment, and how they are found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from fund_pipeline.cerebro.sizing.facts import (
    AccountFacts,
    AlphaPolicy,
    FundFacts,
    Market,
    OrderFacts,
    PositionFacts,
    Quote,
    Spreading,
    StrategyFacts,
    Terms,
)
from fund_pipeline.cerebro.sizing.rules import SizingRules
from fund_pipeline.cerebro.sizing.signal_facts import BookEntry
from fund_pipeline.cerebro.sizing.working import WorkingSums
from fund_pipeline.terms import HaltState, SizingMode

__all__ = [
    "AccountFacts",
    "AlphaPolicy",
    "FundFacts",
    "HaltState",
    "OrderFacts",
    "PositionFacts",
    "Quote",
    "SizingMode",
    "Spreading",
    "StrategyFacts",
    "Terms",
    "World",
]


@dataclass(frozen=True, kw_only=True)
class World:
    """All facts at one moment. A batch hands each signal the world that the one before left.

    Attributes
    ----------
    funds, accounts, strategies, quotes, terms : by id, or instrument key. Every fund here answers every signal.
    orders : live ones, and those that the batch has planned.
    fx : (from, to) -> rate, as in `Market`.
    markets : strategy -> what its own accounts' brokers ask; it sees nothing else (`seen_by`). One that is not here
        sees `quotes` and `fx`.
    book : the sender's own entries that are not closed, oldest first. Needed where a signal `reads_book`.
    filled : (signal id, leg) of an entry in the book -> the share of what was ordered for it in all funds that has
        filled; what is not there has filled nothing. Needed where a CANCEL is decided.
    recent_orders : strategy -> entry orders of the last minute.
    rules : of all funds that have none of their own.
    halt : of all funds together; the stricter of this and the fund's holds.
    channel_age_seconds : since a critical alert channel was last tested; None for never.
    """

    strategies: Mapping[str, StrategyFacts]
    funds: Mapping[str, FundFacts]
    accounts: Mapping[str, AccountFacts]
    positions: tuple[PositionFacts, ...] = ()
    orders: tuple[OrderFacts, ...] = ()
    quotes: Mapping[str, Quote] = field(default_factory=dict)
    terms: Mapping[str, Terms] = field(default_factory=dict)
    fx: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    markets: Mapping[str, Market] = field(default_factory=dict)
    book: tuple[BookEntry, ...] = ()
    filled: Mapping[tuple[str, int], Decimal] = field(default_factory=dict)
    recent_orders: Mapping[str, int] = field(default_factory=dict)
    halt: HaltState = HaltState.ACTIVE
    channel_age_seconds: float | None = None
    rules: SizingRules = field(default_factory=SizingRules)

    def after(self, orders: Iterable[OrderFacts], book: Iterable[BookEntry]) -> World:
        """The world once a batch has planned these orders and the sender's book has changed so."""
        planned, changed = tuple(orders), {(entry.signal_id, entry.leg): entry for entry in book}
        entries = {**self.entries, **changed} if changed else self.entries
        later = replace(self, orders=(*self.orders, *planned), book=tuple(entries.values()))
        self._share_finds(later)
        later.__dict__["entries"] = entries
        later.__dict__["orders_of"] = _added(self.orders_of, planned) if planned else self.orders_of
        later.__dict__["working"] = self.working.and_of(planned) if planned else self.working
        return later

    def under(self, rules: SizingRules | None) -> World:
        """The same world under a fund's own rules; itself for none."""
        if rules is None:
            return self
        other = replace(self, rules=rules)
        self._share_finds(other)
        self._share_orders(other)
        return other

    def seen_by(self, strategy: str) -> World:
        """The same world with the market that prices a strategy; itself where there is none of its own."""
        market = self.markets.get(strategy)
        if market is None or (market.quotes is self.quotes and market.fx is self.fx):
            return self
        other = replace(self, quotes=market.quotes, fx=market.fx)
        self._share_finds(other)
        self._share_orders(other)
        return other

    def _share_finds(self, other: World) -> None:
        """Positions are the same there, and each strategy's quotes and rates: what was found of them stays found."""
        other.__dict__["positions_of"] = self.positions_of
        other.__dict__["notional_held"] = self.notional_held
        other.__dict__["accounts_own"] = self.accounts_own

    def _share_orders(self, other: World) -> None:
        """Orders are the same there too."""
        other.__dict__["orders_of"] = self.orders_of
        other.__dict__["working"] = self.working

    @cached_property
    def positions_of(self) -> Mapping[tuple[str, str], tuple[PositionFacts, ...]]:
        """(Strategy, fund) -> its open positions."""
        found: dict[tuple[str, str], list[PositionFacts]] = {}
        for one in self.positions:
            if one.quantity and (fund := self.fund_of(one.account_id)) is not None:
                found.setdefault((one.strategy, fund), []).append(one)
        return {key: tuple(positions) for key, positions in found.items()}

    @cached_property
    def entries(self) -> Mapping[tuple[str, int], BookEntry]:
        """(Signal, leg) -> what it opened in its sender's book, in the book's order."""
        return {(entry.signal_id, entry.leg): entry for entry in self.book}

    @cached_property
    def orders_of(self) -> Mapping[str, tuple[OrderFacts, ...]]:
        """Strategy -> its live orders, and those that the batch has planned."""
        return _added({}, self.orders)

    @cached_property
    def working(self) -> WorkingSums:
        """What its orders come to."""
        return WorkingSums().and_of(self.orders)

    @cached_property
    def notional_held(self) -> dict[tuple[str, str], Mapping[str, Decimal]]:
        """(Strategy, fund) -> instrument -> gross notional of its positions, as far as it was asked for."""
        return {}

    def rate(self, source: str, target: str) -> Decimal | None:
        """The value in `target` of one unit of `source`; None where no rate above 0 is there."""
        return Market(fx=self.fx).rate(source, target)

    def halt_of(self, fund: FundFacts) -> HaltState:
        """The stricter of the global halt and the fund's."""
        order = list(HaltState)
        return max(self.halt, fund.halt, key=order.index)

    def is_in_mode(self, strategy: str, account_id: str) -> bool:
        """Whether strategy and account are known, and both LIVE or both PAPER."""
        known, account = self.strategies.get(strategy), self.accounts.get(account_id)
        return known is not None and account is not None and known.live is account.live

    def own_accounts(self, strategy: str, fund_id: str) -> tuple[str, ...]:
        """A fund's accounts of the strategy's own mode."""
        who = strategy, fund_id
        if who not in self.accounts_own:
            self.accounts_own[who] = tuple(
                one.account_id
                for one in self.accounts.values()
                if one.fund_id == fund_id and self.is_in_mode(strategy, one.account_id)
            )
        return self.accounts_own[who]

    @cached_property
    def accounts_own(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """(Strategy, fund) -> accounts of the strategy's own mode, as far as it was asked for."""
        return {}

    def fund_of(self, account_id: str) -> str | None:
        """The fund of an account; None for an account that is not here."""
        account = self.accounts.get(account_id)
        return None if account is None else account.fund_id


def _added(
    orders: Mapping[str, tuple[OrderFacts, ...]], more: Iterable[OrderFacts]
) -> Mapping[str, tuple[OrderFacts, ...]]:
    grouped: dict[str, list[OrderFacts]] = {}
    for order in more:
        grouped.setdefault(order.strategy, []).append(order)
    return {**orders, **{name: (*orders.get(name, ()), *added) for name, added in grouped.items()}}
