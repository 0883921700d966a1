"""Is it this admin who acts now? One-time codes and recovery codes, each good for one time."""

from __future__ import annotations

import hmac
import re
from dataclasses import replace
from datetime import datetime

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.user_model import Credentials, UserChange, UserRole, UserStatus
from fund_pipeline.ledger.users import change_user
from fund_pipeline.logs import get_logger
from fund_pipeline.users import recovery, totp
from fund_pipeline.users.identity import known_form
from fund_pipeline.users.lockout import is_locked
from fund_pipeline.users.security import Security
from fund_pipeline.users.verdicts import CodeVerdict, Verification

log = get_logger(__name__)
SIX_DIGITS = re.compile(r"[0-9]{6}")
GUESSES = frozenset({CodeVerdict.WRONG_CODE, CodeVerdict.REUSED, CodeVerdict.EXPIRED, CodeVerdict.EARLY})
"""The verdicts that count towards a lock."""


def verify_code(
    ledger: Ledger,
    user_id: str,
    code: str,
    now: datetime,
    security: Security,
    *,
    admin_only: bool = True,
    purpose: str = "",
    correlation_id: str = "",
    consume: bool = True,
) -> Verification:
    """Check a user's one-time code, or a recovery code in its place, and use it up. Audited, whatever comes out.

    Parameters
    ----------
    code : six digits, or a recovery code; blanks within do not matter.
    now : the present moment, with its zone.
    admin_only : refuse whoever is not an ADMIN.
    purpose : what it is for, for the audit log, for example `approve demo-1234`.
    consume : False only tells whether it would be accepted. Failures count all the same.

    Of several that verify the same code at once, in threads, processes or on machines, one succeeds.
    """
    act = Act(f"user:{known_form(user_id)}", now, correlation_id)

    def decide(held: Credentials | None) -> tuple[UserChange, Verification]:
        return judge(held, code, now, security, admin_only=admin_only, purpose=purpose, consume=consume)

    found = replace(change_user(ledger, known_form(user_id), act, decide), user_id=user_id)
    if not found.accepted:
        log.warning("code refused", verdict=found.verdict.value, purpose=purpose)
    return found


def use_up_code(
    ledger: Ledger, user_id: str, code: str, now: datetime, security: Security, *, purpose: str, correlation_id: str
) -> None:
    """Make sure that a code which others could read is worth nothing, whoever's it was said to be. Audited if it was.

    It decides nothing, tells nothing, and counts no failure; a lock or a disabled account does not keep the code. One
    that a phone whose clock is ahead showed is used up as well, with those before it.
    """
    act = Act(f"user:{known_form(user_id)}", now, correlation_id)

    def burn(held: Credentials | None) -> tuple[UserChange, None]:
        if held is None:
            return UserChange(None, ()), None
        text = re.sub(r"\s", "", code)
        spent = _recovery_hash(held, text, security)
        if spent is not None:
            after, kind = replace(held, recovery_hashes=held.recovery_hashes - {spent}), "recovery code"
        else:
            secret = _secret(held, security)
            found = totp.match(secret, text, now) if secret is not None and SIX_DIGITS.fullmatch(text) else None
            last = held.totp_last_step
            if found is None or (newest := found.usable) is None or (last is not None and newest <= last):
                return UserChange(None, ()), None
            after, kind = replace(held, totp_last_step=newest), "one-time code"
        return UserChange(after, (("code_used_up", {"purpose": purpose, "kind": kind}),)), None

    change_user(ledger, known_form(user_id), act, burn)


def judge(
    held: Credentials | None,
    code: str,
    now: datetime,
    security: Security,
    *,
    admin_only: bool = True,
    purpose: str = "",
    consume: bool = True,
) -> tuple[UserChange, Verification]:
    """What a code comes to, and what changes by it. The same work is done for every user, known or not."""
    text = re.sub(r"\s", "", code)
    secret = _secret(held, security)
    matched = totp.match(secret or _decoy_secret(security), text if SIX_DIGITS.fullmatch(text) else "", now)
    spent = _recovery_hash(held, text, security)
    verdict = _standing(held, secret, now, admin_only=admin_only) or _of_code(held, matched, spent)
    detail = {"verdict": verdict.value, "purpose": purpose}
    if held is None:
        return UserChange(None, (("code_refused", detail),)), Verification(verdict, "", now)
    after, events = held, [("code_refused", detail)]
    if verdict is CodeVerdict.ACCEPTED:
        kind = {"kind": "recovery code" if spent else "one-time code"}
        events = [("code_accepted" if consume else "code_tried", detail | kind)]
        if consume:
            after = _used(held, matched, spent)
    elif verdict in GUESSES:
        failures, until = security.lockout.after_failure(held.code_failures, now)
        after = replace(held, code_failures=failures, locked_until=until or held.locked_until)
        if until is not None:
            events.append(("user_locked", {"until": until.isoformat(), "after": "codes"}))
    step = matched.step if verdict is CodeVerdict.ACCEPTED and not spent else None
    until = after.locked_until if is_locked(after.locked_until, now) else None
    return (
        UserChange(after, tuple(events)),
        Verification(verdict, held.user_id, now, step, len(after.recovery_hashes), until),
    )


def _standing(held: Credentials | None, secret: str | None, now: datetime, *, admin_only: bool) -> CodeVerdict | None:
    """Why no code at all is looked at, if so."""
    if held is None:
        return CodeVerdict.UNKNOWN_USER
    if held.status is UserStatus.DISABLED:
        return CodeVerdict.DISABLED
    if admin_only and held.role is not UserRole.ADMIN:
        return CodeVerdict.NOT_ADMIN
    if held.totp_secret is None:
        return CodeVerdict.NOT_ENROLLED
    if secret is None:
        return CodeVerdict.UNREADABLE
    return CodeVerdict.LOCKED if is_locked(held.locked_until, now) else None


def _of_code(held: Credentials | None, matched: totp.Match, spent: str | None) -> CodeVerdict:
    if spent is not None:
        return CodeVerdict.ACCEPTED
    if matched.step is not None:
        last = held.totp_last_step if held is not None else None
        return CodeVerdict.REUSED if last is not None and matched.step <= last else CodeVerdict.ACCEPTED
    if matched.is_old:
        return CodeVerdict.EXPIRED
    return CodeVerdict.EARLY if matched.is_early else CodeVerdict.WRONG_CODE


def _used(held: Credentials, matched: totp.Match, spent: str | None) -> Credentials:
    """The credentials once the code is used up; an accepted one ends the count of failures."""
    clear = replace(held, code_failures=(), locked_until=None)
    if spent is not None:
        return replace(clear, recovery_hashes=held.recovery_hashes - {spent})
    return replace(clear, totp_last_step=matched.step)


def _secret(held: Credentials | None, security: Security) -> str | None:
    if held is None or held.totp_secret is None:
        return None
    return security.box.open(held.user_id, held.role, held.totp_secret)


def _decoy_secret(security: Security) -> str:
    return security.box.open(*security.box.decoy) or ""


def _recovery_hash(held: Credentials | None, text: str, security: Security) -> str | None:
    """The stored hash that the text is the recovery code of, if any."""
    user_id, stored = (held.user_id, held.recovery_hashes) if held is not None else ("nobody", frozenset[str]())
    code = recovery.plain(text)
    for candidate in security.box.recovery_hashes(user_id, code or ""):
        for one in stored:
            if hmac.compare_digest(one, candidate) and code is not None:
                return one
    return None
