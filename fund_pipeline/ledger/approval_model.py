"""A person's word on an allocation, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Decision(StrEnum):
    """What was decided of an allocation. Each is decided once."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


class ApprovalMethod(StrEnum):
    """What stands behind a decision: an admin's one-time code, or the fund's policy for small changes."""

    CODE = "CODE"
    POLICY = "POLICY"


@dataclass(frozen=True)
class Approval:
    """The record that decides whether an allocation may size orders.

    Attributes
    ----------
    digest : of exactly what was decided: inputs and weights.
    decided_by : user id of the admin, or the policy's name; `second_by` the second admin where one was needed.
    override_reason, breaches : why weights that break limits were approved, and the limits; empty otherwise.
    replaces : the allocation that was ACTIVE before, archived with this approval.
    correlation_id : the Dagster run or request in which it was decided.
    """

    fund_id: str
    allocation_id: str
    digest: str
    decision: Decision
    method: ApprovalMethod
    decided_by: str
    second_by: str | None
    note: str
    override_reason: str
    breaches: tuple[Mapping[str, Any], ...]
    replaces: str | None
    decided_at: datetime
    correlation_id: str


@dataclass(frozen=True)
class SealedApproval:
    """An approval as it stands in the ledger: the how-manyth of its fund, sealed together with the one before."""

    sequence: int
    approval: Approval
    key_id: str
    previous_seal: str
    seal: str
