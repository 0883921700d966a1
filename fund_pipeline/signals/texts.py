"""Ids that look alike must be alike: what an id may not hold, and why."""

from __future__ import annotations

import unicodedata

from fund_pipeline.signals.errors import Reason, refusal
from fund_pipeline.signals.reasons import QuarantineReason, RejectionReason

LONGEST_ID = 200

_UNFIT_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u1680\u2800\u3164\uffa0")
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def checked_id(value: object, field: str) -> str:
    """A top-level id that was stated. SignalError: MISSING_FIELD, WRONG_TYPE, PLACEHOLDER or BAD_ID."""
    if value is None or value == "":
        raise refusal(RejectionReason.MISSING_FIELD, field, value)
    if not isinstance(value, str):
        raise refusal(RejectionReason.WRONG_TYPE, field, value, remedy="send a text")
    if is_placeholder(value):
        raise refusal(RejectionReason.PLACEHOLDER, field, value)
    if wrong := unfit(value):
        raise refusal(RejectionReason.BAD_ID, field, value, f"the id {wrong}")
    return value


def refuse_placeholder(value: object, field: str, reason: Reason = QuarantineReason.PLACEHOLDER) -> None:
    """SignalError where a text still holds TradingView's `{{...}}`."""
    if isinstance(value, str) and is_placeholder(value):
        raise refusal(reason, field, value)


def is_placeholder(text: str) -> bool:
    """Whether a text still holds a template's `{{`."""
    return "{{" in text


def unfit(text: str) -> str:
    """What is wrong with an id, as the end of a sentence; empty where nothing is.

    Characters that compatibility composition (Unicode Annex 15, NFKC) would change are refused too: among them are the
    no-break and wide spaces, full-width letters, and letters that stand apart from their accents.
    """
    if len(text) > LONGEST_ID:
        return f"has {len(text)} characters; {LONGEST_ID} are allowed"
    if text != text.strip():
        return "begins or ends with a space"
    for character in text:
        if _is_unfit(character):
            name = unicodedata.name(character, "a control character")
            return f"holds U+{ord(character):04X} ({name.lower()})"
    if unicodedata.normalize("NFKC", text) != text:
        return "is not in composed form, or holds look-alike characters"
    return ""


def _is_unfit(character: str) -> bool:
    return (
        unicodedata.category(character) in _UNFIT_CATEGORIES
        or character in _INVISIBLE
        or any(ord(character) in selectors for selectors in _SELECTORS)
    )
