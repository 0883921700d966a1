"""A rate between currencies as a person states it, checked field by field."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.times import moment_of
from fund_pipeline.errors import InputError
from fund_pipeline.ledger.places import kept
from fund_pipeline.ledger.rates import CurrencyRate


def parse_rate(
    source: str, target: str, rate: str, at: str, account_id: str, zone: ZoneInfo, now: datetime
) -> CurrencyRate:
    """A rate of a moment; a time without an offset is one of the zone. InputError names the field and the fix."""
    for name, currency in (("source", source), ("target", target)):
        if not re.fullmatch("[A-Z]{3}", currency):
            raise InputError(f"{name} is {currency!r}: not a currency", remedy="give its three letters, as USD")
    if source == target:
        raise InputError(f"target is {target}: the same as the source", remedy="name two currencies")
    try:
        number = kept(Decimal(rate))
    except InvalidOperation:
        raise InputError(f"rate is {rate!r}: not a number", remedy="write digits with a point, as 1.0842") from None
    if number <= 0:
        raise InputError(f"rate is {rate}: not above zero", remedy=f"give {target} per 1 {source}")
    as_of = moment_of("at", at, zone).astimezone(UTC)
    if as_of > now:
        raise InputError(f"at is {at!r}: in the future", remedy="state rates that have been")
    return CurrencyRate(source, target, as_of, account_id, number, now)
