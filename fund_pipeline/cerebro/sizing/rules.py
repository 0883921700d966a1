"""The parameters of every rule, with their units and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from fund_pipeline.terms import AssetClass

_MARGIN_RATES: Mapping[AssetClass, Decimal] = MappingProxyType(
    {
        AssetClass.STOCK: Decimal("0.5"),
        AssetClass.ETF: Decimal("0.5"),
        AssetClass.FOREX: Decimal("0.03"),
        AssetClass.CRYPTO: Decimal(1),
    }
)


@dataclass(frozen=True, kw_only=True)
class SizingRules:
    """Limits that hold for every strategy. Shares are fractions: 0.40 is 40 %.

    Attributes
    ----------
    margin_cap : greatest margin of an account ÷ its equity, this order included.
    margin_rates : margin ÷ notional, where neither the broker nor the instrument says more exactly.
    daily_loss : loss of the fund's day ÷ its start at which entries stop.
    drawdown_stop : loss from the fund's peak at which entries stop till a person resumes; None for none.
    slippage_share : greatest share of a trade's expected alpha that the market may have taken.
    price_deviation : greatest distance of quote and order prices from the last trade, ÷ the last trade.
    spread : greatest (ask - bid) ÷ the middle.
    hedge_ratio_move : greatest change of the ratio of two legs by rounding.
    entry_age_seconds : greatest age of an entry, where the strategy has no limit of its own.
    quote_age_seconds, state_age_seconds : greatest age of a quote, and of an account's state, for entries.
    ahead_seconds : how far a quote or a state may lie in the future, for clocks that differ.
    channel_age_seconds : greatest age of the last test of a critical alert channel, for LIVE entries.
    """

    margin_cap: Decimal = Decimal("0.40")
    margin_rates: Mapping[AssetClass, Decimal] = field(default_factory=lambda: _MARGIN_RATES, hash=False)
    daily_loss: Decimal = Decimal("0.02")
    drawdown_stop: Decimal | None = None
    slippage_share: Decimal = Decimal("0.30")
    price_deviation: Decimal = Decimal("0.20")
    spread: Decimal = Decimal("0.20")
    hedge_ratio_move: Decimal = Decimal("0.05")
    entry_age_seconds: float = 15 * 60
    quote_age_seconds: float = 60
    state_age_seconds: float = 5 * 60
    ahead_seconds: float = 5
    channel_age_seconds: float = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class RiskLimits:
    """A strategy's own limits in one fund; None for none.

    Attributes
    ----------
    max_position_notional, max_strategy_notional : gross notional of one instrument, and of all, in the fund's currency.
    max_position_share, max_strategy_share : the same as fractions of fund equity.
    max_open_positions : instruments held or being entered.
    max_orders_per_minute : entry orders of the last minute, these included.
    """

    max_position_notional: Decimal | None = None
    max_position_share: Decimal | None = None
    max_strategy_notional: Decimal | None = None
    max_strategy_share: Decimal | None = None
    max_open_positions: int | None = None
    max_orders_per_minute: int | None = None
