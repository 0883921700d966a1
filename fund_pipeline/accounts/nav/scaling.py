"""Between the ledger's exact decimals and this package's whole cents and millionths of a unit."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

from fund_pipeline.accounts.nav.register import RATE, UNIT

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_PRICE = Decimal(1).scaleb(-12)


def cents(amount: Decimal) -> int:
    """Money in whole cents, half a cent to the even one."""
    return int(_EXACT.quantize(_EXACT.multiply(amount, Decimal(100)), Decimal(1)))


def money(amount: int) -> Decimal:
    """Whole cents as money."""
    return Decimal(amount).scaleb(-2)


def millionths(units: Decimal) -> int:
    """Units with at most six places in whole millionths."""
    return int(_EXACT.multiply(units, Decimal(UNIT)))


def units_of(amount: int) -> Decimal:
    """Whole millionths as units."""
    return Decimal(amount).scaleb(-6)


def rate_of(share: Decimal) -> int:
    """A fee's share with at most six places in millionths."""
    return int(_EXACT.multiply(share, Decimal(RATE)))


def price_of(gross: int, units: int) -> Decimal:
    """Money per unit, to 12 places; 0 where there is no unit."""
    if not units:
        return Decimal(0)
    return _EXACT.divide(Decimal(gross) * UNIT, Decimal(units) * 100).quantize(_PRICE, context=_EXACT)
