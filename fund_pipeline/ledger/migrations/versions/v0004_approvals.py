"""Decisions on allocations, sealed and append-only; where an allocation's weights come from; two more of its states."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.migrations.append_only import allow_changes, refuse_changes
from fund_pipeline.ledger.types import ExactDecimal, Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BEFORE = ("PENDING_APPROVAL", "ACTIVE", "ARCHIVED", "REJECTED")
STATUSES = (*BEFORE, "SUPERSEDED", "EXPIRED")
ORIGINS = ("OPTIMISED", "EDITED", "ROLLED_BACK")
KEPT = ("allocation_id", "fund_id", "run_id", "status", "metrics", "digest", "created_at", "updated_at")

ALLOCATIONS = sa.table("allocations", sa.column("status"))
WEIGHTS = sa.table(
    "allocation_weights",
    sa.column("allocation_id", sa.String()),
    sa.column("strategy_id", sa.String()),
    sa.column("weight", ExactDecimal()),
)


def upgrade() -> None:
    _change_allocations(STATUSES, with_origin=True)
    op.create_table(
        "approvals",
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("allocation_id", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("second_by", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("override_reason", sa.Text(), nullable=False),
        sa.Column("breaches", Json, nullable=False),
        sa.Column("replaces", sa.String(length=128), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("previous_seal", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.CheckConstraint("decision IN ('APPROVED', 'REJECTED')", name=op.f("ck_approvals_decision")),
        sa.CheckConstraint("method IN ('CODE', 'POLICY')", name=op.f("ck_approvals_method")),
        sa.ForeignKeyConstraint(["fund_id"], ["funds.fund_id"], name=op.f("fk_approvals_fund_id")),
        sa.ForeignKeyConstraint(
            ["allocation_id"], ["allocations.allocation_id"], name=op.f("fk_approvals_allocation_id")
        ),
        sa.PrimaryKeyConstraint("fund_id", "sequence", name=op.f("pk_approvals")),
        sa.UniqueConstraint("allocation_id", name=op.f("uq_approvals_allocation_id")),
    )
    refuse_changes("approvals")


def downgrade() -> None:
    allow_changes("approvals")
    op.drop_table("approvals")
    # What has no word in the older version is over, as ARCHIVED said there.
    over = ALLOCATIONS.update().where(ALLOCATIONS.c.status.in_(STATUSES[len(BEFORE) :]))
    op.execute(over.values(status="ARCHIVED"))
    _change_allocations(BEFORE, with_origin=False)


def _change_allocations(statuses: tuple[str, ...], *, with_origin: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_allocations(statuses, with_origin=with_origin)
        return
    op.drop_constraint(op.f("ck_allocations_status"), "allocations", type_="check")
    op.create_check_constraint(op.f("ck_allocations_status"), "allocations", _one_of("status", statuses))
    if with_origin:
        for column in _origin_columns():
            op.add_column("allocations", column)
        op.create_check_constraint(op.f("ck_allocations_origin"), "allocations", _one_of("origin", ORIGINS))
    else:
        op.drop_constraint(op.f("ck_allocations_origin"), "allocations", type_="check")
        op.drop_column("allocations", "based_on")
        op.drop_column("allocations", "origin")


def _rebuild_allocations(statuses: tuple[str, ...], *, with_origin: bool) -> None:
    """SQLite can change a table's checks only by making it anew, for which nothing may refer to its rows."""
    weights = [dict(row) for row in op.get_bind().execute(sa.select(WEIGHTS)).mappings()]
    op.execute(WEIGHTS.delete())
    op.drop_index("uq_allocations_one_active", "allocations")
    op.drop_index("ix_allocations_fund_id", "allocations")
    checks = [sa.CheckConstraint(_one_of("status", statuses), name=op.f("ck_allocations_status"))]
    if with_origin:
        checks.append(sa.CheckConstraint(_one_of("origin", ORIGINS), name=op.f("ck_allocations_origin")))
    op.create_table(
        "allocations_anew",
        sa.Column("allocation_id", sa.String(length=128), nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=128), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("metrics", Json, nullable=False),
        sa.Column("digest", sa.String(length=128), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        *(_origin_columns() if with_origin else []),
        *checks,
        sa.ForeignKeyConstraint(["fund_id"], ["funds.fund_id"], name=op.f("fk_allocations_fund_id")),
        sa.ForeignKeyConstraint(["run_id"], ["optimisation_runs.run_id"], name=op.f("fk_allocations_run_id")),
        sa.PrimaryKeyConstraint("allocation_id", name=op.f("pk_allocations")),
    )
    kept = ", ".join(KEPT)
    op.execute(f"INSERT INTO allocations_anew ({kept}) SELECT {kept} FROM allocations")  # noqa: S608
    op.drop_table("allocations")
    op.rename_table("allocations_anew", "allocations")
    op.create_index("ix_allocations_fund_id", "allocations", ["fund_id", "created_at"], unique=False)
    active = sa.text("status = 'ACTIVE'")
    op.create_index("uq_allocations_one_active", "allocations", ["fund_id"], unique=True, sqlite_where=active)
    if weights:
        op.bulk_insert(WEIGHTS, weights)


def _origin_columns() -> list[sa.Column[str]]:
    return [
        sa.Column("origin", sa.String(16), nullable=False, server_default=sa.text("'OPTIMISED'")),
        sa.Column("based_on", sa.String(128), nullable=True),
    ]


def _one_of(column: str, values: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
