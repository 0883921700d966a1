"""What a person asks for when they decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Verb(StrEnum):
    """What to do with an allocation."""

    APPROVE = "approve"
    REJECT = "reject"
    APPROVE_EDITED = "approve_edited"
    BRING_BACK = "bring_back"


@dataclass(frozen=True)
class Override:
    """Approval of weights that break a limit: why, and the second admin with a code where the policy wants one."""

    reason: str
    second_by: str = ""
    second_code: str = field(default="", repr=False)


@dataclass(frozen=True)
class Request:
    """A decision as it was asked for.

    Attributes
    ----------
    shown : the allocation with the digest of what was shown, `id:digest`; see `ledger.digests.shown_id`.
    decided_by, code : user id of the admin, and their one-time code (or a recovery code).
    weights : for APPROVE_EDITED, the weight of every strategy that shall have one.
    same_run : the run that asks has just made the recommendation itself: nobody can have looked at it.
    correlation_id : the Dagster run or the request.
    """

    verb: Verb
    shown: str
    decided_by: str
    code: str = field(repr=False)
    note: str = ""
    weights: Mapping[str, Decimal] = field(default_factory=dict)
    override: Override | None = None
    same_run: bool = False
    correlation_id: str = ""
