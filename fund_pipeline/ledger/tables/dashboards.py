"""What is published: the marts of the newest builds, which pages and reports read and nobody else writes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, String, Table, Text

from fund_pipeline.ledger.tables.base import metadata
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

dashboard_builds = Table(
    "dashboard_builds",
    metadata,
    Column("build_id", String(64), primary_key=True),
    Column("sequence", Integer, nullable=False, unique=True),
    Column("schema", Integer, nullable=False),
    Column("as_of", UtcDateTime(), nullable=False),
    Column("built_at", UtcDateTime(), nullable=False),
    Column("rows", Json, nullable=False),
)


def _published(mart: str, *columns: Column[Any]) -> Table:
    """The table of a mart: its own columns, and first of all of which build a row is."""
    build: Column[Any] = Column("build_id", ForeignKey("dashboard_builds.build_id"), primary_key=True)
    return Table(f"dashboard_{mart}", metadata, build, *columns)


dashboard_fund_overview = _published(
    "fund_overview",
    Column("fund_id", String(64), primary_key=True),
    Column("fund_name", String(200), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("mode", String(8)),
    Column("as_of", UtcDateTime(), nullable=False),
    Column("day", Date, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("health", String(16), nullable=False),
    Column("health_reasons", String(200), nullable=False),
    Column("halt_state", String(16), nullable=False),
    Column("equity", ExactDecimal()),
    Column("cash", ExactDecimal()),
    Column("unrealised_pnl", ExactDecimal()),
    Column("equity_day_start", ExactDecimal()),
    Column("flows_today", ExactDecimal()),
    Column("pnl_today", ExactDecimal()),
    Column("pnl_today_share", ExactDecimal()),
    Column("margin_used", ExactDecimal()),
    Column("margin_share", ExactDecimal()),
    Column("margin_cap", ExactDecimal(), nullable=False),
    Column("margin_used_of_max", ExactDecimal()),
    Column("open_positions", BigInteger, nullable=False),
    Column("working_orders", BigInteger, nullable=False),
    Column("unknown_orders", BigInteger, nullable=False),
    Column("signals_today", BigInteger, nullable=False),
    Column("open_alerts", BigInteger, nullable=False),
    Column("critical_alerts", BigInteger, nullable=False),
    Column("accounts", BigInteger, nullable=False),
    Column("accounts_unheard", BigInteger, nullable=False),
    Column("accounts_in_other_currency", BigInteger, nullable=False),
    Column("oldest_state_at", UtcDateTime()),
)

dashboard_fund_equity_history = _published(
    "fund_equity_history",
    Column("fund_id", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("as_of", UtcDateTime(), nullable=False),
    Column("equity", ExactDecimal(), nullable=False),
    Column("pnl", ExactDecimal()),
)

dashboard_fund_rates = _published(
    "fund_rates",
    Column("fund_id", String(64), primary_key=True),
    Column("currency", String(8), primary_key=True),
    Column("used_for", String(16), primary_key=True),
    Column("moment", UtcDateTime(), primary_key=True),
    Column("day", Date, nullable=False),
    Column("rate", ExactDecimal()),
    Column("told_at", UtcDateTime()),
    Column("told_by", String(64)),
    Column("problem", Text),
)

dashboard_fund_open_positions = _published(
    "fund_open_positions",
    Column("fund_id", String(64), primary_key=True),
    Column("strategy", String(200), primary_key=True),
    Column("account_id", String(64), primary_key=True),
    Column("instrument_key", String(64), primary_key=True),
    Column("mode", String(8), nullable=False),
    Column("quantity", ExactDecimal(), nullable=False),
    Column("average_price", ExactDecimal(), nullable=False),
    Column("cost", ExactDecimal(), nullable=False),
    Column("market_price", ExactDecimal()),
    Column("market_value", ExactDecimal()),
    Column("unrealised_pnl", ExactDecimal()),
    Column("currency", String(8), nullable=False),
    Column("realised_pnl", ExactDecimal(), nullable=False),
    Column("commission", ExactDecimal(), nullable=False),
    Column("opened_by", String(64)),
    Column("updated_at", UtcDateTime(), nullable=False),
)

dashboard_fund_recent_signals = _published(
    "fund_recent_signals",
    Column("fund_id", String(64), primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("signal_id", String(64), primary_key=True),
    Column("sender_id", String(64), nullable=False),
    Column("strategy", String(200), nullable=False),
    Column("type", String(16)),
    Column("instruments", Text),
    Column("received_at", UtcDateTime(), nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("reason", String(64)),
    Column("meaning", Text),
    Column("remedy", Text),
    Column("decided_at", UtcDateTime()),
)

dashboard_fund_recent_orders = _published(
    "fund_recent_orders",
    Column("fund_id", String(64), primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("client_order_id", String(40), primary_key=True),
    Column("signal_id", String(64), nullable=False),
    Column("strategy", String(200), nullable=False),
    Column("account_id", String(64), nullable=False),
    Column("role", String(8), nullable=False),
    Column("side", String(4), nullable=False),
    Column("instrument_key", String(64), nullable=False),
    Column("order_type", String(16), nullable=False),
    Column("quantity", ExactDecimal(), nullable=False),
    Column("filled_quantity", ExactDecimal(), nullable=False),
    Column("average_price", ExactDecimal()),
    Column("currency", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("closed_at", UtcDateTime()),
    Column("reason", String(64)),
    Column("meaning", Text),
    Column("remedy", Text),
)

dashboard_strategy_scorecard = _published(
    "strategy_scorecard",
    Column("fund_id", String(64), primary_key=True),
    Column("strategy_id", String(200), primary_key=True),
    Column("strategy_name", String(200)),
    Column("status", String(16)),
    Column("trading_mode", String(8)),
    Column("currency", String(3), nullable=False),
    Column("weight", ExactDecimal()),
    Column("capital", ExactDecimal()),
    Column("backtest_days", BigInteger),
    Column("backtest_first_date", Date),
    Column("backtest_last_date", Date),
    Column("backtest_annual_return", ExactDecimal()),
    Column("backtest_volatility", ExactDecimal()),
    Column("backtest_sharpe", ExactDecimal()),
    Column("backtest_max_drawdown", ExactDecimal()),
    Column("decisions", BigInteger, nullable=False),
    Column("ordered", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("fills", BigInteger, nullable=False),
    Column("open_positions", BigInteger, nullable=False),
    Column("first_fill_at", UtcDateTime()),
    Column("last_fill_at", UtcDateTime()),
    Column("live_days", BigInteger),
    Column("realised_pnl", ExactDecimal()),
    Column("commission", ExactDecimal()),
    Column("live_return", ExactDecimal()),
    Column("backtest_return_same_days", ExactDecimal()),
)

dashboard_client_statement = _published(
    "client_statement",
    Column("client_id", String(64), primary_key=True),
    Column("client_name", String(200), nullable=False),
    Column("fund_id", String(64), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("as_of", UtcDateTime(), nullable=False),
    Column("nav_day", Date),
    Column("first_day", Date),
    Column("units", ExactDecimal(), nullable=False),
    Column("value", ExactDecimal(), nullable=False),
    Column("accrued", ExactDecimal(), nullable=False),
    Column("mark", ExactDecimal(), nullable=False),
    Column("profit", ExactDecimal()),
    Column("twr", ExactDecimal()),
    Column("mwr", ExactDecimal()),
    Column("twr_gross", ExactDecimal()),
    Column("mwr_gross", ExactDecimal()),
)

dashboard_sender_statement = _published(
    "sender_statement",
    Column("sender_id", String(64), primary_key=True),
    Column("sender_name", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("as_of", UtcDateTime(), nullable=False),
    Column("signals", BigInteger, nullable=False),
    Column("unread", BigInteger, nullable=False),
    Column("ordered", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("first_signal_at", UtcDateTime()),
    Column("last_signal_at", UtcDateTime()),
)

dashboard_sender_payouts = _published(
    "sender_payouts",
    Column("sender_id", String(64), primary_key=True),
    Column("fund_id", String(64), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("as_of", UtcDateTime(), nullable=False),
    Column("last_month", Date, nullable=False),
    Column("paid", ExactDecimal(), nullable=False),
    Column("outstanding", ExactDecimal(), nullable=False),
    Column("cumulative", ExactDecimal(), nullable=False),
    Column("peak", ExactDecimal(), nullable=False),
    Column("next_payment_on", Date, nullable=False),
)
