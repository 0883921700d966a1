"""Numbers of others, as the books can keep them."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation

MOST_PLACES = 12
PLACES = Decimal(1).scaleb(-MOST_PLACES)
"""What the books keep of a number: a float of a third has more digits than it means."""

_EXACT = Context(prec=100)


def kept(value: Decimal) -> Decimal:
    """To twelve places; a value that has no more is left as it was written. InvalidOperation for what is no number."""
    if not value.is_finite():
        raise InvalidOperation
    if int(value.as_tuple().exponent) >= -MOST_PLACES:
        return value
    rounded = value.quantize(PLACES, context=_EXACT)
    return value if rounded == value else rounded.normalize(_EXACT)
