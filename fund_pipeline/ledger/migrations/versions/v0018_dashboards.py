"""What is published for pages and reports, by build; logins to them that were ended."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

Mart = tuple[tuple[str, ...], list[sa.Column[Any]]]


def upgrade() -> None:
    op.create_table(
        "dashboard_builds",
        sa.Column("build_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("schema", sa.Integer(), nullable=False),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("built_at", UtcDateTime(), nullable=False),
        sa.Column("rows", Json, nullable=False),
        sa.PrimaryKeyConstraint("build_id", name=op.f("pk_dashboard_builds")),
        sa.UniqueConstraint("sequence", name=op.f("uq_dashboard_builds_sequence")),
    )
    for mart, (key, columns) in _marts().items():
        table = f"dashboard_{mart}"
        op.create_table(
            table,
            sa.Column("build_id", sa.String(length=64), nullable=False),
            *columns,
            sa.ForeignKeyConstraint(["build_id"], ["dashboard_builds.build_id"], name=op.f(f"fk_{table}_build_id")),
            sa.PrimaryKeyConstraint("build_id", *key, name=op.f(f"pk_{table}")),
        )
    op.create_table(
        "ended_logins",
        sa.Column("token_id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_ended_logins")),
    )
    op.create_index("ix_ended_logins_expires_at", "ended_logins", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("ended_logins")
    for mart in _marts():
        op.drop_table(f"dashboard_{mart}")
    op.drop_table("dashboard_builds")


def _marts() -> dict[str, Mart]:
    return {
        "fund_overview": (
            ("fund_id",),
            [
                sa.Column("fund_id", sa.String(length=64), nullable=False),
                sa.Column("fund_name", sa.String(length=200), nullable=False),
                sa.Column("currency", sa.String(length=3), nullable=False),
                sa.Column("mode", sa.String(length=8), nullable=True),
                sa.Column("as_of", UtcDateTime(), nullable=False),
                sa.Column("day", sa.Date(), nullable=False),
                sa.Column("time_zone", sa.String(length=64), nullable=False),
                sa.Column("health", sa.String(length=16), nullable=False),
                sa.Column("health_reasons", sa.String(length=200), nullable=False),
                sa.Column("halt_state", sa.String(length=16), nullable=False),
                sa.Column("equity", ExactDecimal(), nullable=True),
                sa.Column("cash", ExactDecimal(), nullable=True),
                sa.Column("unrealised_pnl", ExactDecimal(), nullable=True),
                sa.Column("equity_day_start", ExactDecimal(), nullable=True),
                sa.Column("flows_today", ExactDecimal(), nullable=True),
                sa.Column("pnl_today", ExactDecimal(), nullable=True),
                sa.Column("pnl_today_share", ExactDecimal(), nullable=True),
                sa.Column("margin_used", ExactDecimal(), nullable=True),
                sa.Column("margin_share", ExactDecimal(), nullable=True),
                sa.Column("margin_cap", ExactDecimal(), nullable=False),
                sa.Column("margin_used_of_max", ExactDecimal(), nullable=True),
                sa.Column("open_positions", sa.BigInteger(), nullable=False),
                sa.Column("working_orders", sa.BigInteger(), nullable=False),
                sa.Column("unknown_orders", sa.BigInteger(), nullable=False),
                sa.Column("signals_today", sa.BigInteger(), nullable=False),
                sa.Column("open_alerts", sa.BigInteger(), nullable=False),
                sa.Column("critical_alerts", sa.BigInteger(), nullable=False),
                sa.Column("accounts", sa.BigInteger(), nullable=False),
                sa.Column("accounts_unheard", sa.BigInteger(), nullable=False),
                sa.Column("accounts_in_other_currency", sa.BigInteger(), nullable=False),
                sa.Column("oldest_state_at", UtcDateTime(), nullable=True),
            ],
        ),
        "fund_equity_history": (
            ("fund_id", "day"),
            [
                sa.Column("fund_id", sa.String(length=64), nullable=False),
                sa.Column("day", sa.Date(), nullable=False),
                sa.Column("as_of", UtcDateTime(), nullable=False),
                sa.Column("equity", ExactDecimal(), nullable=False),
                sa.Column("pnl", ExactDecimal(), nullable=True),
            ],
        ),
        "fund_open_positions": (
            ("fund_id", "strategy", "account_id", "instrument_key"),
            [
                sa.Column("fund_id", sa.String(length=64), nullable=False),
                sa.Column("strategy", sa.String(length=200), nullable=False),
                sa.Column("account_id", sa.String(length=64), nullable=False),
                sa.Column("instrument_key", sa.String(length=64), nullable=False),
                sa.Column("mode", sa.String(length=8), nullable=False),
                sa.Column("quantity", ExactDecimal(), nullable=False),
                sa.Column("average_price", ExactDecimal(), nullable=False),
                sa.Column("cost", ExactDecimal(), nullable=False),
                sa.Column("market_price", ExactDecimal(), nullable=True),
                sa.Column("market_value", ExactDecimal(), nullable=True),
                sa.Column("unrealised_pnl", ExactDecimal(), nullable=True),
                sa.Column("currency", sa.String(length=8), nullable=False),
                sa.Column("realised_pnl", ExactDecimal(), nullable=False),
                sa.Column("commission", ExactDecimal(), nullable=False),
                sa.Column("opened_by", sa.String(length=64), nullable=True),
                sa.Column("updated_at", UtcDateTime(), nullable=False),
            ],
        ),
        "fund_recent_signals": (
            ("fund_id", "signal_id"),
            [
                sa.Column("fund_id", sa.String(length=64), nullable=False),
                sa.Column("place", sa.BigInteger(), nullable=False),
                sa.Column("signal_id", sa.String(length=64), nullable=False),
                sa.Column("sender_id", sa.String(length=64), nullable=False),
                sa.Column("strategy", sa.String(length=200), nullable=False),
                sa.Column("type", sa.String(length=16), nullable=True),
                sa.Column("instruments", sa.Text(), nullable=True),
                sa.Column("received_at", UtcDateTime(), nullable=False),
                sa.Column("state", sa.String(length=16), nullable=False),
                sa.Column("outcome", sa.String(length=16), nullable=True),
                sa.Column("reason", sa.String(length=64), nullable=True),
                sa.Column("meaning", sa.Text(), nullable=True),
                sa.Column("remedy", sa.Text(), nullable=True),
                sa.Column("decided_at", UtcDateTime(), nullable=True),
            ],
        ),
        "fund_recent_orders": (
            ("fund_id", "client_order_id"),
            [
                sa.Column("fund_id", sa.String(length=64), nullable=False),
                sa.Column("place", sa.BigInteger(), nullable=False),
                sa.Column("client_order_id", sa.String(length=40), nullable=False),
                sa.Column("signal_id", sa.String(length=64), nullable=False),
                sa.Column("strategy", sa.String(length=200), nullable=False),
                sa.Column("account_id", sa.String(length=64), nullable=False),
                sa.Column("role", sa.String(length=8), nullable=False),
                sa.Column("side", sa.String(length=4), nullable=False),
                sa.Column("instrument_key", sa.String(length=64), nullable=False),
                sa.Column("order_type", sa.String(length=16), nullable=False),
                sa.Column("quantity", ExactDecimal(), nullable=False),
                sa.Column("filled_quantity", ExactDecimal(), nullable=False),
                sa.Column("average_price", ExactDecimal(), nullable=True),
                sa.Column("currency", sa.String(length=8), nullable=False),
                sa.Column("state", sa.String(length=16), nullable=False),
                sa.Column("created_at", UtcDateTime(), nullable=False),
                sa.Column("closed_at", UtcDateTime(), nullable=True),
                sa.Column("reason", sa.String(length=64), nullable=True),
                sa.Column("meaning", sa.Text(), nullable=True),
                sa.Column("remedy", sa.Text(), nullable=True),
            ],
        ),
        "strategy_scorecard": (
            ("fund_id", "strategy_id"),
            [
                sa.Column("fund_id", sa.String(length=64), nullable=False),
                sa.Column("strategy_id", sa.String(length=200), nullable=False),
                sa.Column("strategy_name", sa.String(length=200), nullable=True),
                sa.Column("status", sa.String(length=16), nullable=True),
                sa.Column("trading_mode", sa.String(length=8), nullable=True),
                sa.Column("currency", sa.String(length=3), nullable=False),
                sa.Column("weight", ExactDecimal(), nullable=True),
                sa.Column("capital", ExactDecimal(), nullable=True),
                sa.Column("backtest_days", sa.BigInteger(), nullable=True),
                sa.Column("backtest_first_date", sa.Date(), nullable=True),
                sa.Column("backtest_last_date", sa.Date(), nullable=True),
                sa.Column("backtest_annual_return", ExactDecimal(), nullable=True),
                sa.Column("backtest_volatility", ExactDecimal(), nullable=True),
                sa.Column("backtest_sharpe", ExactDecimal(), nullable=True),
                sa.Column("backtest_max_drawdown", ExactDecimal(), nullable=True),
                sa.Column("decisions", sa.BigInteger(), nullable=False),
                sa.Column("ordered", sa.BigInteger(), nullable=False),
                sa.Column("refused", sa.BigInteger(), nullable=False),
                sa.Column("fills", sa.BigInteger(), nullable=False),
                sa.Column("open_positions", sa.BigInteger(), nullable=False),
                sa.Column("first_fill_at", UtcDateTime(), nullable=True),
                sa.Column("last_fill_at", UtcDateTime(), nullable=True),
                sa.Column("live_days", sa.BigInteger(), nullable=True),
                sa.Column("realised_pnl", ExactDecimal(), nullable=True),
                sa.Column("commission", ExactDecimal(), nullable=True),
                sa.Column("live_return", ExactDecimal(), nullable=True),
                sa.Column("backtest_return_same_days", ExactDecimal(), nullable=True),
            ],
        ),
        "client_statement": (
            ("client_id",),
            [
                sa.Column("client_id", sa.String(length=64), nullable=False),
                sa.Column("client_name", sa.String(length=200), nullable=False),
                sa.Column("fund_id", sa.String(length=64), nullable=False),
                sa.Column("mode", sa.String(length=8), nullable=False),
                sa.Column("currency", sa.String(length=3), nullable=False),
                sa.Column("as_of", UtcDateTime(), nullable=False),
                sa.Column("nav_day", sa.Date(), nullable=True),
                sa.Column("first_day", sa.Date(), nullable=True),
                sa.Column("units", ExactDecimal(), nullable=False),
                sa.Column("value", ExactDecimal(), nullable=False),
                sa.Column("accrued", ExactDecimal(), nullable=False),
                sa.Column("mark", ExactDecimal(), nullable=False),
                sa.Column("profit", ExactDecimal(), nullable=True),
                sa.Column("twr", ExactDecimal(), nullable=True),
                sa.Column("mwr", ExactDecimal(), nullable=True),
                sa.Column("twr_gross", ExactDecimal(), nullable=True),
                sa.Column("mwr_gross", ExactDecimal(), nullable=True),
            ],
        ),
        "sender_statement": (
            ("sender_id",),
            [
                sa.Column("sender_id", sa.String(length=64), nullable=False),
                sa.Column("sender_name", sa.String(length=200), nullable=False),
                sa.Column("status", sa.String(length=16), nullable=False),
                sa.Column("as_of", UtcDateTime(), nullable=False),
                sa.Column("signals", sa.BigInteger(), nullable=False),
                sa.Column("unread", sa.BigInteger(), nullable=False),
                sa.Column("ordered", sa.BigInteger(), nullable=False),
                sa.Column("refused", sa.BigInteger(), nullable=False),
                sa.Column("first_signal_at", UtcDateTime(), nullable=True),
                sa.Column("last_signal_at", UtcDateTime(), nullable=True),
            ],
        ),
        "sender_payouts": (
            ("sender_id", "fund_id", "mode"),
            [
                sa.Column("sender_id", sa.String(length=64), nullable=False),
                sa.Column("fund_id", sa.String(length=64), nullable=False),
                sa.Column("mode", sa.String(length=8), nullable=False),
                sa.Column("currency", sa.String(length=3), nullable=False),
                sa.Column("as_of", UtcDateTime(), nullable=False),
                sa.Column("last_month", sa.Date(), nullable=False),
                sa.Column("paid", ExactDecimal(), nullable=False),
                sa.Column("outstanding", ExactDecimal(), nullable=False),
                sa.Column("cumulative", ExactDecimal(), nullable=False),
                sa.Column("peak", ExactDecimal(), nullable=False),
                sa.Column("next_payment_on", sa.Date(), nullable=False),
            ],
        ),
    }
