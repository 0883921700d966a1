"""The facts of one moment, from ledger and brokers, as the values that sizing decides by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.limits import strategy_limits_of
from fund_pipeline.accounts.sizing_limits import StrategyLimits
from fund_pipeline.accounts.snapshots import latest, record_snapshot, snapshot_of
from fund_pipeline.cerebro.sizing import (
    AccountFacts,
    BookEntry,
    OrderFacts,
    PositionFacts,
    SignalFacts,
    StrategyFacts,
    Terms,
    World,
)
from fund_pipeline.decisions.agreeing import View, view_of
from fund_pipeline.decisions.brokers import Told, ask_accounts, ask_market
from fund_pipeline.decisions.funds import fund_facts
from fund_pipeline.decisions.instruments import terms_of
from fund_pipeline.errors import InputError
from fund_pipeline.execution import Broker
from fund_pipeline.instruments import InstrumentMaster
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account, AccountSnapshot, AccountStatus, Severity, Trouble
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.funds import list_funds
from fund_pipeline.ledger.model import Fund, Strategy, StrategyStatus, TradingMode
from fund_pipeline.ledger.open_books import open_books
from fund_pipeline.ledger.order_model import OrderRow, Position, SenderEntry
from fund_pipeline.ledger.recent_entries import count_recent_entries
from fund_pipeline.ledger.sender_book import open_entries
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.terms import AssetClass

MINUTE = timedelta(minutes=1)

NOT_KNOWN = Decimal(10) ** 15
"""The notional of a working entry without a price or a rate: its strategy enters nothing more until it is known."""


@dataclass(frozen=True)
class Sources:
    """Where facts come from: the brokers by account id, the instrument master, and the zone of the fund's day."""

    brokers: Mapping[str, Broker]
    master: InstrumentMaster
    zone: ZoneInfo


def gather(ledger: Ledger, sources: Sources, signals: Sequence[SignalFacts], now: datetime) -> World:
    """All that the decision on these signals needs, as of `now` (UTC).

    The brokers are asked anew, and what they say of their accounts is recorded as a snapshot. What cannot be known is
    None in the facts, so that entries are refused for it; exits need little and go on.
    """
    funds = list_funds(ledger)
    strategies = {one.strategy_id: one for one in list_strategies(ledger)}
    wanted = {signal.strategy for signal in signals}
    accounts = list_accounts(ledger)
    entries = open_entries(ledger, wanted)
    keys = {leg.key for signal in signals for leg in signal.legs if leg.key is not None}
    keys |= {one.instrument_key for one in entries}
    books = open_books(ledger, wanted, keys)
    mine = [one for one in books.positions if one.strategy in wanted]
    involved = _involved(accounts, strategies, wanted, mine)
    told = ask_accounts(sources.brokers, involved)
    views = {one.account_id: view_of(one.account_id, books, told.get(one.account_id)) for one in accounts}
    snapshots = {one.account_id: _snapshot(ledger, one, told.get(one.account_id), now) for one in accounts}
    keys |= {one.instrument_key for one in mine} | {one.instrument_key for one in books.orders}
    terms = {key: found for key in keys if (found := terms_of(key, sources.master)) is not None}
    keys |= {one.underlying for one in terms.values() if one.underlying is not None}
    market = ask_market(sources.brokers, involved, keys, _pairs(funds, accounts, terms.values()), now)
    world = World(
        strategies={name: _strategy(ledger, strategies[name], now) for name in wanted if name in strategies},
        funds={},
        accounts={
            one.account_id: _account(one, snapshots[one.account_id], views[one.account_id], now) for one in accounts
        },
        positions=tuple(_position(one, views[one.account_id]) for one in books.positions),
        quotes=market.quotes,
        terms=terms,
        fx=market.rates,
        book=tuple(_book(entry) for entry in entries),
        recent_orders=count_recent_entries(ledger, now - MINUTE),
    )
    facts = {one.fund_id: fund_facts(ledger, one, accounts, snapshots, world, sources.zone, now) for one in funds}
    world = replace(world, funds=facts)
    return replace(world, orders=tuple(_order(one, world) for one in books.orders))


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


def _snapshot(ledger: Ledger, account: Account, told: Told | None, now: datetime) -> AccountSnapshot | None:
    if told is None:
        return latest(ledger, account.account_id)
    snapshot = snapshot_of(account.account_id, told.heard, now)
    try:
        return record_snapshot(ledger, snapshot)
    except InputError as wrong:  # its clock or its currency: entries are refused for either, exits go on
        raise_alert(ledger, _not_kept(account, wrong), now)
        return snapshot


def _not_kept(account: Account, wrong: InputError) -> Trouble:
    return Trouble(
        severity=Severity.WARNING,
        kind="SNAPSHOT_REFUSED",
        entity="account",
        entity_id=account.account_id,
        message=f"{wrong.message}; no entry is sized by it",
        remedy=wrong.remedy,
        fund_id=account.fund_id,
    )


def _strategy(ledger: Ledger, strategy: Strategy, now: datetime) -> StrategyFacts:
    try:
        limits, usable = strategy_limits_of(strategy.strategy_id, strategy.risk_limits), True
    except InputError as wrong:  # its own entries are refused for it; its exits, and all other strategies', go on
        raise_alert(ledger, _limits_wrong(strategy.strategy_id, wrong), now)
        limits, usable = StrategyLimits(), False
    return StrategyFacts(
        strategy=strategy.strategy_id,
        active=usable and strategy.status is StrategyStatus.ACTIVE,
        live=strategy.trading_mode is TradingMode.LIVE,
        accounts=strategy.accounts,
        alpha_policy=limits.alpha_policy,
        sizing=strategy.sizing,
        max_gross=strategy.max_gross,
        expected_alpha=strategy.expected_alpha_per_trade,
        fixed_pct=limits.fixed_pct,
        drift_band=limits.drift_band,
        entry_age_seconds=limits.entry_age_seconds,
        spreading=limits.spreading,
        risk_limits=limits.risk_limits(),
    )


def _limits_wrong(strategy_id: str, wrong: InputError) -> Trouble:
    return Trouble(
        severity=Severity.CRITICAL,
        kind="LIMITS_WRONG",
        entity="strategy",
        entity_id=strategy_id,
        message=f"{wrong.message}; it enters nothing till then",
        remedy=wrong.remedy,
    )


def _account(account: Account, snapshot: AccountSnapshot | None, view: View, now: datetime) -> AccountFacts:
    return AccountFacts(
        account_id=account.account_id,
        fund_id=account.fund_id,
        currency=account.currency,
        asset_classes=frozenset(account.asset_classes),
        live=account.mode is TradingMode.LIVE,
        is_open=account.status is AccountStatus.OPEN,
        # In another currency than the account's it would be another number: then it is not known.
        equity=snapshot.equity if snapshot is not None and snapshot.currency == account.currency else None,
        margin_used=snapshot.margin_used if snapshot is not None else Decimal(0),
        age_seconds=None if snapshot is None else (now - snapshot.as_of).total_seconds(),
        reconciled=view.answered,
        locked=view.broken,
    )


def _position(position: Position, view: View) -> PositionFacts:
    return PositionFacts(
        strategy=position.strategy,
        account_id=position.account_id,
        instrument_key=position.instrument_key,
        asset_class=AssetClass(position.instrument_key.partition(":")[0]),
        quantity=position.quantity,
        average_price=position.average_price,
        multiplier=position.multiplier,
        currency=position.currency,
        broker_quantity=view.held(position.instrument_key),
        lots=position.lots,
    )


def _book(entry: SenderEntry) -> BookEntry:
    return BookEntry(**{name: getattr(entry, name) for name in BookEntry.__dataclass_fields__})


def _order(order: OrderRow, world: World) -> OrderFacts:
    return OrderFacts(
        client_order_id=order.client_order_id,
        signal_id=order.signal_id,
        leg=order.leg,
        strategy=order.strategy,
        account_id=order.account_id,
        instrument_key=order.instrument_key,
        role=order.role,
        side=order.side,
        quantity=order.remaining,
        notional=_notional(order, world),
        # What has filled binds margin at the broker already.
        reserved_margin=order.reserved_margin * order.remaining / order.quantity if order.quantity else Decimal(0),
        filled=order.filled_quantity,
        closes_entry=order.closes_entry,
    )


def _notional(order: OrderRow, world: World) -> Decimal:
    """Of what has not filled yet, in the fund's currency, at the highest of its prices: the sender's own may be any."""
    if order.role.closes:
        return Decimal(0)
    quote = world.quotes.get(order.instrument_key)
    told = (order.limit_price, order.stop_price, order.reference_price)
    market = () if quote is None else (quote.bid, quote.ask, quote.last)
    prices: list[Decimal] = [abs(price) for price in (*told, *market) if price is not None]
    rate = world.rate(order.currency, world.funds[order.fund_id].currency)
    if not prices or rate is None:
        return NOT_KNOWN
    return order.remaining * max(prices) * order.multiplier * rate


def _pairs(funds: Iterable[Fund], accounts: Iterable[Account], terms: Iterable[Terms]) -> set[tuple[str, str]]:
    """Every currency of an account or an instrument, to every currency that a fund or an account counts in."""
    into = {one.currency for one in funds} | {one.currency for one in accounts}
    out_of = into | {one.currency for one in terms}
    return {(source, target) for source in out_of for target in into if source != target}
