"""Keys of programs: made once, shown once, checked at every request.

A key is `fund_<id>_<secret>`. The id is no secret and finds the row; the secret is 256 random bits. Only the SHA-256
digest of the whole text is kept. A slow hash as for passwords would add nothing: it makes guessing what people choose
dear, and nobody guesses one of 2^256 equally likely secrets, however fast the hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.api_keys import find_key, insert_key
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.key_model import ApiKey, Scope

SECRET_BYTES = 32
ID_BYTES = 6
LONGEST_NAME = 200
LONGEST_DAYS = 3660
_FORM = re.compile(r"fund_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NOBODYS = hashlib.sha256(b"the digest that an unknown id is compared with").hexdigest()


class KeyVerdict(StrEnum):
    """What a key comes to. Who sent it is told only whether it was accepted."""

    ACCEPTED = "ACCEPTED"
    NOT_A_KEY = "NOT_A_KEY"
    UNKNOWN = "UNKNOWN"
    WRONG = "WRONG"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class NewKey:
    """A key that was just made; `text` is what the program sends, and cannot be had again."""

    key: ApiKey
    text: str = field(repr=False)


@dataclass(frozen=True)
class KeyCheck:
    """The verdict, and whose key it is: a known one has its row even if it was not accepted."""

    verdict: KeyVerdict
    key: ApiKey | None = None


def add_key(
    ledger: Ledger, name: str, scopes: Iterable[Scope], act: Act, *, lasting: timedelta | None = None
) -> NewKey:
    """Make a key for a program, audited. Without `lasting` it does not expire.

    InputError for a name that is empty, long or not printable, for no scope at all, and for a key that never works.
    """
    name, granted = name.strip(), tuple(sorted(set(scopes)))
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(
            f"a key's name has 1 to {LONGEST_NAME} printable characters", remedy="name the program it is for"
        )
    if not granted:
        raise InputError("a key needs a scope", remedy=f"name one with --scope: {', '.join(Scope)}")
    if lasting is not None and not timedelta() < lasting <= timedelta(days=LONGEST_DAYS):
        raise InputError(
            f"a key lasts up to {LONGEST_DAYS} days, not {lasting.days}", remedy="give more days than 0, or none"
        )
    key_id = secrets.token_hex(ID_BYTES)
    text = f"fund_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    expires_at = None if lasting is None else act.at + lasting
    key = ApiKey(key_id, name, granted, act.actor, act.at, expires_at)
    insert_key(ledger, key, _digest(text), act)
    return NewKey(key, text)


def check_key(ledger: Ledger, text: str, now: datetime) -> KeyCheck:
    """Whose key it is, and whether it is good at this moment. TemporaryError while the ledger is away.

    The comparison takes the same time wherever the texts differ, and for an unknown id.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        return KeyCheck(KeyVerdict.NOT_A_KEY)
    key, digest = find_key(ledger, form[1]) or (None, _NOBODYS)
    is_same = hmac.compare_digest(digest, _digest(text))
    if key is None:
        return KeyCheck(KeyVerdict.UNKNOWN)
    if not is_same:
        return KeyCheck(KeyVerdict.WRONG, key)
    if key.revoked_at is not None:
        return KeyCheck(KeyVerdict.REVOKED, key)
    if key.expires_at is not None and key.expires_at <= now:
        return KeyCheck(KeyVerdict.EXPIRED, key)
    return KeyCheck(KeyVerdict.ACCEPTED, key)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
