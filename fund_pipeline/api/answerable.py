"""Errors of the API itself, which say how they are answered."""

from __future__ import annotations

from collections.abc import Mapping

from fund_pipeline.errors import FundError


class AnswerableError(FundError):
    """An error whose answer is its own: status, reason for programs, headers. Its message and remedy are told."""

    def __init__(
        self, status: int, reason: str, message: str, *, remedy: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.reason = reason
        self.headers = headers
