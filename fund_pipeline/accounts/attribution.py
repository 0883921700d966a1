"""A fund's profit by strategy, instrument and asset class, from its books."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.earnings import FundBooks, earnings_of
from fund_pipeline.accounts.flows import money_in
from fund_pipeline.accounts.payouts.reckoning import RateOfDay
from fund_pipeline.accounts.performance import Attribution, Dimension, attribute
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.model import TradingMode


def attribution_of_fund(
    ledger: Ledger,
    fund_id: str,
    mode: TradingMode,
    first: date,
    last: date,
    by: Dimension,
    zone: ZoneInfo,
    rate_of_day: RateOfDay,
) -> Attribution:
    """What a fund's accounts in a mode made from the start of a day to the end of another, in the fund's currency.

    The whole is the change of consolidated equity that no flow explains. Trades count at the rate of their day, what is
    held at the ends at the marks and rates of then. The capital is the equity at the start and what came in since.

    Raises
    ------
    NotFoundError : there is no such fund.
    InputError : equity, a price or a rate at one of the ends is not known.
    """
    found = earnings_of(FundBooks(ledger, fund_id, mode, zone, rate_of_day), first, last)
    capital = found.opening + money_in(found.capital_flows)
    return attribute(found.lines, by, not_traded=found.not_traded, total=found.total, capital=capital)
