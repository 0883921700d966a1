"""What the API answers with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from fund_pipeline.ledger.approval_model import Approval, ApprovalMethod, Decision
from fund_pipeline.ledger.digests import shown_id
from fund_pipeline.ledger.model import Allocation, AllocationOrigin, AllocationStatus, OptimisationRun


class AllocationAnswer(BaseModel):
    """An allocation: weights over strategies, and the figures that go with them."""

    fund_id: str
    allocation_id: str
    shown: str = Field(description="What a decision on exactly this names as its `allocation_id`.")
    status: AllocationStatus
    origin: AllocationOrigin
    based_on: str | None = Field(description="The allocation whose weights were edited or brought back.")
    run_id: str = Field(description="The optimisation behind it.")
    weights: dict[str, Decimal] = Field(description="By strategy, fractions of the fund's equity.")
    metrics: dict[str, float | None] = Field(
        description="expected_return_annual, volatility_annual, sharpe, var and cvar (one-day losses at confidence "
        "`beta`), leverage and margin. Decimals, not percent."
    )
    created_at: datetime

    @classmethod
    def of(cls, allocation: Allocation) -> AllocationAnswer:
        """As the ledger has it."""
        return cls(**_plain(allocation))


class RecommendationAnswer(AllocationAnswer):
    """A pending allocation, with everything that helps to decide on it."""

    expires_at: datetime = Field(description="From then on it cannot be approved any more.")
    data: dict[str, Any] = Field(description="The common history it rests on: first_date, last_date, days.")
    strategies: list[dict[str, Any]] = Field(
        description="Each strategy's weight now and recommended, and its contributions to return, volatility and CVaR, "
        "which sum to the portfolio's."
    )
    excluded: list[dict[str, Any]] = Field(description="Strategies that took no part, and why.")
    current: dict[str, Any] | None = Field(description="Figures of the weights in force; null without any.")
    changes: dict[str, Any] | None = Field(description="What changed since the allocation in force, and why.")
    stress: dict[str, Any] | None = Field(description="Losses in past crises, with correlations at one, misdated.")
    binding: list[dict[str, Any]] = Field(description="Limits that hold the return back, and what they cost.")
    certificate: dict[str, Any] | None = Field(description="The proof that no better weights exist.")
    fallbacks: list[str] = Field(description="What the solver had to fall back to; usually nothing.")

    @classmethod
    def of_run(cls, allocation: Allocation, run: OptimisationRun, expires_at: datetime) -> RecommendationAnswer:
        """With the record of the run that recommended it."""
        result, certificate = run.result, run.result.get("certificate")
        return cls(
            **_plain(allocation),
            expires_at=expires_at,
            data=dict(run.inputs["window"]),
            strategies=result["strategies"],
            excluded=result.get("excluded", []),
            current=result.get("current"),
            changes=result.get("changes"),
            stress=result.get("stress"),
            binding=certificate["binding"] if certificate is not None else [],
            certificate=certificate,
            fallbacks=result.get("fallbacks", []),
        )


class ApprovalAnswer(BaseModel):
    """The record of a decision."""

    fund_id: str
    allocation_id: str
    shown: str = Field(description="What was decided on: the id and the digest of inputs and weights.")
    decision: Decision
    method: ApprovalMethod
    decided_by: str
    second_by: str | None = Field(description="The second admin, where a limit was overridden.")
    note: str
    override_reason: str
    breaches: list[dict[str, Any]] = Field(description="Limits that were overridden: limit, allowed, measured.")
    replaces: str | None = Field(description="The allocation that was in force before.")
    decided_at: datetime
    correlation_id: str = Field(description="The request or run in which it was decided.")

    @classmethod
    def of(cls, approval: Approval) -> ApprovalAnswer:
        """As the ledger has it."""
        breaches = [dict(breach) for breach in approval.breaches]
        shown = shown_id(approval.allocation_id, approval.digest)
        return cls.model_validate({**approval.__dict__, "breaches": breaches, "shown": shown})


class DecidedAnswer(BaseModel):
    """An allocation with the decision on it."""

    allocation: AllocationAnswer
    approval: ApprovalAnswer


class HistoryAnswer(BaseModel):
    """Decisions of a fund, newest first."""

    fund_id: str
    decisions: list[ApprovalAnswer]


def _plain(allocation: Allocation) -> Mapping[str, Any]:
    values = {name: value for name, value in allocation.__dict__.items() if name != "digest"}
    return values | {"shown": shown_id(allocation.allocation_id, allocation.digest)}
