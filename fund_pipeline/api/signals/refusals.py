"""How a signal that is not kept is answered: a machine-readable reason, the field, its value, what to do. No secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field
from starlette.responses import JSONResponse, Response

from fund_pipeline.api.problems import RETRY_SECONDS, Problem
from fund_pipeline.signals import Problem as Found
from fund_pipeline.signals import RejectionReason
from fund_pipeline.signals.digest import PASSPHRASE
from fund_pipeline.signals.errors import refusal
from fund_pipeline.signals.inbox.hiding import told
from fund_pipeline.signals.parse import MOST_BYTES


class SignalProblem(Problem):
    """Why a signal was not taken, and what to do about it."""

    success: Literal[False] = False
    error: str = Field(description="The reason, for programs.", examples=["MISSING_FIELD"])
    field: str | None = Field(None, description="Path of the field that is wrong; absent where the whole is meant.")
    value: str | None = Field(
        None, description="What was found there, as JSON, cut to 100 characters; absent where nothing was."
    )


@dataclass(frozen=True)
class Refusal:
    """A signal that is not kept as one. `retry_after` is in seconds; None where sending it again does not help."""

    reason: RejectionReason
    told: Mapping[str, str | None]
    retry_after: int | None = None

    @classmethod
    def of_unread(cls, problem: Found) -> Refusal:
        """Of a body that could not be read: what could be a passphrase in it is not known, so nothing like it is told.

        A bare text, or a list, could be all of one.
        """
        reason = _reason(problem)
        is_secret = reason is RejectionReason.NOT_AN_OBJECT or PASSPHRASE in problem.describe().casefold()
        return cls(reason, problem.as_values() | ({"value": None} if is_secret else {}))

    @classmethod
    def of(cls, problem: Found, payload: Mapping[str, Any], retry_after: int | None = None) -> Refusal:
        """Of a signal, without its passphrase wherever it stands in the problem."""
        given = payload.get(PASSPHRASE)
        return cls(
            _reason(problem), told(problem.as_values(), payload, given if isinstance(given, str) else ""), retry_after
        )

    @classmethod
    def limited(cls, seconds: int) -> Refusal:
        """Of a sender that sends too fast."""
        return cls(RejectionReason.RATE_LIMITED, refusal(RejectionReason.RATE_LIMITED, "").problem.as_values(), seconds)

    @classmethod
    def unavailable(cls) -> Refusal:
        """Of whoever must wait until the ledger is back."""
        problem = refusal(RejectionReason.UNAVAILABLE, "").problem
        return cls(RejectionReason.UNAVAILABLE, problem.as_values(), RETRY_SECONDS)

    def response(self, request_id: str) -> Response:
        """The answer."""
        body = SignalProblem(
            error=self.reason.value,
            message=self.told["message"] or self.reason.meaning,
            remedy=self.told["remedy"] or self.reason.remedy,
            field=self.told["field"] or None,
            value=self.told["value"],
            request_id=request_id,
        )
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return JSONResponse(body.model_dump(exclude_none=True), self.reason.status, headers)


def too_large(request_id: str) -> Response:
    """The answer to a body that nobody read to its end."""
    message = f"the body has more than {MOST_BYTES} bytes"
    problem = refusal(RejectionReason.TOO_LARGE, "", message=message).problem
    return Refusal(RejectionReason.TOO_LARGE, problem.as_values()).response(request_id)


def _reason(problem: Found) -> RejectionReason:
    return RejectionReason[problem.reason.name]
