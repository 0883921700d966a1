"""Funds, strategies, backtests, allocations, audit."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("entity", sa.String(length=64), nullable=False),
        sa.Column("entity_id", sa.String(length=128), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_entity", "audit", ["entity", "entity_id"], unique=False)

    op.create_table(
        "funds",
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("capital", ExactDecimal(), nullable=False),
        sa.Column("risk_limits", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("fund_id", name=op.f("pk_funds")),
        sa.UniqueConstraint("name", name=op.f("uq_funds_name")),
    )
    op.create_table(
        "strategies",
        sa.Column("strategy_id", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("trading_mode", sa.String(length=8), nullable=False),
        sa.Column("sizing", sa.String(length=16), nullable=False),
        sa.Column("include_in_optimization", sa.Boolean(), nullable=False),
        sa.Column("accounts", Json, nullable=False),
        sa.Column("risk_limits", Json, nullable=False),
        sa.Column("developer_contact", sa.String(length=320), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("margin_per_unit", ExactDecimal(), nullable=True),
        sa.Column("max_gross", ExactDecimal(), nullable=True),
        sa.Column("expected_alpha_per_trade", ExactDecimal(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "sizing IN ('scale', 'full_capital', 'fixed_pct', 'target_weight')", name=op.f("ck_strategies_sizing")
        ),
        sa.CheckConstraint("status IN ('ACTIVE', 'INACTIVE', 'TESTING')", name=op.f("ck_strategies_status")),
        sa.CheckConstraint("trading_mode IN ('PAPER', 'LIVE')", name=op.f("ck_strategies_trading_mode")),
        sa.PrimaryKeyConstraint("strategy_id", name=op.f("pk_strategies")),
    )
    op.create_table(
        "backtest_summaries",
        sa.Column("strategy_id", sa.String(length=128), nullable=False),
        sa.Column("content_hash", sa.String(length=128), nullable=False),
        sa.Column("source_file", sa.String(length=1024), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("unit_evidence", sa.Text(), nullable=False),
        sa.Column("calendar", sa.String(length=32), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("missing_sessions", sa.Integer(), nullable=False),
        sa.Column("stated", Json, nullable=False),
        sa.Column("warnings", Json, nullable=False),
        sa.Column("statistics", Json, nullable=False),
        sa.Column("ingested_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.strategy_id"], name=op.f("fk_backtest_summaries_strategy_id")
        ),
        sa.PrimaryKeyConstraint("strategy_id", name=op.f("pk_backtest_summaries")),
    )
    op.create_table(
        "dates_acceptances",
        sa.Column("strategy_id", sa.String(length=128), nullable=False),
        sa.Column("content_hash", sa.String(length=128), nullable=False),
        sa.Column("accepted_by", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.strategy_id"], name=op.f("fk_dates_acceptances_strategy_id")
        ),
        sa.PrimaryKeyConstraint("strategy_id", "content_hash", name=op.f("pk_dates_acceptances")),
    )
    op.create_table(
        "optimisation_runs",
        sa.Column("run_id", sa.String(length=128), nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("inputs_digest", sa.String(length=128), nullable=False),
        sa.Column("allocator", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("inputs", Json, nullable=False),
        sa.Column("result", Json, nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.fund_id"], name=op.f("fk_optimisation_runs_fund_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_optimisation_runs")),
        sa.UniqueConstraint("fund_id", "inputs_digest", name=op.f("uq_optimisation_runs_fund_id")),
    )
    op.create_table(
        "allocations",
        sa.Column("allocation_id", sa.String(length=128), nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("metrics", Json, nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "status IN ('PENDING_APPROVAL', 'ACTIVE', 'ARCHIVED', 'REJECTED')", name=op.f("ck_allocations_status")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.fund_id"], name=op.f("fk_allocations_fund_id")),
        sa.ForeignKeyConstraint(["run_id"], ["optimisation_runs.run_id"], name=op.f("fk_allocations_run_id")),
        sa.PrimaryKeyConstraint("allocation_id", name=op.f("pk_allocations")),
    )
    op.create_index("ix_allocations_fund_id", "allocations", ["fund_id", "created_at"], unique=False)
    op.create_index(
        "uq_allocations_one_active",
        "allocations",
        ["fund_id"],
        unique=True,
        sqlite_where=sa.text("status = 'ACTIVE'"),
        postgresql_where=sa.text("status = 'ACTIVE'"),
    )

    op.create_table(
        "allocation_weights",
        sa.Column("allocation_id", sa.String(length=128), nullable=False),
        sa.Column("strategy_id", sa.String(length=128), nullable=False),
        sa.Column("weight", ExactDecimal(), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id"], ["allocations.allocation_id"], name=op.f("fk_allocation_weights_allocation_id")
        ),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["strategies.strategy_id"], name=op.f("fk_allocation_weights_strategy_id")
        ),
        sa.PrimaryKeyConstraint("allocation_id", "strategy_id", name=op.f("pk_allocation_weights")),
    )


def downgrade() -> None:
    op.drop_table("allocation_weights")
    op.drop_index("uq_allocations_one_active", "allocations")
    op.drop_index("ix_allocations_fund_id", "allocations")

    op.drop_table("allocations")
    op.drop_table("optimisation_runs")
    op.drop_table("dates_acceptances")
    op.drop_table("backtest_summaries")
    op.drop_table("strategies")
    op.drop_table("funds")
    op.drop_index("ix_audit_entity", "audit")

    op.drop_table("audit")
