"""An enrolled admin, and the codes their phone would show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import history
from fund_pipeline.users import (
    Lockout,
    SecretBox,
    Security,
    UserRole,
    Verification,
    add_user,
    enrol_totp,
    totp,
    verify_code,
)
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.samples import ACT, NOW


@dataclass(frozen=True)
class Admin:
    """The admin `ada`, and a phone that knows their secret."""

    ledger: Ledger
    security: Security
    secret: str

    def phone(self, at: datetime = NOW) -> str:
        """The code that the phone shows at a moment."""
        return pyotp.TOTP(self.secret).at(at)

    def wrong(self, at: datetime = NOW) -> str:
        """Six digits that the phone shows at no time near a moment."""
        now = totp.step_of(at)
        near = {pyotp.TOTP(self.secret).generate_otp(step) for step in range(now - 25, now + 26)}
        return next(code for code in map("{:06d}".format, range(100)) if code not in near)

    def verify(self, code: str, at: datetime = NOW, user_id: str = "ada", **more: object) -> Verification:
        """Check a code."""
        return verify_code(self.ledger, user_id, code, at, self.security, **more)  # type: ignore[arg-type]

    def actions(self) -> list[str]:
        """What was audited of `ada` since the enrolment."""
        return [entry.action for entry in history(self.ledger, "user", "ada")][2:]


@pytest.fixture
def security() -> Security:
    """The tests' key; five failures lock."""
    return Security(SecretBox([SECRETS_KEY]), Lockout())


@pytest.fixture
def admin(ledger: Ledger, security: Security) -> Admin:
    """An admin who scanned the QR code."""
    add_user(ledger, "ada", "Ada Lovelace", UserRole.ADMIN, ACT)
    uri = enrol_totp(ledger, "ada", security.box, ACT)
    return Admin(ledger, security, parse_qs(urlsplit(uri).query)["secret"][0])
