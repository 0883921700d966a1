"""The demo's own admin, who exists in a demo's home only and proves themselves like anybody else."""

from __future__ import annotations

from datetime import datetime

import pyotp

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.user_model import UserRole
from fund_pipeline.ledger.users import list_users
from fund_pipeline.users.administration import add_user, enrol_totp, reset_totp
from fund_pipeline.users.secret_box import SecretBox

DEMO_ADMIN = "demo-admin"


def demo_code(ledger: Ledger, box: SecretBox, act: Act, now: datetime) -> str:
    """A one-time code of the demo's admin, who is enrolled for it; an earlier secret of theirs stops working.

    ConflictError when a real user has that id.
    """
    known = next((user for user in list_users(ledger) if user.user_id == DEMO_ADMIN), None)
    if known is not None and not known.is_demo:
        raise ConflictError(f"{DEMO_ADMIN} is a real user here", remedy="run the demo on a home of its own")
    if known is None:
        add_user(ledger, DEMO_ADMIN, "The demo's admin", UserRole.ADMIN, act, is_demo=True)
        uri = enrol_totp(ledger, DEMO_ADMIN, box, act)
    else:
        uri = reset_totp(ledger, DEMO_ADMIN, box, act)
    found = pyotp.parse_uri(uri)
    if not isinstance(found, pyotp.TOTP):
        raise ConflictError("the demo's admin was enrolled for another kind of code", remedy="start with an empty home")
    return found.at(now)
