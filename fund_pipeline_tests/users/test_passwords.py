from datetime import timedelta
from pathlib import Path

import argon2
import pytest

from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.user_model import UserChange
from fund_pipeline.ledger.users import change_known_user, get_credentials
from fund_pipeline.users import (
    PasswordVerdict,
    Security,
    UserRole,
    add_user,
    check_password,
    disable_user,
    set_password,
)
from fund_pipeline.users.passwords import hash_password, is_password
from fund_pipeline_tests.samples import ACT, NOW
from fund_pipeline_tests.users.conftest import Admin

PASSWORD = "correct horse battery"


def _check(admin: Admin, password: str, user_id: str = "ada", at=NOW) -> PasswordVerdict:
    return check_password(admin.ledger, user_id, password, at, admin.security)


def test_a_hash_is_argon2id_with_the_memory_and_passes_of_rfc_9106() -> None:
    parameters = argon2.extract_parameters(hash_password(PASSWORD))
    assert parameters.type is argon2.Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.salt_len) == (64 * 1024, 3, 16)


def test_the_same_password_has_another_hash_each_time_and_both_are_it() -> None:
    one, other = hash_password(PASSWORD), hash_password(PASSWORD)
    assert one != other
    assert is_password(one, PASSWORD)
    assert is_password(other, PASSWORD)
    assert not is_password(one, PASSWORD + " ")


def test_letters_that_look_the_same_are_the_same_from_any_keyboard() -> None:
    assert is_password(hash_password("e\u0301cole des fleurs"), "\u00e9cole des fleurs")


def test_nobody_has_any_password_not_even_the_one_that_keeps_the_time_equal() -> None:
    assert not is_password(None, "nobody's password, which nobody can have")
    assert not is_password("no hash", PASSWORD)


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 1025])
def test_a_password_too_short_or_too_long_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(InputError, match="12 to 1024 characters") as refused:
        hash_password(password)
    assert not password or password not in str(refused.value)


def test_each_verdict_on_a_password(admin: Admin) -> None:
    assert _check(admin, PASSWORD) is PasswordVerdict.NOT_SET
    set_password(admin.ledger, "ada", PASSWORD, ACT)
    assert _check(admin, PASSWORD) is PasswordVerdict.ACCEPTED
    assert _check(admin, PASSWORD + "!") is PasswordVerdict.WRONG
    assert _check(admin, PASSWORD, "nobody") is PasswordVerdict.UNKNOWN_USER
    disable_user(admin.ledger, "ada", ACT)
    assert _check(admin, PASSWORD) is PasswordVerdict.DISABLED
    assert all(len(verdict.remedy) > 5 for verdict in PasswordVerdict)


def test_five_wrong_passwords_lock_and_it_is_audited(admin: Admin) -> None:
    set_password(admin.ledger, "ada", PASSWORD, ACT)
    for _ in range(5):
        assert _check(admin, "wrong" * 3) is PasswordVerdict.WRONG
    assert _check(admin, PASSWORD) is PasswordVerdict.LOCKED
    assert not admin.verify(admin.phone()).accepted
    assert [entry.action for entry in history(admin.ledger, "user", "ada")].count("user_locked") == 1
    assert _check(admin, PASSWORD, at=NOW + timedelta(minutes=15)) is PasswordVerdict.ACCEPTED


def test_a_right_password_does_not_clear_the_failed_codes(admin: Admin) -> None:
    """Else who knows the password could guess codes for ever."""
    set_password(admin.ledger, "ada", PASSWORD, ACT)
    for _ in range(4):
        admin.verify(admin.wrong())
    assert _check(admin, PASSWORD) is PasswordVerdict.ACCEPTED
    assert admin.verify(admin.wrong()).locked_until is not None


def test_a_hash_with_old_parameters_is_renewed_when_the_password_is_used(ledger: Ledger, security: Security) -> None:
    add_user(ledger, "ada", "Ada", UserRole.ADMIN, ACT)
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)

    def weaken(held):
        return UserChange(held.__class__(**{**held.__dict__, "password_hash": weak}), ())

    change_known_user(ledger, "ada", ACT, weaken)
    assert check_password(ledger, "ada", PASSWORD, NOW, security) is PasswordVerdict.ACCEPTED
    renewed = get_credentials(ledger, "ada")
    assert renewed is not None
    assert argon2.extract_parameters(renewed.password_hash).memory_cost == 64 * 1024
    assert check_password(ledger, "ada", PASSWORD, NOW, security) is PasswordVerdict.ACCEPTED


def test_no_page_of_the_product_compares_passwords_itself() -> None:
    import fund_pipeline

    sources = Path(fund_pipeline.__file__).parent.rglob("*.py")
    hashing = {path.name for path in sources if "import PasswordHasher" in path.read_text()}
    assert hashing == {"passwords.py", "passphrases.py"}, "people's and senders' secrets, each in one place"
