"""Dashboards over HTTP: published rows as they are, each of whoever may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from fund_pipeline.api.context import Here
from fund_pipeline.api.logging_in import TOLD
from fund_pipeline.api.problems import Problem
from fund_pipeline.api.token_door import TOKEN
from fund_pipeline.clock import utc_now
from fund_pipeline.dashboards import AdminDashboard, admin_dashboard, all_funds

PREFIX = "/api/v1/dashboards"
router = APIRouter(
    prefix=PREFIX,
    tags=["dashboards"],
    dependencies=[TOKEN],
    responses=TOLD | {404: {"model": Problem, "description": "Nothing is published of that fund, or at all yet."}},
)

Values = dict[str, Any]


class FundDashboardAnswer(BaseModel):
    """A fund as an admin sees it; docs/dashboards.md says what each column is. Decimals are strings."""

    fund_id: str
    overview: Values
    rates: list[Values] = Field(description="By which what is in other currencies is valued, and those that lack.")
    equity_history: list[Values] = Field(description="By day, oldest first.")
    positions: list[Values]
    signals: list[Values] = Field(description="The fifty newest, newest first.")
    orders: list[Values] = Field(description="The fifty newest, newest first.")
    scorecard: list[Values] = Field(description="Each strategy, live against backtest.")

    @classmethod
    def of(cls, one: AdminDashboard) -> FundDashboardAnswer:
        """As it is published."""
        return cls(
            fund_id=one.fund_id,
            overview=plain(one.overview),
            rates=_all(one.rates),
            equity_history=_all(one.equity_history),
            positions=_all(one.positions),
            signals=_all(one.signals),
            orders=_all(one.orders),
            scorecard=_all(one.scorecard),
        )


class AdminDashboardAnswer(BaseModel):
    """Funds as an admin sees them, all of the same build."""

    build_id: str
    as_of: datetime = Field(description="The moment at which the ledger was as this tells.")
    built_at: datetime
    age_seconds: float = Field(description="How old that moment is now.")
    funds: list[FundDashboardAnswer]


@router.get("/admin", summary="Funds as an admin sees them")
def admin(
    here: Here, fund: Annotated[str | None, Query(max_length=64, description="Only this fund.")] = None
) -> AdminDashboardAnswer:
    """The newest publication. 404 before the first, and for a fund of which nothing is published."""
    if fund is None:
        built, found = all_funds(here.ledger)
    else:
        built, one = admin_dashboard(here.ledger, fund)
        found = (one,)
    return AdminDashboardAnswer(
        build_id=built.build_id,
        as_of=built.as_of,
        built_at=built.built_at,
        age_seconds=max(0.0, (utc_now() - built.as_of).total_seconds()),
        funds=[FundDashboardAnswer.of(each) for each in found],
    )


def plain(row: Mapping[str, Any]) -> Values:
    """A row with its decimals as texts that have every digit."""
    return {name: format(value, "f") if isinstance(value, Decimal) else value for name, value in row.items()}


def _all(rows: Iterable[Mapping[str, Any]]) -> list[Values]:
    return [plain(row) for row in rows]
