"""A fund's rules for approving an allocation."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ApprovalPolicy(BaseModel):
    """When a pending recommendation is too old, what an override needs, and what needs no person at all."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    max_age_hours: float = Field(96, gt=0, le=87600, description="A recommendation pending for longer expires.")
    max_data_age_days: int | None = Field(
        10, gt=0, description="One whose newest return is older, in calendar days, expires; empty for never."
    )
    four_eyes: bool = Field(True, description="Weights that break a limit need a second admin with a code.")
    auto_max_turnover: float | None = Field(
        None, gt=0, description="Approve without a person up to this turnover; empty for never."
    )
    auto_max_cvar_change: float | None = Field(
        None, gt=0, description="... and up to this change of one-day CVaR; both are needed."
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> ApprovalPolicy:
        if (self.auto_max_turnover is None) != (self.auto_max_cvar_change is None):
            raise ValueError("auto_max_turnover and auto_max_cvar_change are given together or not at all")
        return self
