"""What senders are owed: net realised PnL by signal, a share of each new peak at month's end, and its payment.

docs/performance.md has the rules. Matching and reckoning are pure; closing and paying write to the ledger.
"""

from fund_pipeline.accounts.payouts.closing import ClosedMonths, close_months
from fund_pipeline.accounts.payouts.matching import Matched, OpenLot, Realised, match
from fund_pipeline.accounts.payouts.months import next_payment_on, parse_month
from fund_pipeline.accounts.payouts.overview import (
    PayoutLine,
    SenderOverview,
    Unrealised,
    overview_of_fund,
    overview_of_sender,
    unrealised_of_sender,
)
from fund_pipeline.accounts.payouts.paying import mark_paid
from fund_pipeline.accounts.payouts.rates import rates_of_days
from fund_pipeline.accounts.payouts.terms import parse_amount, set_terms

__all__ = [
    "ClosedMonths",
    "Matched",
    "OpenLot",
    "PayoutLine",
    "Realised",
    "SenderOverview",
    "Unrealised",
    "close_months",
    "mark_paid",
    "match",
    "next_payment_on",
    "overview_of_fund",
    "overview_of_sender",
    "parse_amount",
    "parse_month",
    "rates_of_days",
    "set_terms",
    "unrealised_of_sender",
]
