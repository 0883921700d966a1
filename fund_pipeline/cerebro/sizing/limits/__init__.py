"""The limits on entries: one small class each, with one `validate` that says what it found. Exits meet none of them."""

from fund_pipeline.cerebro.sizing.limits.accounts import ACCOUNT_LIMITS
from fund_pipeline.cerebro.sizing.limits.bounds import BOUNDS, OrdersPerMinute
from fund_pipeline.cerebro.sizing.limits.finding import EntryCase, Finding
from fund_pipeline.cerebro.sizing.limits.funds import FUND_LIMITS
from fund_pipeline.cerebro.sizing.limits.margin import MarginLimit
from fund_pipeline.cerebro.sizing.limits.market import LEG_LIMITS, SlippageLimit

__all__ = [
    "ACCOUNT_LIMITS",
    "BOUNDS",
    "FUND_LIMITS",
    "LEG_LIMITS",
    "EntryCase",
    "Finding",
    "MarginLimit",
    "OrdersPerMinute",
    "SlippageLimit",
]
