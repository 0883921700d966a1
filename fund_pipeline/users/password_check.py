"""Is this the user's password?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.user_model import Credentials, UserChange, UserStatus
from fund_pipeline.ledger.users import change_user, get_credentials
from fund_pipeline.users.identity import known_form
from fund_pipeline.users.lockout import is_locked
from fund_pipeline.users.passwords import hash_password, is_password, needs_new_hash
from fund_pipeline.users.security import Security
from fund_pipeline.users.verdicts import PasswordVerdict


def _always() -> bool:
    return True


def check_password(
    ledger: Ledger,
    user_id: str,
    password: str,
    now: datetime,
    security: Security,
    *,
    correlation_id: str = "",
    audits_unknown: Callable[[], bool] = _always,
) -> PasswordVerdict:
    """Check a password. Audited; failures count towards a lock of their own and are not cleared by a code.

    Hashing takes tens of milliseconds, so it is done before the user's row is locked; the verdict is given under the
    lock, where a password that was changed meanwhile is a wrong one. `audits_unknown` is asked whether to write down
    that there is no such user: the audit log is never shortened, and nothing else bounds how often a stranger asks.
    """
    asked = known_form(user_id)
    seen = get_credentials(ledger, asked)
    stored = seen.password_hash if seen is not None else None
    right = is_password(stored, password)
    rehashed = hash_password(password) if right and stored is not None and needs_new_hash(stored) else None

    def decide(held: Credentials | None) -> tuple[UserChange, PasswordVerdict]:
        same = held is not None and held.password_hash == stored
        verdict = _verdict(held, now, right=right and same)
        detail = {"verdict": verdict.value}
        if held is None and not audits_unknown():
            return UserChange(None, ()), verdict
        if held is None or verdict in {PasswordVerdict.DISABLED, PasswordVerdict.LOCKED, PasswordVerdict.NOT_SET}:
            return UserChange(None, (("password_refused", detail),)), verdict
        if verdict is PasswordVerdict.ACCEPTED:
            clear = replace(held, password_failures=(), password_hash=rehashed or held.password_hash)
            return UserChange(clear, (("password_accepted", {}),)), verdict
        failures, until = security.lockout.after_failure(held.password_failures, now)
        events = [("password_refused", detail)]
        if until is not None:
            events.append(("user_locked", {"until": until.isoformat(), "after": "passwords"}))
        after = replace(held, password_failures=failures, locked_until=until or held.locked_until)
        return UserChange(after, tuple(events)), verdict

    return change_user(ledger, asked, Act(f"user:{asked}", now, correlation_id), decide)


def _verdict(held: Credentials | None, now: datetime, *, right: bool) -> PasswordVerdict:
    if held is None:
        return PasswordVerdict.UNKNOWN_USER
    if held.status is UserStatus.DISABLED:
        return PasswordVerdict.DISABLED
    if held.password_hash is None:
        return PasswordVerdict.NOT_SET
    if is_locked(held.locked_until, now):
        return PasswordVerdict.LOCKED
    return PasswordVerdict.ACCEPTED if right else PasswordVerdict.WRONG
