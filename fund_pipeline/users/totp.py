"""Time-based one-time codes (RFC 6238): SHA-1, six digits, steps of 30 seconds, as every authenticator app has them."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pyotp

STEP_SECONDS = 30
TOLERANCE = 1
"""Steps a phone's clock may be off either way (RFC 6238, section 5.2)."""

NEARBY = 20
"""Steps either way in which a refused code is looked for, only to say what is wrong with it: ten minutes."""

ISSUER = "Fund Pipeline"


@dataclass(frozen=True)
class Match:
    """The steps near now whose code is the given one, as distances from now: 0 is now, -1 the step before."""

    now: int
    distances: tuple[int, ...]

    @property
    def step(self) -> int | None:
        """The newest step within the tolerance, or None."""
        within = [self.now + distance for distance in self.distances if abs(distance) <= TOLERANCE]
        return max(within, default=None)

    @property
    def usable(self) -> int | None:
        """The newest step at which the code is, or will yet be, accepted; None once it is over."""
        return max((self.now + one for one in self.distances if one >= -TOLERANCE), default=None)

    @property
    def is_old(self) -> bool:
        """Whether it was right some minutes ago."""
        return any(distance < -TOLERANCE for distance in self.distances)

    @property
    def is_early(self) -> bool:
        """Whether it will be right in some minutes: the phone's clock is ahead."""
        return any(distance > TOLERANCE for distance in self.distances)


def new_secret() -> str:
    """A new secret in base 32: 160 random bits, the length RFC 4226 (section 4, R6) recommends."""
    return pyotp.random_base32(32)


def provisioning_uri(secret: str, user_id: str) -> str:
    """The `otpauth://` URI that an authenticator app scans. It holds the secret: show it once, keep it nowhere."""
    return pyotp.TOTP(secret).provisioning_uri(name=user_id, issuer_name=ISSUER)


def step_of(moment: datetime) -> int:
    """The time step a moment is in. TypeError for a time without a zone."""
    if moment.tzinfo is None:
        raise TypeError("one-time codes need a time with a zone")
    return int(moment.timestamp() // STEP_SECONDS)


def match(secret: str, code: str, now: datetime) -> Match:
    """Where near `now` the code of `secret` is `code`. It takes the same time whatever the code is."""
    step = step_of(now)
    return Match(step, tuple(_distances(secret, code, step)))


def _distances(secret: str, code: str, step: int) -> Iterator[int]:
    generator = pyotp.TOTP(secret)
    for distance in range(-NEARBY, NEARBY + 1):
        right = generator.generate_otp(max(step + distance, 0))
        if hmac.compare_digest(right.encode(), code.encode()):
            yield distance
