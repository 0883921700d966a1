"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

from sqlalchemy import JSON, DateTime, Numeric, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

PRECISION, SCALE = 38, 12
_EXACT = Context(prec=PRECISION + SCALE, traps=[Inexact, InvalidOperation])

Json = JSON().with_variant(JSONB(), "postgresql")


class ExactDecimal(TypeDecorator[Decimal]):
    """An exact decimal with at most 12 places: NUMERIC on PostgreSQL, text on SQLite, which has only floats.

    A float is refused, because it is not what was meant; so is a value with more places, because rounding money in
    silence is losing it.
    """

    impl = Numeric(PRECISION, SCALE)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text on SQLite, NUMERIC elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(PRECISION + 2))
        return dialect.type_descriptor(Numeric(PRECISION, SCALE, asdecimal=True))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Check that nothing is lost on the way in."""
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise TypeError(f"money and quantities are finite Decimals in the ledger, not {value!r}")
        try:
            exact = value.quantize(Decimal(1).scaleb(-SCALE), context=_EXACT)
        except (Inexact, InvalidOperation):
            raise ValueError(f"{value} has more than {SCALE} decimal places, or too many digits") from None
        return format(exact, "f") if dialect.name == "sqlite" else exact

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Decimal | None]:
        """A Decimal without trailing zeros. A call less for each value than by `process_result_value`."""
        return _plain


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. A time without a zone is refused on the way in and never comes out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC, or raise TypeError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"times in the ledger carry a zone; {value!r} has none")
        return value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """SQLite has text and forgets the zone: it was UTC."""
        return _moment_of_text if dialect.name == "sqlite" else _in_utc


def _plain(value: str | Decimal | float | None) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, float):
        raise TypeError(f"{value!r} came of arithmetic in SQLite, which has floats only: reckon with Decimals here")
    text = value if isinstance(value, str) else format(value, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text and "E" not in text else text)


def _moment_of_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)
