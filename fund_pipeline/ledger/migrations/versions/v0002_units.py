"""The smallest size at which a strategy can run: capital of one unit, and the step units come in."""

import sqlalchemy as sa
from alembic import op

from fund_pipeline.ledger.types import ExactDecimal

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("strategies", sa.Column("unit_notional", ExactDecimal(), nullable=True))
    op.add_column("strategies", sa.Column("lot_step", ExactDecimal(), nullable=False, server_default=sa.text("'1'")))


def downgrade() -> None:
    op.drop_column("strategies", "lot_step")
    op.drop_column("strategies", "unit_notional")
