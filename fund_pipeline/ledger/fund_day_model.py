"""A day of a fund, as values: how it began, in the accounts of one mode, and what it has come to since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fund_pipeline.ledger.model import TradingMode

PLACES = Decimal(1).scaleb(-12)
EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True)
class Opening:
    """What one account was worth when the day began.

    Attributes
    ----------
    equity : in `currency`, the account's.
    rate : the fund's currency for one unit of it, of the moment at which this was recorded, and kept from then on.
    as_of : when the broker said so. UTC.
    """

    equity: Decimal
    currency: str
    rate: Decimal
    as_of: datetime

    @property
    def value(self) -> Decimal:
        """In the fund's currency, to 12 places."""
        return EXACT.multiply(self.equity, self.rate).quantize(PLACES, context=EXACT)


@dataclass(frozen=True)
class FundDay:
    """One day of a fund's accounts of one mode.

    Attributes
    ----------
    day, began_at : the date in the fund's time zone, and when it began. UTC.
    currency : the fund's.
    opened : account id -> how it began. Recorded once; an account that is new that day is added when it is first seen.
    peak : the greatest equity up to now, net of flows, as a multiple of the day's opening; None for none yet, since the
        fund is new or a person has resumed.
    day_stopped_at, drawdown_stopped_at : when the limit of the day's loss, and of the drawdown, was reached. The second
        is handed on to the next day until a person resumes.
    recorded_at, recorded_by : when and by whom the day was opened.
    """

    fund_id: str
    mode: TradingMode
    day: date
    currency: str
    began_at: datetime
    opened: Mapping[str, Opening]
    peak: Decimal | None
    day_stopped_at: datetime | None
    drawdown_stopped_at: datetime | None
    recorded_at: datetime
    recorded_by: str

    def opening_equity(self, account_ids: Iterable[str] | None = None) -> Decimal:
        """What these accounts, or all, were worth together at the day's start, in the fund's currency."""
        wanted = self.opened if account_ids is None else account_ids
        return sum((self.opened[one].value for one in wanted if one in self.opened), Decimal(0))
