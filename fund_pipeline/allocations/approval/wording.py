"""Texts that people send: what cannot be kept is refused at once, and nothing unchecked reaches the audit log."""

from __future__ import annotations

import unicodedata

from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.allocations.approval.request import Request
from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.users import UNKNOWN, get_user
from fund_pipeline.users.identity import known_form

MOST_CHARACTERS = 2000
MOST_OF_CORRELATION = 64
MOST_OF_MESSAGE = 500
LAYOUT = frozenset("\t\n\r")
"""Control characters that a note may have. Others, such as NUL, no database keeps, and terminals obey."""


def refuse_unreadable(request: Request) -> None:
    """RefusedError for a note or a reason that is too long or holds what is no text."""
    texts = {"note": request.note, "reason of the override": request.override.reason if request.override else ""}
    for what, text in texts.items():
        if len(text) > MOST_CHARACTERS:
            raise RefusedError(
                Refusal.WRONG_TEXT,
                f"the {what} has {len(text)} characters",
                remedy=f"say it in at most {MOST_CHARACTERS}",
            )
        if not all(map(_is_text, text)):
            raise RefusedError(
                Refusal.WRONG_TEXT, f"the {what} holds a control character", remedy="write it in plain text"
            )
    if len(request.correlation_id) > MOST_OF_CORRELATION or not all(map(_is_text, request.correlation_id)):
        raise RefusedError(
            Refusal.WRONG_TEXT, "the correlation id is none", remedy=f"give at most {MOST_OF_CORRELATION} characters"
        )


def plain(text: str, most: int = MOST_OF_MESSAGE) -> str:
    """The text as the audit log can keep it: at most so long, a mark in place of each control character."""
    return "".join(one if _is_text(one) else "\N{REPLACEMENT CHARACTER}" for one in text[:most])


def called(ledger: Ledger, user_id: str) -> str:
    """The id of a user there is. People type passwords and codes where a name belongs: no other text is repeated."""
    try:
        return get_user(ledger, known_form(user_id)).user_id
    except NotFoundError:
        return UNKNOWN


def _is_text(character: str) -> bool:
    return character in LAYOUT or unicodedata.category(character) not in ("Cc", "Cs")
