"""Rates between currencies as brokers told them: appended, never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.accounts import known_account
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.places import PLACES

_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)

_TOLD = tables.currency_rates.c
_LAST = (
    select(tables.currency_rates)
    .where(_TOLD.source == bindparam("one"), _TOLD.target == bindparam("other"), _TOLD.as_of <= bindparam("moment"))
    .order_by(_TOLD.as_of.desc(), _TOLD.told_by)
    .limit(1)
)
"""The last rate told one way round: of one way alone, the table's key leads there however many were told."""


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


def state_rate(ledger: Ledger, rate: CurrencyRate, act: Act, *, dry_run: bool = False) -> None:
    """Keep a rate that a person read in a broker's statement, audited; `dry_run` only checks.

    NotFoundError when there is no such account; ConflictError when its broker told another one for that moment.
    """
    table = tables.currency_rates
    key = {name: getattr(rate, name) for name in ("source", "target", "as_of", "told_by")}
    query = select(table.c.rate).where(*(table.c[name] == value for name, value in key.items()))
    with ledger_away(), ledger.writing() as connection:
        known_account(connection, rate.told_by)
        held = connection.execute(query).scalar()
        if held == rate.rate:
            return
        if held is not None:
            raise ConflictError(
                f"{rate.told_by} told {rate.source} in {rate.target} as {held} for that moment",
                remedy="rates are never changed: state it for another moment of that day",
            )
        if not dry_run:
            connection.execute(insert(table).values(asdict(rate)))
            detail = {"as_of": rate.as_of.isoformat(), "rate": str(rate.rate), "told_by": rate.told_by}
            audit.record(connection, act, "rate_stated", "rate", f"{rate.source}{rate.target}", detail)


def rate_at(ledger: Ledger, source: str, target: str, moment: datetime) -> CurrencyRate | None:
    """The last rate of a pair up to a moment, told either way round; None when there was none."""
    with ledger_away(), ledger.reading() as connection:
        ways = [_last(connection, source, target, moment), _last(connection, target, source, moment)]
    told = [one for one in ways if one is not None]
    if not told:
        return None
    found = max(told, key=lambda one: (one.as_of, one.source == source))
    return found if found.source == source else found.inverse()


def _last(connection: Connection, source: str, target: str, moment: datetime) -> CurrencyRate | None:
    row = connection.execute(_LAST, {"one": source, "other": target, "moment": moment}).mappings().one_or_none()
    return None if row is None else CurrencyRate(**dict(row))
