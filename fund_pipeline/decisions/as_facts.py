"""What the ledger and the brokers hold, as the values that sizing decides by."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from fund_pipeline.accounts.limits import strategy_limits_of
from fund_pipeline.accounts.sizing_limits import StrategyLimits
from fund_pipeline.cerebro.sizing import AccountFacts, BookEntry, OrderFacts, PositionFacts, StrategyFacts, World
from fund_pipeline.decisions.agreeing import View
from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account, AccountSnapshot, AccountStatus, Severity, Trouble
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.model import Strategy, StrategyStatus, TradingMode
from fund_pipeline.ledger.order_model import OrderRow, Position, SenderEntry
from fund_pipeline.terms import AssetClass

NOT_KNOWN = Decimal(10) ** 15
"""The notional of a working entry without a price or a rate: its strategy enters nothing more until it is known."""


def strategy_facts(ledger: Ledger, strategy: Strategy, now: datetime) -> StrategyFacts:
    """A strategy of the registry; one whose limits are wrong enters nothing."""
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


def account_facts(
    account: Account, snapshot: AccountSnapshot | None, now: datetime, *, reconciled: bool, locked: frozenset[str]
) -> AccountFacts:
    """An account as of `now`, by its newest word; whether its books are proved, and what breaks lock of it."""
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
        reconciled=reconciled,
        locked=locked,
    )


def position_facts(position: Position, view: View) -> PositionFacts:
    """A position with what its broker holds there, and the lots it is made of."""
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


def book_entry(entry: SenderEntry) -> BookEntry:
    """An entry of a sender's book."""
    return BookEntry(**{name: getattr(entry, name) for name in BookEntry.__dataclass_fields__})


def order_facts(order: OrderRow, world: World) -> OrderFacts:
    """A live order. Its notional is in its fund's currency, by the market that its strategy sees."""
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
    seen = world.seen_by(order.strategy)
    quote = seen.quotes.get(order.instrument_key)
    told = (order.limit_price, order.stop_price, order.reference_price)
    market = () if quote is None else (quote.bid, quote.ask, quote.last)
    prices: list[Decimal] = [abs(price) for price in (*told, *market) if price is not None]
    rate = seen.rate(order.currency, world.funds[order.fund_id].currency)
    if not prices or rate is None:
        return NOT_KNOWN
    return order.remaining * max(prices) * order.multiplier * rate
