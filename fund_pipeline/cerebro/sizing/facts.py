"""The facts that decisions are made of, as values. Nothing here is looked up: what is None is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from fund_pipeline.cerebro.sizing.rules import RiskLimits, SizingRules
from fund_pipeline.lots import Lots
from fund_pipeline.terms import AssetClass, HaltState, OrderRole, Right, Side, SizingMode


class AlphaPolicy(StrEnum):
    """What happens to an entry whose slippage cannot be compared with an expected alpha."""

    TRADE = "trade"
    DROP = "drop"


class Spreading(StrEnum):
    """How an entry is spread over accounts."""

    AVAILABLE_MARGIN = "available_margin"
    EQUAL = "equal"


@dataclass(frozen=True, kw_only=True)
class StrategyFacts:
    """A strategy in the registry.

    Attributes
    ----------
    active : its status is ACTIVE.
    live : its mode is LIVE; else PAPER.
    accounts : ids of the accounts it may trade on, in order of preference.
    alpha_policy : has no default, because either choice can cost money.
    max_gross : κ, greatest notional ÷ equity of its backtest; None is 1.
    expected_alpha : per trade, a fraction of the entry price.
    sender_equity : of its registered sender, where the signal has none.
    fixed_pct : share of fund equity, for the mode of that name.
    drift_band : for target weights: least |target - held| ÷ |target| at which the same weight again orders; None: off.
    entry_age_seconds : greatest age of an entry; None for the rule's.
    """

    strategy: str
    active: bool
    live: bool
    accounts: tuple[str, ...]
    alpha_policy: AlphaPolicy
    sizing: SizingMode = SizingMode.SCALE
    max_gross: Decimal | None = None
    expected_alpha: Decimal | None = None
    sender_equity: Decimal | None = None
    fixed_pct: Decimal | None = None
    drift_band: Decimal | None = None
    entry_age_seconds: float | None = None
    spreading: Spreading = Spreading.AVAILABLE_MARGIN
    risk_limits: RiskLimits = field(default_factory=RiskLimits)


@dataclass(frozen=True, kw_only=True)
class EquityFacts:
    """What a fund's open accounts of one mode are worth together. Amounts are in the fund's currency; None: not known.

    Attributes
    ----------
    day_start_equity : at the start of the day in the fund's time zone.
    day_flows : subscriptions less redemptions since then.
    peak_equity : the greatest so far, as it would have been at the day's start: flows do not raise or lower it.
    day_stopped : the day's loss has reached its limit before, today.
    drawdown_stopped : the stop was reached, and no person has resumed since.
    """

    equity: Decimal | None = None
    day_start_equity: Decimal | None = None
    day_flows: Decimal = Decimal(0)
    peak_equity: Decimal | None = None
    day_stopped: bool = False
    drawdown_stopped: bool = False

    @property
    def day_change(self) -> Decimal | None:
        """The day's gain ÷ its start, net of flows; None where it cannot be reckoned."""
        return self._against(self.day_start_equity)

    @property
    def drawdown(self) -> Decimal | None:
        """The same against the peak, 0 or below; None where it cannot be reckoned."""
        change = self._against(self.peak_equity)
        return None if change is None else min(change, Decimal(0))

    def _against(self, before: Decimal | None) -> Decimal | None:
        if self.equity is None or before is None or before <= 0:
            return None
        return (self.equity - self.day_flows - before) / before


@dataclass(frozen=True, kw_only=True)
class FundFacts:
    """A fund. What its PAPER and its LIVE accounts are worth is never added up: neither lends capital to the other.

    Attributes
    ----------
    weights : strategy -> weight of its ACTIVE allocation; None where it has none.
    rules : its own; None for the world's.
    """

    fund_id: str
    currency: str
    weights: Mapping[str, Decimal] | None
    paper: EquityFacts = field(default_factory=EquityFacts)
    live: EquityFacts = field(default_factory=EquityFacts)
    halt: HaltState = HaltState.ACTIVE
    rules: SizingRules | None = None

    def worth(self, strategy: StrategyFacts) -> EquityFacts:
        """What the accounts of the strategy's own mode are worth: the only equity that sizes it, and that stops it."""
        return self.live if strategy.live else self.paper


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """A broker account and its last snapshot. Amounts are in its currency.

    Attributes
    ----------
    age_seconds : of the snapshot; below 0 where the broker's clock is ahead; None where there is none.
    available_margin : what the broker reports; None for equity - margin_used.
    reconciled : its books agree with the broker's.
    locked : instruments that a break locks for entries.
    margin_per_unit : instrument -> margin of one unit that the broker asks, where it offers a what-if.
    """

    account_id: str
    fund_id: str
    currency: str
    asset_classes: frozenset[AssetClass]
    live: bool
    is_open: bool
    equity: Decimal | None
    margin_used: Decimal
    age_seconds: float | None
    reconciled: bool
    available_margin: Decimal | None = None
    locked: frozenset[str] = frozenset()
    margin_per_unit: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PositionFacts:
    """What one strategy holds of one instrument in one account.

    Attributes
    ----------
    quantity : by our books, below 0 for a short.
    broker_quantity : what the broker, freshly asked, holds in the account for all strategies; None where it did not
        answer, which is not "flat".
    lots : what each entry's fills hold of it, the oldest first; they sum to its size. Empty where nobody knows.
    """

    strategy: str
    account_id: str
    instrument_key: str
    asset_class: AssetClass
    quantity: Decimal
    average_price: Decimal
    multiplier: Decimal
    currency: str
    broker_quantity: Decimal | None = None
    lots: Lots = ()


@dataclass(frozen=True, kw_only=True)
class OrderFacts:
    """An order that is INTENT, working or UNKNOWN, or that this batch has planned.

    Attributes
    ----------
    client_order_id : None where this batch planned it.
    quantity, filled : what has not filled yet, > 0, and what has.
    notional : of that quantity, in the fund's currency; 0 for what closes.
    reserved_margin : in the account's currency.
    closes_entry : signal id of the entry that an exit names.
    counted_by_broker : the margin that the broker reports has it in already.
    """

    client_order_id: str | None
    signal_id: str
    leg: int
    strategy: str
    account_id: str
    instrument_key: str
    role: OrderRole
    side: Side
    quantity: Decimal
    notional: Decimal
    reserved_margin: Decimal
    counted_by_broker: bool = False
    filled: Decimal = Decimal(0)
    closes_entry: str | None = None


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What the market asks, in the instrument's currency. `age_seconds` is below 0 for a clock ahead of ours."""

    bid: Decimal | None
    ask: Decimal | None
    last: Decimal | None
    age_seconds: float


@dataclass(frozen=True, kw_only=True)
class Market:
    """What is asked for instruments and currencies, by who may be believed.

    Attributes
    ----------
    quotes : by instrument key.
    fx : (from, to) -> rate. The inverse is used where only that is there; a currency to itself needs none.
    """

    quotes: Mapping[str, Quote] = field(default_factory=dict)
    fx: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)

    def rate(self, source: str, target: str) -> Decimal | None:
        """The value in `target` of one unit of `source`; None where no rate above 0 is there."""
        if source == target:
            return Decimal(1)
        if (rate := self.fx.get((source, target))) is not None and rate > 0:
            return rate
        if (inverse := self.fx.get((target, source))) is not None and inverse > 0:
            return 1 / inverse
        return None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How an instrument trades.

    Attributes
    ----------
    lot_step, tick : smallest steps of quantity and price; `minimum` : least quantity of an order.
    multiplier : value of one point of price for one unit of quantity, in `currency`.
    margin_per_contract : of a future, in `currency`.
    underlying, strike, right, expiry : of an option; the underlying as instrument key; expiry as YYYYMMDD.
    """

    lot_step: Decimal
    multiplier: Decimal
    currency: str
    minimum: Decimal = Decimal(0)
    tick: Decimal | None = None
    margin_per_contract: Decimal | None = None
    underlying: str | None = None
    strike: Decimal | None = None
    right: Right | None = None
    expiry: str | None = None
