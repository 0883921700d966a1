"""How an instrument trades, from its key and the instrument master."""

from __future__ import annotations

from decimal import Decimal

from fund_pipeline.cerebro.sizing import Terms
from fund_pipeline.errors import InputError
from fund_pipeline.instruments import InstrumentMaster, parse_key


def terms_of(key: str, master: InstrumentMaster) -> Terms | None:
    """The terms; None for an instrument that the master knows nothing of, and for what is no instrument key."""
    try:
        parts = parse_key(key)
    except InputError:
        return None
    found = master.of_class(parts.symbol, parts.asset_class, parts.exchange)
    if found is None:
        return None
    underlying = None
    if parts.strike is not None:
        below = next(iter(master.candidates(parts.symbol)), None)
        underlying = None if below is None else f"{below.asset_class}:{below.symbol}"
    return Terms(
        lot_step=found.lot_step,
        minimum=Decimal(0),
        multiplier=found.multiplier,
        currency=found.currency,
        tick=found.tick,
        margin_per_contract=found.margin_per_contract,
        underlying=underlying,
        strike=parts.strike,
        right=parts.right,
        expiry=None if parts.expiry is None else f"{parts.expiry:%Y%m%d}",
    )
