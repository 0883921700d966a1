"""Rates between currencies as brokers told them: appended, never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.places import PLACES

_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class CurrencyRate:
    """The value in `target` of one unit of `source` at a moment (UTC), and the account whose broker told it."""

    source: str
    target: str
    as_of: datetime
    told_by: str
    rate: Decimal
    received_at: datetime

    def inverse(self) -> CurrencyRate:
        """The same the other way round, to 12 places."""
        inverse = _EXACT.divide(Decimal(1), self.rate).quantize(PLACES, context=_EXACT)
        return CurrencyRate(self.target, self.source, self.as_of, self.told_by, inverse, self.received_at)


def record_rates(ledger: Ledger, rates: Iterable[CurrencyRate]) -> None:
    """Keep rates; those that are there already stay as they were."""
    rows = [asdict(one) for one in rates]
    if not rows:
        return
    dialect = sqlite if ledger.is_sqlite else postgresql
    with ledger_away(), ledger.writing() as connection:
        connection.execute(dialect.insert(tables.currency_rates).on_conflict_do_nothing(), rows)


def rate_at(ledger: Ledger, source: str, target: str, moment: datetime) -> CurrencyRate | None:
    """The last rate of a pair up to a moment, told either way round; None when there was none."""
    table = tables.currency_rates
    told = ((table.c.source == source) & (table.c.target == target)) | (
        (table.c.source == target) & (table.c.target == source)
    )
    query = (
        select(table)
        .where(told, table.c.as_of <= moment)
        .order_by(table.c.as_of.desc(), (table.c.source == source).desc(), table.c.told_by)
        .limit(1)
    )
    with ledger_away(), ledger.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    found = CurrencyRate(**dict(row))
    return found if found.source == source else found.inverse()
