"""What has to be kept together when sizes are rounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from fund_pipeline.cerebro.sizing.arithmetic import ONE, ZERO, lowest_terms
from fund_pipeline.cerebro.sizing.pricing import PricedLeg
from fund_pipeline.cerebro.sizing.spreading import Block
from fund_pipeline.terms import AssetClass

EXACT_CLASSES = (AssetClass.OPTION, AssetClass.FUTURE)


def keeps_exact_ratio(legs: Sequence[PricedLeg]) -> bool:
    """Whether the legs are a combination: several, with an option or a future among them."""
    return len(legs) > 1 and any(leg.asset_class in EXACT_CLASSES for leg in legs)


def blocks_of(
    legs: Sequence[PricedLeg],
    full: Mapping[int, Decimal],
    part: Decimal,
    margins: Callable[[Sequence[PricedLeg], Mapping[int, Decimal]], Mapping[str, Decimal]],
    *,
    exact: bool,
) -> list[Block]:
    """The legs as blocks: one for a combination, whose unit is its ratio in lowest terms; else one per leg and step.

    Parameters
    ----------
    full : leg index -> quantity that the sizing mode gives; `part` of it is within the bounds.
    margins : legs and one unit of them -> account id -> margin of the unit.
    """
    return [_block(together, full, part, margins) for together in ([legs] if exact else [[leg] for leg in legs])]


def hedge_ratio_move(full: Mapping[int, Decimal], ordered: Mapping[int, Decimal]) -> Decimal | None:
    """The greatest relative change of any two legs' ratio, either way round; None where a leg is lost."""
    parts = [ordered[index] / quantity for index, quantity in full.items()]
    return max(parts) / min(parts) - 1 if min(parts) > 0 else None


def _block(
    legs: Sequence[PricedLeg],
    full: Mapping[int, Decimal],
    part: Decimal,
    margins: Callable[[Sequence[PricedLeg], Mapping[int, Decimal]], Mapping[str, Decimal]],
) -> Block:
    unit = {legs[0].index: legs[0].terms.lot_step}
    if len(legs) > 1:
        stated = [Fraction(leg.quantity or ONE) / Fraction(leg.terms.lot_step) for leg in legs]
        ratio, _ = lowest_terms(stated)
        unit = {leg.index: share * leg.terms.lot_step for leg, share in zip(legs, ratio, strict=True)}
    units = full[legs[0].index] / unit[legs[0].index]
    least = max((-(-leg.terms.minimum // unit[leg.index]) for leg in legs), default=ZERO)
    return Block(
        legs=tuple(legs),
        unit=unit,
        full=units,
        wanted=units * part,
        least=max(least, ONE),
        margins=margins(legs, unit),
    )
