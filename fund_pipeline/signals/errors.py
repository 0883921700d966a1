"""What is wrong with a signal, as a value: the reason, where, what was found there and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fund_pipeline.errors import InputError
from fund_pipeline.signals.reasons import QuarantineReason, RejectionReason

Reason = RejectionReason | QuarantineReason

_SHOWN = 100


@dataclass(frozen=True)
class Problem:
    """One thing that keeps a signal out.

    Attributes
    ----------
    reason : for programs; a RejectionReason if the envelope itself is wrong, else a QuarantineReason.
    field : path of the field as the sender wrote it (`signal_legs[0].quantity`); empty where the whole is meant.
    value : what was found there, as JSON, at most 100 characters; None where nothing was, or where it is a secret.
    message : what is wrong, in words.
    remedy : what to do next, in the imperative.
    """

    reason: Reason
    field: str
    value: str | None
    message: str
    remedy: str

    def describe(self) -> str:
        """One line for a person."""
        where = f"{self.field}: " if self.field else ""
        found = "" if self.value is None else f" (found {self.value})"
        return f"{where}{self.message}{found}. To fix: {self.remedy}"

    def as_values(self) -> dict[str, str | None]:
        """Plain values, for storing and answering."""
        return {
            "reason": self.reason.value,
            "field": self.field,
            "value": self.value,
            "message": self.message,
            "remedy": self.remedy,
        }

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Problem:
        """The problem that `as_values` gave. A code that both enums have is read as the quarantine's."""
        code = values["reason"]
        reason: Reason = QuarantineReason[code] if code in QuarantineReason.__members__ else RejectionReason[code]
        return cls(**{**values, "reason": reason})


class SignalError(InputError):
    """The sender must act: a signal has a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.field}: {problem.message}" if problem.field else problem.message)
        self.remedy = problem.remedy
        self.problem = problem


def refusal(reason: Reason, field: str, value: object = None, message: str = "", remedy: str = "") -> SignalError:
    """The error for a problem; message and remedy default to those of the reason."""
    return SignalError(Problem(reason, field, shown(value), message or reason.meaning, remedy or reason.remedy))


def shown(value: object) -> str | None:
    """A value as JSON in ASCII, so that no character of it can play tricks, cut to 100 characters; None for None."""
    if value is None:
        return None
    match value:
        case bool() | str():
            text = json.dumps(value)
        case int() | Decimal():
            text = str(value)
        case _:
            text = json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def inside(path: str, key: str | int) -> str:
    """The path of a key or index within a path. A key that is no plain name is written as JSON and cut."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    name = key if key.isascii() and key.isidentifier() and len(key) <= _SHOWN else shown(key)
    return f"{path}.{name}" if path else f"{name}"


def reasons_table(reasons: type[RejectionReason] | type[QuarantineReason]) -> str:
    """The reasons as a Markdown table, as docs/signals.md shows them."""
    if issubclass(reasons, RejectionReason):
        head = "| code | status | meaning | what to do |\n|---|---|---|---|\n"
        rows = [f"| `{r}` | {r.status} | {r.meaning} | {r.remedy} |" for r in reasons]
    else:
        head = "| code | meaning | what to do |\n|---|---|---|\n"
        rows = [f"| `{r}` | {r.meaning} | {r.remedy} |" for r in reasons]
    return head + "\n".join(rows)
