"""What a paper account costs and may owe: its broker's price list, kept with the account."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from fund_pipeline.execution.port import OrderRequest
from fund_pipeline.terms import AssetClass

_ZERO = Decimal(0)
_CENT = Decimal("0.01")


class Commission(BaseModel):
    """What one fill costs, in the instrument's currency: per unit, as a fraction of notional, and at least."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_unit: Decimal = _ZERO
    fraction: Decimal = _ZERO
    least: Decimal = _ZERO

    def of(self, quantity: Decimal, price: Decimal, multiplier: Decimal) -> Decimal:
        """The commission of a fill, rounded to cents."""
        asked = self.per_unit * quantity + self.fraction * quantity * price * multiplier
        return max(asked, self.least).quantize(_CENT)


COMMISSIONS = {
    AssetClass.STOCK: Commission(per_unit=Decimal("0.005"), least=Decimal(1)),
    AssetClass.ETF: Commission(per_unit=Decimal("0.005"), least=Decimal(1)),
    AssetClass.OPTION: Commission(per_unit=Decimal("0.65"), least=Decimal(1)),
    AssetClass.FUTURE: Commission(per_unit=Decimal("2.25")),
    AssetClass.FOREX: Commission(fraction=Decimal("0.00002"), least=Decimal(2)),
    AssetClass.CRYPTO: Commission(fraction=Decimal("0.001")),
}
MARGIN_RATES = {
    AssetClass.STOCK: Decimal("0.5"),
    AssetClass.ETF: Decimal("0.5"),
    AssetClass.OPTION: Decimal(1),
    AssetClass.FUTURE: Decimal("0.1"),
    AssetClass.FOREX: Decimal("0.03"),
    AssetClass.CRYPTO: Decimal(1),
}
SHORT_OPTION_RATE = Decimal("2")
"""Margin of a short option as a multiple of its price: simple on purpose, sizing reckons exactly."""


class PaperTerms(BaseModel):
    """The terms of one paper account.

    Attributes
    ----------
    currency, cash : of the account, and what it starts with.
    slippage_bps : basis points that a fill is worse than the quote; never past an order's limit.
    spread_bps : width of quotes that are made from closing prices.
    has_oca : False to behave like a venue without OCA groups.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str = "USD"
    cash: Decimal = Decimal(1_000_000)
    commissions: dict[AssetClass, Commission] = Field(default_factory=lambda: dict(COMMISSIONS))
    margin_rates: dict[AssetClass, Decimal] = Field(default_factory=lambda: dict(MARGIN_RATES))
    slippage_bps: Decimal = _ZERO
    spread_bps: Decimal = Decimal(2)
    has_oca: bool = True

    def commission(self, request: OrderRequest, quantity: Decimal, price: Decimal) -> Decimal:
        """What a fill costs."""
        return self.commissions[request.asset_class].of(quantity, price, request.multiplier)

    def margin(self, asset_class: AssetClass, quantity: Decimal, price: Decimal, multiplier: Decimal) -> Decimal:
        """What a position binds, in the instrument's currency."""
        rate = self.margin_rates[asset_class]
        if asset_class is AssetClass.OPTION and quantity < 0:
            rate *= SHORT_OPTION_RATE
        return abs(quantity) * price * multiplier * rate


def settles_in_full(asset_class: AssetClass) -> bool:
    """Whether its price is paid when it is bought; futures and forex are marked to market instead."""
    return asset_class not in (AssetClass.FUTURE, AssetClass.FOREX)
