"""A fund's risk limits: every parameter of the allocation and of orders, its unit and its default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.accounts.sizing_limits import SizingLimits, StrategyLimits
from fund_pipeline.errors import InputError


class FundLimits(BaseModel):
    """Limits as fractions of fund equity. Where a fund names none, these defaults hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    beta: float = Field(0.95, gt=0.5, lt=1, description="Confidence of VaR and CVaR.")
    cvar_limit: float = Field(0.01, gt=0, le=1, description="Greatest one-day CVaR.")
    max_leverage: float = Field(2.0, gt=0, le=20, description="Greatest sum of weights.")
    max_weight: float = Field(0.5, gt=0, le=20, description="Greatest weight of one strategy.")
    margin_cap: float = Field(0.35, gt=0, le=1, description="Greatest sum of margin; under the 0.40 order limit.")
    max_turnover: float | None = Field(
        None, gt=0, description="Greatest sum of |weight changes| against the active allocation; empty for none."
    )
    cluster_cap: float | None = Field(
        None, gt=0, description="Greatest sum of weights of strategies that move together; empty for none."
    )
    cluster_correlation: float = Field(
        0.7, gt=0, lt=1, description="Correlation from which strategies count as moving together."
    )
    sizing: SizingLimits = Field(SizingLimits(), description="Limits on entries.")
    approval: ApprovalPolicy = Field(ApprovalPolicy(), description="Rules for approving an allocation.")


def limits_of(fund_id: str, risk_limits: Mapping[str, Any]) -> FundLimits:
    """Check the limits stored for a fund. InputError names the fund, the field and its value."""
    try:
        return FundLimits.model_validate(dict(risk_limits))
    except ValidationError as invalid:
        raise InputError(
            f"fund {fund_id}: risk limit {first_problem(invalid)}",
            remedy="correct it with `fund registry import FILE`",
        ) from None


def strategy_limits_of(strategy_id: str, risk_limits: Mapping[str, Any]) -> StrategyLimits:
    """Check the limits stored for a strategy. InputError names the strategy, the field and its value."""
    try:
        return StrategyLimits.model_validate(dict(risk_limits))
    except ValidationError as invalid:
        raise InputError(
            f"strategy {strategy_id}: risk limit {first_problem(invalid)}",
            remedy=f"correct it with `fund strategies set {strategy_id} risk_limits='{{...}}'`; see docs/limits.md",
        ) from None


def first_problem(invalid: ValidationError) -> str:
    """The first thing wrong with a checked input: the field, its value, and what it should be."""
    first = invalid.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where} is {first['input']!r}: {first['msg']}"
