"""Who may act, and how they prove it: accounts, passwords, one-time codes, lockout.

`verify_code` is the question an approval asks; `administration` holds what a person at the terminal may change.
"""

from fund_pipeline.ledger.user_model import User, UserRole, UserStatus
from fund_pipeline.ledger.users import get_user, list_users
from fund_pipeline.users.administration import (
    add_user,
    disable_user,
    enable_user,
    enrol_totp,
    new_recovery_codes,
    reset_totp,
    rotate_secrets_key,
    set_password,
)
from fund_pipeline.users.api_keys import KeyCheck, KeyVerdict, NewKey, add_key, check_key
from fund_pipeline.users.lockout import Lockout
from fund_pipeline.users.password_check import check_password
from fund_pipeline.users.secret_box import SecretBox
from fund_pipeline.users.security import Security
from fund_pipeline.users.tokens import LoginToken, TokenCheck, TokenVerdict, check_token, end_login, issue_token
from fund_pipeline.users.verdicts import CodeVerdict, PasswordVerdict, Verification
from fund_pipeline.users.verification import use_up_code, verify_code

__all__ = [
    "CodeVerdict",
    "KeyCheck",
    "KeyVerdict",
    "Lockout",
    "LoginToken",
    "NewKey",
    "PasswordVerdict",
    "SecretBox",
    "Security",
    "TokenCheck",
    "TokenVerdict",
    "User",
    "UserRole",
    "UserStatus",
    "Verification",
    "add_key",
    "add_user",
    "check_key",
    "check_password",
    "check_token",
    "disable_user",
    "enable_user",
    "end_login",
    "enrol_totp",
    "get_user",
    "issue_token",
    "list_users",
    "new_recovery_codes",
    "reset_totp",
    "rotate_secrets_key",
    "set_password",
    "use_up_code",
    "verify_code",
]
