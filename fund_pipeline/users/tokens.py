"""Who is logged in: a signed token (JWT, RFC 7519) that lasts a short while, good for reading and nothing else.

It is signed with HMAC-SHA256 under a key derived from FUND_SECRETS_KEY, and no other algorithm is ever accepted. It is
bound to the credentials it was given for: a new password, a new enrolment or another role ends it, and so does
disabling the user. Logging out is remembered until it would have ended anyway.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.login_tokens import end_token, is_ended
from fund_pipeline.ledger.user_model import Credentials, UserRole, UserStatus
from fund_pipeline.ledger.users import get_credentials
from fund_pipeline.users.identity import PATTERN
from fund_pipeline.users.secret_box import SecretBox

ALGORITHM = "HS256"
ISSUER, AUDIENCE = "fund-pipeline", "dashboards"
CLAIMS = ("sub", "role", "iat", "exp", "jti", "iss", "aud", "bound")
LONGEST = 4096
"""Characters of what is looked at at all."""
SKEW = timedelta(minutes=1)


class TokenVerdict(StrEnum):
    """What a token comes to. Whoever sent it is told only whether it was accepted."""

    ACCEPTED = "ACCEPTED"
    NONE = "NONE"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"
    CHANGED = "CHANGED"


@dataclass(frozen=True)
class LoginToken:
    """A token as it is sent, and what is in it."""

    text: str = field(repr=False)
    token_id: str
    user_id: str
    role: UserRole
    expires_at: datetime


@dataclass(frozen=True)
class TokenCheck:
    """The verdict; `token` only of one that was accepted."""

    verdict: TokenVerdict
    token: LoginToken | None = None


def issue_token(ledger: Ledger, user_id: str, box: SecretBox, now: datetime, lasting: timedelta) -> LoginToken:
    """A token for a user who has just proved to be that one. InvariantError when there is no such user to act."""
    held = get_credentials(ledger, user_id)
    if held is None or held.status is not UserStatus.ACTIVE:
        raise InvariantError(f"{user_id} was let in, and is no user who may act")
    now = now.replace(microsecond=0)
    key = box.token_keys[0]
    token_id, expires_at = secrets.token_hex(16), now + lasting
    claims = {
        "sub": held.user_id,
        "role": held.role.value,
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
        "jti": token_id,
        "iss": ISSUER,
        "aud": AUDIENCE,
        "bound": _bound(held, key),
    }
    text = jwt.encode(claims, key, algorithm=ALGORITHM)
    return LoginToken(text, token_id, held.user_id, held.role, expires_at)


def check_token(ledger: Ledger, text: str, box: SecretBox, now: datetime) -> TokenCheck:
    """Whose token it is, and whether it is good at this moment. TemporaryError while the ledger is away."""
    for key in box.token_keys:
        claims = _claims(text, key)
        if claims is not None:
            return _judge(ledger, text, claims, key, now)
    return TokenCheck(TokenVerdict.NONE)


def end_login(ledger: Ledger, token: LoginToken, now: datetime) -> None:
    """Accept a token no more. The same again changes nothing."""
    end_token(ledger, token.token_id, token.expires_at, now)


def _claims(text: str, key: bytes) -> Mapping[str, Any] | None:
    """What is in a token under this key; None where it was not signed with it, or says less than ours do."""
    if len(text) > LONGEST:
        return None
    options: Any = {"require": list(CLAIMS), "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        found: Mapping[str, Any] = jwt.decode(
            text, key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=options
        )
    except jwt.InvalidTokenError:
        return None
    texts = all(isinstance(found[name], str) for name in ("sub", "role", "jti", "bound"))
    return found if texts and all(type(found[name]) is int for name in ("iat", "exp")) else None


def _judge(ledger: Ledger, text: str, claims: Mapping[str, Any], key: bytes, now: datetime) -> TokenCheck:
    if claims["exp"] <= now.timestamp() or claims["iat"] > (now + SKEW).timestamp():
        return TokenCheck(TokenVerdict.EXPIRED)
    if PATTERN.fullmatch(claims["sub"]) is None or is_ended(ledger, claims["jti"]):
        return TokenCheck(TokenVerdict.ENDED)
    held = get_credentials(ledger, claims["sub"])
    same = held is not None and hmac.compare_digest(_bound(held, key), claims["bound"])
    if held is None or not same or held.status is not UserStatus.ACTIVE or held.role.value != claims["role"]:
        return TokenCheck(TokenVerdict.CHANGED)
    expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    return TokenCheck(TokenVerdict.ACCEPTED, LoginToken(text, claims["jti"], held.user_id, held.role, expires_at))


def _bound(held: Credentials, key: bytes) -> str:
    """What a token is bound to: nothing can be learnt from it, and it changes with each of these."""
    message = json.dumps([held.user_id, held.role.value, held.password_hash, held.totp_secret])
    return hmac.digest(key, message.encode(), hashlib.sha256).hex()
