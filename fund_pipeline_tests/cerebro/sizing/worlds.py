"""Facts for tests: one fund, one strategy, one account and a few instruments in which everything is in order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from fund_pipeline.cerebro.sizing import (
    AccountFacts,
    AlphaPolicy,
    BookEntry,
    Decision,
    EquityFacts,
    FundFacts,
    LegFacts,
    OrderFacts,
    PositionFacts,
    Quote,
    SignalFacts,
    StrategyFacts,
    Terms,
    World,
    decide,
)
from fund_pipeline.terms import AssetClass, OrderRole, Right, Side, SignalType

D = Decimal
AAPL, NVDA, BTC, EURUSD = "STOCK:AAPL", "STOCK:NVDA", "CRYPTO:BTC", "FOREX:EURUSD"
GC, GC_FEB = "FUTURE:GC:COMEX:20251229", "FUTURE:GC:COMEX:20260226"
CALL_450, CALL_460 = "OPTION:SPY:20251219:450:C", "OPTION:SPY:20251219:460:C"


def quote(price: object, *, age: float = 1) -> Quote:
    """A quote without spread."""
    value = D(str(price))
    return Quote(bid=value, ask=value, last=value, age_seconds=age)


def option(strike: int) -> Terms:
    return Terms(
        lot_step=D(1),
        multiplier=D(100),
        currency="USD",
        underlying="ETF:SPY",
        strike=D(strike),
        right=Right.CALL,
        expiry="20251219",
    )


def terms() -> dict[str, Terms]:
    share = Terms(lot_step=D(1), multiplier=D(1), currency="USD", tick=D("0.01"))
    gold = Terms(lot_step=D(1), multiplier=D(100), currency="USD", margin_per_contract=D(10000))
    return {
        AAPL: share,
        NVDA: share,
        "ETF:SPY": share,
        BTC: Terms(lot_step=D("0.001"), multiplier=D(1), currency="USD", minimum=D("0.01")),
        EURUSD: Terms(lot_step=D(1), multiplier=D(1), currency="USD", minimum=D(1000)),
        GC: gold,
        GC_FEB: gold,
        CALL_450: option(450),
        CALL_460: option(460),
    }


def quotes() -> dict[str, Quote]:
    prices = {AAPL: 150, NVDA: 500, BTC: 95000, EURUSD: "1.1", GC: 4000, GC_FEB: 4020, CALL_450: 12, CALL_460: 7}
    return {key: quote(price) for key, price in (prices | {"ETF:SPY": 455}).items()}


def strategy(name: str = "S", **changes: Any) -> StrategyFacts:
    facts = StrategyFacts(strategy=name, active=True, live=False, accounts=("A",), alpha_policy=AlphaPolicy.TRADE)
    return replace(facts, **changes)


def fund(name: str = "F", **changes: Any) -> FundFacts:
    """A fund whose accounts of either mode are worth a million, or as `EquityFacts` of both are changed."""
    worth = {one: changes.pop(one) for one in EquityFacts.__dataclass_fields__ if one in changes}
    million = replace(EquityFacts(equity=D(1000000), day_start_equity=D(1000000)), **worth)
    facts = FundFacts(fund_id=name, currency="USD", weights={"S": D("0.5")}, paper=million, live=million)
    return replace(facts, **changes)


def account(name: str = "A", **changes: Any) -> AccountFacts:
    facts = AccountFacts(
        account_id=name,
        fund_id="F",
        currency="USD",
        asset_classes=frozenset(AssetClass),
        live=False,
        is_open=True,
        equity=D(1000000),
        margin_used=D(0),
        age_seconds=1,
        reconciled=True,
    )
    return replace(facts, **changes)


def world(**changes: Any) -> World:
    """A world in which everything is in order. `strategy`, `fund` and `account` may be given alone."""
    strategies = changes.pop("strategies", [changes.pop("strategy", strategy())])
    funds = changes.pop("funds", [changes.pop("fund", fund())])
    accounts = changes.pop("accounts", [changes.pop("account", account())])
    facts = World(
        strategies={one.strategy: one for one in strategies},
        funds={one.fund_id: one for one in funds},
        accounts={one.account_id: one for one in accounts},
        quotes=quotes(),
        terms=terms(),
    )
    return replace(facts, **changes)


def leg(key: str = AAPL, side: Side | None = Side.BUY, quantity: object = 10, **changes: Any) -> LegFacts:
    stated = None if quantity is None else D(str(quantity))
    asset_class, symbol, *_ = key.split(":")
    facts = LegFacts(symbol=symbol, key=key, asset_class=AssetClass(asset_class), side=side, quantity=stated)
    return replace(facts, **changes)


def signal(*legs: LegFacts, kind: SignalType = SignalType.ENTRY, **changes: Any) -> SignalFacts:
    facts = SignalFacts(
        signal_id="signal", strategy="S", type=kind, legs=legs or (leg(),), sender_equity=D(500000), age_seconds=1
    )
    return replace(facts, **changes)


def leaving(*legs: LegFacts, **changes: Any) -> SignalFacts:
    return replace(signal(kind=SignalType.EXIT), **{"legs": legs, "signal_id": "exit", **_renamed(changes)})


def _renamed(changes: dict[str, Any]) -> dict[str, Any]:
    return {"type" if name == "kind" else name: value for name, value in changes.items()}


def held(key: str = AAPL, quantity: object = 10, **changes: Any) -> PositionFacts:
    size = D(str(quantity))
    facts = PositionFacts(
        strategy="S",
        account_id="A",
        instrument_key=key,
        asset_class=AssetClass(key.split(":")[0]),
        quantity=size,
        average_price=D(150),
        multiplier=terms()[key].multiplier if key in terms() else D(1),
        currency="USD",
        broker_quantity=size,
    )
    return replace(facts, **changes)


def entered(quantity: object = 10, key: str = AAPL, side: Side = Side.BUY, **changes: Any) -> BookEntry:
    """What the sender opened before with the signal `entry`."""
    size = D(str(quantity))
    facts = BookEntry(
        signal_id="entry", leg=0, strategy="S", instrument_key=key, side=side, quantity=size, remaining=size
    )
    return replace(facts, **changes)


def working(
    role: OrderRole = OrderRole.ENTRY, side: Side = Side.BUY, quantity: object = 10, **changes: Any
) -> OrderFacts:
    facts = OrderFacts(
        client_order_id="o-1",
        signal_id="entry",
        leg=0,
        strategy="S",
        account_id="A",
        instrument_key=AAPL,
        role=role,
        side=side,
        quantity=D(str(quantity)),
        notional=D(0),
        reserved_margin=D(0),
    )
    return replace(facts, **changes)


def decided(given: SignalFacts, facts: World) -> Decision:
    """The one decision of a world with one fund."""
    (decision,) = decide(given, facts).decisions
    return decision


def sizes(decision: Decision, role: OrderRole = OrderRole.ENTRY) -> dict[str, Decimal]:
    """Instrument -> quantity ordered, below 0 for sales."""
    found: dict[str, Decimal] = {}
    for order in decision.orders:
        if order.role is role:
            signed = order.quantity if order.side is Side.BUY else -order.quantity
            found[order.instrument_key] = found.get(order.instrument_key, D(0)) + signed
    return found
