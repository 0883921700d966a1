"""What bounds the size of orders: a fund's rules for entries, and what a strategy adds, as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from fund_pipeline.cerebro.sizing.facts import AlphaPolicy, Spreading
from fund_pipeline.cerebro.sizing.rules import RiskLimits, SizingRules
from fund_pipeline.terms import AssetClass

USUAL = SizingRules()


def _as_written(value: Any) -> Any:
    """0.4 in a file is four tenths, not the nearest binary fraction."""
    return repr(value) if isinstance(value, float) else value


_SCHEMA = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number", "exclusiveMinimum": 0}]}, "validation")

Share = Annotated[
    Decimal,
    BeforeValidator(_as_written),
    Field(gt=0, le=20, max_digits=18, decimal_places=12, allow_inf_nan=False),
    _SCHEMA,
]
"""A fraction, exact as it was written: 0.4 is 40 %."""

Money = Annotated[
    Decimal, BeforeValidator(_as_written), Field(gt=0, max_digits=38, decimal_places=12, allow_inf_nan=False), _SCHEMA
]
"""Money, exact as it was written."""

Seconds = Annotated[float, Field(gt=0, le=31_536_000, allow_inf_nan=False)]


class SizingLimits(BaseModel):
    """A fund's rules for entries: what it does not name is as sizing has it. Exits pass every one of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    margin_cap: Share = Field(USUAL.margin_cap, le=1, description="Greatest margin ÷ equity of an account.")
    margin_rates: Mapping[AssetClass, Share] = Field(
        default_factory=dict, description="By asset class, margin ÷ notional where the broker does not say."
    )
    daily_loss: Share = Field(USUAL.daily_loss, le=1, description="Loss of the day at which entries end for the day.")
    drawdown_stop: Share | None = Field(
        USUAL.drawdown_stop, description="Loss from the peak at which entries end until a person resumes."
    )
    slippage_share: Share = Field(
        USUAL.slippage_share, le=1, description="Greatest share of the expected alpha that may be lost before an entry."
    )
    price_deviation: Share = Field(USUAL.price_deviation, le=1, description="Greatest distance from the last trade.")
    spread: Share = Field(USUAL.spread, le=1, description="Greatest distance of ask from bid.")
    hedge_ratio_move: Share = Field(
        USUAL.hedge_ratio_move, le=1, description="How far rounding may move the ratio of two legs."
    )
    entry_age_seconds: Seconds = Field(USUAL.entry_age_seconds, description="Greatest age of an entry.")
    quote_age_seconds: Seconds = Field(USUAL.quote_age_seconds, description="Greatest age of a quote.")
    state_age_seconds: Seconds = Field(USUAL.state_age_seconds, description="Greatest age of an account's state.")
    ahead_seconds: Seconds = Field(USUAL.ahead_seconds, description="How far a clock of others may be ahead of ours.")

    def rules(self) -> SizingRules:
        """What sizing reads."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return SizingRules(**given | {"margin_rates": {**USUAL.margin_rates, **self.margin_rates}})


class StrategyLimits(BaseModel):
    """What a strategy's entries are held to besides its fund's rules, and the parameters of its sizing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_position_notional: Money | None = Field(None, description="Gross, of one instrument, in the fund's currency.")
    max_position_share: Share | None = Field(None, description="The same, as a fraction of fund equity.")
    max_strategy_notional: Money | None = Field(None, description="Gross, of all instruments, in the fund's currency.")
    max_strategy_share: Share | None = Field(None, description="The same, as a fraction of fund equity.")
    max_open_positions: int | None = Field(None, gt=0, description="Instruments held or being entered.")
    max_orders_per_minute: int | None = Field(None, gt=0, description="Entry orders of the last minute.")
    entry_age_seconds: Seconds | None = Field(None, description="Greatest age of an entry, in place of the fund's.")
    fixed_pct: Share | None = Field(None, description="Share of fund equity; the sizing mode `fixed_pct` needs it.")
    drift_band: Share | None = Field(None, description="How far a target weight may move before an order follows.")
    spreading: Spreading = Field(Spreading.AVAILABLE_MARGIN, description="How an entry is shared among accounts.")
    alpha_policy: AlphaPolicy = Field(
        AlphaPolicy.DROP, description="`trade` or `drop` an entry whose slippage cannot be judged."
    )

    def risk_limits(self) -> RiskLimits:
        """What sizing reads as limits; the rest are facts of the strategy."""
        return RiskLimits(**{name: getattr(self, name) for name in RiskLimits.__dataclass_fields__})
