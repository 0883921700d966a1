"""What a person at the terminal may change about users. Every change is audited, none with a secret in it."""

from __future__ import annotations

from dataclasses import replace

from fund_pipeline.errors import ConfigurationError, ConflictError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.user_model import Credentials, UserChange, UserRole, UserStatus
from fund_pipeline.ledger.users import change_known_user, insert_user, list_users
from fund_pipeline.users import recovery, totp
from fund_pipeline.users.identity import parse_user_id
from fund_pipeline.users.passwords import hash_password
from fund_pipeline.users.secret_box import SecretBox

LONGEST_NAME = 200


def add_user(
    ledger: Ledger,
    user_id: str,
    name: str,
    role: UserRole,
    act: Act,
    *,
    password: str | None = None,
    is_demo: bool = False,
) -> None:
    """Add an ACTIVE user, who can prove nothing before `enrol_totp`.

    InputError for a bad id, name or password; ConflictError when the id is taken.
    """
    if not name.strip() or len(name) > LONGEST_NAME:
        raise InputError(f"a name has 1 to {LONGEST_NAME} characters", remedy="give the person's name")
    hashed = None if password is None else hash_password(password)
    insert_user(ledger, parse_user_id(user_id), name.strip(), role, act, password_hash=hashed, is_demo=is_demo)


def enrol_totp(ledger: Ledger, user_id: str, box: SecretBox, act: Act) -> str:
    """Give a user a secret for one-time codes; return the `otpauth://` URI, which cannot be had again.

    ConflictError for who has one already.
    """
    return _new_totp(ledger, user_id, box, act, replacing=False)


def reset_totp(ledger: Ledger, user_id: str, box: SecretBox, act: Act) -> str:
    """Replace a user's secret, as when a phone is lost; return the new URI. Codes of the old secret stop working."""
    return _new_totp(ledger, user_id, box, act, replacing=True)


def new_recovery_codes(ledger: Ledger, user_id: str, box: SecretBox, act: Act) -> tuple[str, ...]:
    """Ten new recovery codes, which cannot be had again. The unused ones from before stop working."""
    codes = recovery.new_codes()
    hashes = frozenset(box.recovery_hashes(user_id, recovery.plain(code) or "")[0] for code in codes)

    def renewed(held: Credentials) -> UserChange:
        return UserChange(replace(held, recovery_hashes=hashes), (("recovery_codes_made", {"codes": len(codes)}),))

    change_known_user(ledger, user_id, act, renewed)
    return codes


def set_password(ledger: Ledger, user_id: str, password: str, act: Act) -> None:
    """Give a user another password. InputError when it is too short."""
    hashed = hash_password(password)

    def changed(held: Credentials) -> UserChange:
        return UserChange(replace(held, password_hash=hashed, password_failures=()), (("password_set", {}),))

    change_known_user(ledger, user_id, act, changed)


def disable_user(ledger: Ledger, user_id: str, act: Act) -> None:
    """Keep a user from acting from now on. ConflictError when so already."""

    def disabled(held: Credentials) -> UserChange:
        if held.status is UserStatus.DISABLED:
            raise ConflictError(f"user {user_id} is disabled already")
        return UserChange(replace(held, status=UserStatus.DISABLED), (("user_disabled", {}),))

    change_known_user(ledger, user_id, act, disabled)


def enable_user(ledger: Ledger, user_id: str, act: Act) -> None:
    """Let a user act again, and end a lock. ConflictError when neither holds."""

    def enabled(held: Credentials) -> UserChange:
        after = replace(held, status=UserStatus.ACTIVE, locked_until=None, code_failures=(), password_failures=())
        if after == held:
            raise ConflictError(f"user {user_id} is neither disabled nor locked")
        detail = {"was": held.status.value, "was_locked_until": held.locked_until and held.locked_until.isoformat()}
        return UserChange(after, (("user_enabled", detail),))

    change_known_user(ledger, user_id, act, enabled)


def rotate_secrets_key(ledger: Ledger, box: SecretBox, act: Act) -> int:
    """Seal every secret again under the newest key; return how many.

    Recovery codes stay with the key they were made under: keep that key until they are made anew.
    """
    sealed = [user.user_id for user in list_users(ledger) if user.is_enrolled]
    for user_id in sealed:
        change_known_user(ledger, user_id, act, lambda held: _resealed(held, box))
    return len(sealed)


def _resealed(held: Credentials, box: SecretBox) -> UserChange:
    if held.totp_secret is None:
        return UserChange(None, ())
    secret = box.open(held.user_id, held.role, held.totp_secret)
    if secret is None:
        raise ConfigurationError(
            f"no key opens the secret of user {held.user_id}",
            remedy="add the key it was made with to FUND_SECRETS_KEY, or run `fund users reset-totp`",
        )
    after = replace(held, totp_secret=box.seal(held.user_id, held.role, secret))
    return UserChange(after, (("secret_sealed_again", {}),))


def _new_totp(ledger: Ledger, user_id: str, box: SecretBox, act: Act, *, replacing: bool) -> str:
    secret = totp.new_secret()

    def enrolled(held: Credentials) -> UserChange:
        if held.totp_secret is not None and not replacing:
            raise ConflictError(
                f"user {user_id} is enrolled already", remedy="run `fund users reset-totp` to replace the secret"
            )
        sealed = box.seal(held.user_id, held.role, secret)
        after = replace(held, totp_secret=sealed, totp_last_step=None)
        return UserChange(after, (("totp_reset" if held.totp_secret else "totp_enrolled", {}),))

    change_known_user(ledger, user_id, act, enrolled)
    return totp.provisioning_uri(secret, user_id)
