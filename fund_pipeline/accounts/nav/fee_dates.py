"""When performance fees are crystallised."""

from __future__ import annotations

from datetime import date, timedelta

from fund_pipeline.ledger.client_model import Crystallisation

_MONTHS = {Crystallisation.MONTH_END: 1, Crystallisation.QUARTER_END: 3, Crystallisation.YEAR_END: 12}


def last_end(period: Crystallisation, day: date) -> date:
    """The newest end of such a period up to a day, itself included."""
    first = (day + timedelta(days=1)).replace(day=1)  # of the month after the newest month end
    months = _MONTHS[period]
    while (first.month - 1) % months:
        first = (first - timedelta(days=1)).replace(day=1)
    return first - timedelta(days=1)


def is_due(period: Crystallisation, before: date | None, day: date) -> bool:
    """Whether a period ended after the NAV before and up to this one; where no day is left out, on this day."""
    end = last_end(period, day)
    return end == day if before is None else before < end
