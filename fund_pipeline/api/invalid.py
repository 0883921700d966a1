"""What is wrong with a request, in words that repeat nothing that could be a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fund_pipeline.accounts.registry import StrategyEntry

REPEATED = frozenset({"allocation_id", "weights", "fund", "limit"}) | frozenset(StrategyEntry.model_fields)
"""Fields whose value is told. In all others, and in ones nobody asked for, people put a code by mistake."""

MOST_TOLD = 5
LONGEST = 80


def in_words(errors: Sequence[Mapping[str, Any]]) -> tuple[str | None, str]:
    """The first wrong field (None for the body as a whole), and what is wrong, from pydantic's errors."""
    told = [(_field(one), one) for one in errors[:MOST_TOLD]]
    return told[0][0], "; ".join(_one(field, error) for field, error in told)


def _one(field: str | None, error: Mapping[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "json_invalid":
        return f"the body is not JSON: {error['ctx']['error']}"
    if field is None:
        return "the body is not a JSON object, or is not sent as application/json"
    if error["type"] == "extra_forbidden":
        return f"{field}: there is no such field"
    if error["type"] == "missing":
        return f"{field} is missing"
    value = error["input"]
    if field.partition(".")[0] in REPEATED and isinstance(value, str | int | float | bool):
        return f"{field} is {repr(value)[:LONGEST]}: {message}"
    return f"{field}: {message}"


def _field(error: Mapping[str, Any]) -> str | None:
    if error["type"] == "json_invalid":
        return None
    names = [str(part)[:LONGEST] for part in error["loc"][1:] if part != "[key]"]
    return ".".join(names) or None
