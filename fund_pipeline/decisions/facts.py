"""The facts of one moment, from ledger and brokers, as the values that sizing decides by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fund_pipeline.cerebro.sizing import Market, SignalFacts, Terms, World
from fund_pipeline.decisions.agreeing import views_of
from fund_pipeline.decisions.as_facts import account_facts, book_entry, order_facts, position_facts, strategy_facts
from fund_pipeline.decisions.brokers import ask_accounts
from fund_pipeline.decisions.funds import fund_facts
from fund_pipeline.decisions.hearing import keep_words
from fund_pipeline.decisions.instruments import terms_of
from fund_pipeline.decisions.markets import Asked, as_of, rates_of_mode
from fund_pipeline.decisions.worth import Moment
from fund_pipeline.execution import Broker
from fund_pipeline.instruments import InstrumentMaster
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_books import books_of
from fund_pipeline.ledger.account_model import Account, AccountStatus
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.breaks import locks
from fund_pipeline.ledger.entry_shares import filled_shares
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.model import Fund, Strategy
from fund_pipeline.ledger.open_books import open_books
from fund_pipeline.ledger.order_model import Position
from fund_pipeline.ledger.recent_entries import count_recent_entries
from fund_pipeline.ledger.sender_book import open_entries
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.terms import SignalType

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Sources:
    """Where facts come from: the brokers by account id, the instrument master, and the zone of the fund's day."""

    brokers: Mapping[str, Broker]
    master: InstrumentMaster
    zone: ZoneInfo


def gather(ledger: Ledger, sources: Sources, signals: Sequence[SignalFacts], clock: Callable[[], datetime]) -> World:
    """All that the decision on these signals needs, as of the moment when the last broker has answered.

    The brokers are asked anew, and what they say of their accounts is recorded once a minute. What cannot be known is
    None in the facts, so that entries are refused for it; exits need little and go on.
    """
    funds = list_funds(ledger)
    strategies = {one.strategy_id: one for one in list_strategies(ledger)}
    wanted = {signal.strategy for signal in signals}
    cancelling = {signal.strategy for signal in signals if signal.type is SignalType.CANCEL}
    accounts = list_accounts(ledger)
    entries = open_entries(ledger, {signal.strategy for signal in signals if signal.reads_book})  # may be thousands
    keys = {leg.key for signal in signals for leg in signal.legs if leg.key is not None}
    keys |= {one.instrument_key for one in entries}
    books = open_books(ledger, wanted, keys)
    mine = [one for one in books.positions if one.strategy in wanted]
    involved = _involved(accounts, strategies, wanted, mine)
    told = ask_accounts(sources.brokers, involved)
    views = views_of(ledger, accounts, books, told, clock())
    keys |= {one.instrument_key for one in mine} | {one.instrument_key for one in books.orders}
    terms = {key: found for key in keys if (found := terms_of(key, sources.master)) is not None}
    keys |= {one.underlying for one in terms.values() if one.underlying is not None}
    asked = Asked(sources.brokers, clock)
    permitted = _permitted(accounts, strategies)
    quoted = {name: asked.quotes(keys, permitted[name]) for name in sorted(wanted & set(strategies))}
    asking = [one for one in accounts if one.account_id in involved]
    rates = rates_of_mode(sources.brokers, asking, pairs_of(funds, accounts, terms.values()), clock)
    now = clock()
    snapshots = keep_words(ledger, accounts, told, sources.zone, now)
    moment = Moment(snapshots, rates, sources.zone, now)
    proved, locked = books_of(ledger), locks(ledger)
    world = World(
        strategies={name: strategy_facts(ledger, strategies[name], now) for name in wanted if name in strategies},
        funds={one.fund_id: fund_facts(ledger, one, accounts, moment) for one in funds},
        accounts={
            one.account_id: account_facts(
                one,
                snapshots[one.account_id],
                now,
                # Proved since we started, and the broker is there now.
                reconciled=proved[one.account_id].may_enter and views[one.account_id].answered,
                locked=locked.get(one.account_id, frozenset()),
            )
            for one in accounts
        },
        positions=tuple(position_facts(one, views[one.account_id]) for one in books.positions),
        terms=terms,
        markets={
            name: Market(quotes=as_of(now, said), fx=rates[strategies[name].trading_mode].fx)
            for name, said in quoted.items()
        },
        book=tuple(book_entry(entry) for entry in entries),
        filled=filled_shares(ledger, {one.signal_id for one in entries if one.strategy in cancelling}),
        recent_orders=count_recent_entries(ledger, now - MINUTE),
    )
    return replace(world, orders=tuple(order_facts(one, world) for one in books.orders))


def _involved(
    accounts: Iterable[Account], strategies: Mapping[str, Strategy], wanted: Collection[str], held: Iterable[Position]
) -> list[str]:
    """The accounts whose brokers are asked: those that may be traded on now, and those that hold something."""
    permitted = {name for strategy in wanted if strategy in strategies for name in strategies[strategy].accounts}
    permitted |= {one.account_id for one in held}
    funds = {one.fund_id for one in accounts if one.account_id in permitted}
    return [one.account_id for one in accounts if one.fund_id in funds and one.status is AccountStatus.OPEN] + [
        one.account_id for one in accounts if one.account_id in permitted and one.status is not AccountStatus.OPEN
    ]


def _permitted(accounts: Iterable[Account], strategies: Mapping[str, Strategy]) -> dict[str, tuple[str, ...]]:
    """Strategy -> the accounts it may trade on that are of its own mode, in its order of preference."""
    modes = {one.account_id: one.mode for one in accounts}
    return {
        name: tuple(a for a in one.accounts if modes.get(a) is one.trading_mode) for name, one in strategies.items()
    }


def pairs_of(funds: Iterable[Fund], accounts: Iterable[Account], terms: Iterable[Terms]) -> set[tuple[str, str]]:
    """Every currency of an account or an instrument, to every currency that a fund or an account counts in."""
    into = {one.currency for one in funds} | {one.currency for one in accounts}
    out_of = into | {one.currency for one in terms}
    return {(source, target) for source in out_of for target in into if source != target}
