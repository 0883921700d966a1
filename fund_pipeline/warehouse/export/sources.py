"""Which tables of the ledger are exported, with which columns: the schema of the export, under a version."""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = 1
"""Raise it when what a column means changes: every table is then read again as a whole."""


@dataclass(frozen=True)
class Source:
    """A table of the ledger.

    Attributes
    ----------
    key : its primary key.
    columns : what is exported; all others must be in `left_out`, so that a new column is never passed over unseen.
    changed_at : the moment (UTC) of a row's last change. Only rows since shortly before the newest one that is known
        are read again. None: the whole table is.
    revision : counts a row's changes from its first on; None where a row never changes.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    left_out: frozenset[str] = frozenset()
    changed_at: str | None = None
    revision: str | None = None


def _source(
    table: str,
    key: str,
    columns: str,
    left_out: str = "",
    *,
    changed_at: str | None = None,
    revision: str | None = None,
) -> Source:
    names = (*key.split(), *columns.split())
    return Source(table, tuple(key.split()), names, frozenset(left_out.split()), changed_at, revision)


SOURCES = (
    _source("funds", "fund_id", "name currency capital created_at updated_at", "risk_limits"),
    _source(
        "accounts",
        "account_id",
        "fund_id name broker broker_account mode currency status created_at",
        "asset_classes updated_at",
    ),
    _source(
        "account_snapshots",
        "snapshot_id",
        "account_id as_of received_at equity cash margin_used currency unrealised_pnl",
        "positions cash_by_currency marks working_orders",
        changed_at="received_at",
    ),
    _source(
        "cash_flows",
        "flow_id",
        "fund_id account_id kind amount currency fund_amount effective_at value_date recorded_at",
        "reference counter_account reverses note recorded_by",
        changed_at="recorded_at",
    ),
    _source("halts", "scope", "state note changed_by changed_at"),
    _source(
        "alerts",
        "alert_id",
        "at severity kind entity entity_id fund_id message remedy raised last_at acknowledged_by acknowledged_at",
        "detail note",
    ),
    _source(
        "strategies",
        "strategy_id",
        "name status trading_mode sizing include_in_optimization created_at",
        "accounts risk_limits developer_contact notes unit_notional margin_per_unit lot_step max_gross "
        "expected_alpha_per_trade updated_at",
    ),
    _source(
        "backtest_summaries",
        "strategy_id",
        "first_date last_date days statistics ingested_at",
        "content_hash source_file unit unit_evidence calendar missing_sessions stated warnings",
    ),
    _source(
        "allocations",
        "allocation_id",
        "fund_id status origin created_at updated_at",
        "run_id metrics digest based_on",
    ),
    _source("allocation_weights", "allocation_id strategy_id", "weight"),
    _source(
        "senders",
        "sender_id",
        "name status environment created_at",
        "allowed_networks hmac_secret options updated_at",
    ),
    _source(
        "signals",
        "signal_id",
        "sender_id strategy sender_signal_id state received_at updated_at reason problem standardised type sent_at "
        "revision",
        "reference environment format supplement attempts claimed_by lease_until",
        changed_at="updated_at",
        revision="revision",
    ),
    _source(
        "decisions",
        "decision_id",
        "signal_id fund_id strategy kind outcome reason decided_at part",
        "figures batch actions follow_up",
        changed_at="decided_at",
    ),
    _source(
        "orders",
        "client_order_id",
        "decision_id signal_id leg account_id fund_id strategy role attempt state instrument_key asset_class side "
        "planned_quantity quantity order_type limit_price stop_price multiplier currency filled_quantity average_price "
        "reason message created_at submitted_at closed_at updated_at revision",
        "reference_price reserved_margin wanted_quantity cancel_for waits_for close_fraction close_base closes_entry "
        "closes_others combination ratio net_price not_before expires_at broker_order_id oca_group acknowledged_at",
        changed_at="updated_at",
        revision="revision",
    ),
    _source(
        "executions",
        "broker broker_account broker_execution_id",
        "client_order_id account_id strategy instrument_key side quantity price commission commission_currency "
        "multiplier currency executed_at received_at number",
        changed_at="received_at",
    ),
    _source(
        "positions",
        "strategy account_id instrument_key",
        "quantity is_flat cost average_price realised_pnl commission multiplier currency opened_by updated_at",
        "lots",
    ),
)
