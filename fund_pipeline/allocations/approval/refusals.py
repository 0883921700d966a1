"""Why a decision was refused. Nothing was changed by it but the audit log."""

from __future__ import annotations

from enum import StrEnum

from fund_pipeline.errors import ConflictError


class Refusal(StrEnum):
    """The reasons, for programs; the message has the words."""

    UNKNOWN_ALLOCATION = "UNKNOWN_ALLOCATION"
    NOT_WHAT_WAS_SHOWN = "NOT_WHAT_WAS_SHOWN"
    ALREADY_DECIDED = "ALREADY_DECIDED"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"
    NEVER_IN_FORCE = "NEVER_IN_FORCE"
    SAME_RUN = "SAME_RUN"
    DATA_CHANGED = "DATA_CHANGED"
    WRONG_WEIGHTS = "WRONG_WEIGHTS"
    WRONG_TEXT = "WRONG_TEXT"
    LIMIT_BROKEN = "LIMIT_BROKEN"
    SECOND_ADMIN_NEEDED = "SECOND_ADMIN_NEEDED"
    CODE_REFUSED = "CODE_REFUSED"
    DECIDED_MEANWHILE = "DECIDED_MEANWHILE"


AFTER_A_CODE = frozenset({Refusal.CODE_REFUSED, Refusal.DECIDED_MEANWHILE})
"""The reasons that come up once a code has been used. For all others, no code of the request was used up."""


class RefusedError(ConflictError):
    """The decision was refused, and nothing was changed."""

    def __init__(self, reason: Refusal, message: str, *, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason
