"""How much may differ before it is a break, and how old is too old."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from fund_pipeline.terms import AssetClass

QUANTITIES: Mapping[str, Decimal] = {
    AssetClass.STOCK: Decimal("0.000001"),
    AssetClass.ETF: Decimal("0.000001"),
    AssetClass.OPTION: Decimal(0),
    AssetClass.FUTURE: Decimal(0),
    AssetClass.FOREX: Decimal("0.01"),
    AssetClass.CRYPTO: Decimal("0.00000001"),
}
"""In units: fractions of a share are kept to six places, coins to eight, currency to the cent, contracts are whole."""


@dataclass(frozen=True)
class Rules:
    """Times and tolerances that a person may change.

    Attributes
    ----------
    quantities : by asset class; the greatest difference of a position that is none.
    cash : the same of an amount in any currency: commissions are rounded to cents, by each side in its own way.
    fresh : a fill of our own order that is younger is on its way in the ordinary course, and no break.
    oldest_state : a broker's word that is older is STALE.
    answer_within : an order that was sent so recently may still be answered by the process that sent it.
    lookback : executions are compared from so long before the newest that is booked.
    jump : the share of equity that may come or go between two looks without a flow that explains it.
    """

    quantities: Mapping[str, Decimal] = field(default_factory=lambda: QUANTITIES)
    cash: Decimal = Decimal("0.05")
    fresh: timedelta = timedelta(seconds=60)
    oldest_state: timedelta = timedelta(minutes=10)
    answer_within: timedelta = timedelta(seconds=45)
    lookback: timedelta = timedelta(days=1)
    jump: Decimal = Decimal("0.10")

    def tolerance(self, instrument_key: str) -> Decimal:
        """Of an instrument's position, by its class; nought for a class that is not known."""
        return self.quantities.get(instrument_key.partition(":")[0], Decimal(0))


RULES = Rules()
