"""What a check of a code or a password can come to, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CodeVerdict(StrEnum):
    """Why a code was accepted or not. Tell strangers only whether it was: the reasons tell which users exist."""

    ACCEPTED = "ACCEPTED"
    WRONG_CODE = "WRONG_CODE"
    REUSED = "REUSED"
    EXPIRED = "EXPIRED"
    EARLY = "EARLY"
    LOCKED = "LOCKED"
    UNKNOWN_USER = "UNKNOWN_USER"
    DISABLED = "DISABLED"
    NOT_ENROLLED = "NOT_ENROLLED"
    NOT_ADMIN = "NOT_ADMIN"
    UNREADABLE = "UNREADABLE"

    @property
    def remedy(self) -> str:
        """What the person should do next."""
        return CODE_REMEDIES[self]


CODE_REMEDIES = {
    CodeVerdict.ACCEPTED: "nothing: the code is used up now",
    CodeVerdict.WRONG_CODE: "type the six digits the app shows now for this user, or an unused recovery code",
    CodeVerdict.REUSED: "wait until the app shows the next code: each works once",
    CodeVerdict.EXPIRED: "type the code the app shows now; if it is that one, the phone's clock is behind: set it",
    CodeVerdict.EARLY: "the phone's clock is ahead: let it set its time automatically",
    CodeVerdict.LOCKED: "wait until the lock ends, or let an operator run `fund users enable`; too many codes failed",
    CodeVerdict.UNKNOWN_USER: "check the user id; `fund users list` shows them",
    CodeVerdict.DISABLED: "let an operator run `fund users enable`, if that is meant",
    CodeVerdict.NOT_ENROLLED: "let an operator run `fund users reset-totp`, and scan what it shows",
    CodeVerdict.NOT_ADMIN: "let an admin do this",
    CodeVerdict.UNREADABLE: "an operator must look: FUND_SECRETS_KEY is not the key this user was enrolled "
    "with, or the row was changed; `fund users reset-totp` enrols anew",
}


@dataclass(frozen=True)
class Verification:
    """The outcome of one check of a code.

    Attributes
    ----------
    step : the time step of an accepted one-time code; None for a recovery code.
    recovery_codes_left : unused recovery codes after this check.
    locked_until : UTC, if a lock holds.
    """

    verdict: CodeVerdict
    user_id: str
    at: datetime
    step: int | None = None
    recovery_codes_left: int = 0
    locked_until: datetime | None = None

    @property
    def accepted(self) -> bool:
        """Whether the person is who they say."""
        return self.verdict is CodeVerdict.ACCEPTED


class PasswordVerdict(StrEnum):
    """Why a password was accepted or not. Tell strangers only whether it was."""

    ACCEPTED = "ACCEPTED"
    WRONG = "WRONG"
    LOCKED = "LOCKED"
    UNKNOWN_USER = "UNKNOWN_USER"
    DISABLED = "DISABLED"
    NOT_SET = "NOT_SET"

    @property
    def remedy(self) -> str:
        """What the person should do next."""
        return PASSWORD_REMEDIES[self]


PASSWORD_REMEDIES = {
    PasswordVerdict.ACCEPTED: "nothing",
    PasswordVerdict.WRONG: "type it again; an operator can set another with `fund users set-password`",
    PasswordVerdict.LOCKED: CODE_REMEDIES[CodeVerdict.LOCKED].replace("codes", "attempts"),
    PasswordVerdict.UNKNOWN_USER: CODE_REMEDIES[CodeVerdict.UNKNOWN_USER],
    PasswordVerdict.DISABLED: CODE_REMEDIES[CodeVerdict.DISABLED],
    PasswordVerdict.NOT_SET: "let an operator run `fund users set-password`",
}
