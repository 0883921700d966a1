"""The tables, as the newest migration leaves them, a file per room. A test compares the two."""

from fund_pipeline.ledger.tables.accounts import STILL_OPEN, account_snapshots, accounts, alerts, halts
from fund_pipeline.ledger.tables.allocations import (
    ONLY_ACTIVE,
    allocation_weights,
    allocations,
    approvals,
    optimisation_runs,
)
from fund_pipeline.ledger.tables.audit import audit, audit_head
from fund_pipeline.ledger.tables.base import SEQUENCE, NullableJson, metadata
from fund_pipeline.ledger.tables.books import cash_flows
from fund_pipeline.ledger.tables.clients import (
    client_days,
    client_terms,
    clients,
    closed_months,
    dealing_requests,
    dealings,
    late_entries,
    navs,
)
from fund_pipeline.ledger.tables.execution import (
    ENTRY_IS_OPEN,
    HOLDS_SOMETHING,
    IS_FOLLOWED,
    ORDER_IS_LIVE,
    decisions,
    executions,
    order_transitions,
    orders,
    positions,
    sender_entries,
)
from fund_pipeline.ledger.tables.payouts import payout_items, payout_payments, payout_terms, payouts
from fund_pipeline.ledger.tables.reconciliation import currency_rates
from fund_pipeline.ledger.tables.registry import backtest_summaries, dates_acceptances, funds, strategies
from fund_pipeline.ledger.tables.signals import (
    NOT_REPEATS,
    raw_signals,
    refused_signals,
    sender_passphrases,
    senders,
    signal_resends,
    signal_transitions,
    signals,
)
from fund_pipeline.ledger.tables.users import api_keys, recovery_codes, users

__all__ = [
    "ENTRY_IS_OPEN",
    "HOLDS_SOMETHING",
    "IS_FOLLOWED",
    "NOT_REPEATS",
    "ONLY_ACTIVE",
    "ORDER_IS_LIVE",
    "SEQUENCE",
    "STILL_OPEN",
    "NullableJson",
    "account_snapshots",
    "accounts",
    "alerts",
    "allocation_weights",
    "allocations",
    "api_keys",
    "approvals",
    "audit",
    "audit_head",
    "backtest_summaries",
    "cash_flows",
    "client_days",
    "client_terms",
    "clients",
    "closed_months",
    "currency_rates",
    "dates_acceptances",
    "dealing_requests",
    "dealings",
    "decisions",
    "executions",
    "funds",
    "halts",
    "late_entries",
    "metadata",
    "navs",
    "optimisation_runs",
    "order_transitions",
    "orders",
    "payout_items",
    "payout_payments",
    "payout_terms",
    "payouts",
    "positions",
    "raw_signals",
    "recovery_codes",
    "refused_signals",
    "sender_entries",
    "sender_passphrases",
    "senders",
    "signal_resends",
    "signal_transitions",
    "signals",
    "strategies",
    "users",
]
