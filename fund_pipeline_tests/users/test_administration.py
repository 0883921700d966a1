from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from fund_pipeline.errors import ConfigurationError, ConflictError, InputError, NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import history
from fund_pipeline.settings import Settings
from fund_pipeline.users import (
    SecretBox,
    Security,
    UserRole,
    UserStatus,
    add_user,
    disable_user,
    enable_user,
    enrol_totp,
    get_user,
    list_users,
    new_recovery_codes,
    rotate_secrets_key,
    verify_code,
)
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.samples import ACT, NOW
from fund_pipeline_tests.users.conftest import Admin


def test_a_user_comes_back_as_they_were_added(ledger: Ledger) -> None:
    add_user(ledger, "demo.admin", " Demo ", UserRole.ADMIN, ACT, is_demo=True)
    user = get_user(ledger, "demo.admin")
    assert (user.name, user.role, user.status, user.is_demo) == ("Demo", UserRole.ADMIN, UserStatus.ACTIVE, True)
    assert (user.has_password, user.is_enrolled, user.recovery_codes, user.created_at) == (False, False, 0, NOW)
    assert list_users(ledger) == (user,)


@pytest.mark.parametrize("user_id", ["", "a", "Ada", "1ada", "ada lovelace", "a" * 65, "ada\n", "ádà"])
def test_a_bad_user_id_is_refused_without_repeating_it(ledger: Ledger, user_id: str) -> None:
    with pytest.raises(InputError, match="no user id"):
        add_user(ledger, user_id, "Ada", UserRole.ADMIN, ACT)
    assert list_users(ledger) == ()


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_bad_name_is_refused(ledger: Ledger, name: str) -> None:
    with pytest.raises(InputError, match="a name has"):
        add_user(ledger, "ada", name, UserRole.ADMIN, ACT)


def test_an_id_is_taken_once(admin: Admin) -> None:
    with pytest.raises(ConflictError, match="'ada' is there already"):
        add_user(admin.ledger, "ada", "Another", UserRole.CLIENT, ACT)
    assert get_user(admin.ledger, "ada").name == "Ada Lovelace"


def test_of_many_who_add_one_id_at_once_one_succeeds(ledger: Ledger) -> None:
    def add(number: int) -> bool:
        try:
            add_user(ledger, "ada", f"Ada {number}", UserRole.ADMIN, ACT)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(add, range(8))) == 1
    assert [entry.action for entry in history(ledger, "user", "ada")] == ["user_added"]


def test_enrolling_twice_is_refused_and_the_phone_still_works(admin: Admin) -> None:
    with pytest.raises(ConflictError, match="reset-totp"):
        enrol_totp(admin.ledger, "ada", admin.security.box, ACT)
    assert admin.verify(admin.phone()).accepted


def test_an_unknown_user_is_named(ledger: Ledger, security: Security) -> None:
    with pytest.raises(NotFoundError, match="no user 'ghost'"):
        new_recovery_codes(ledger, "ghost", security.box, ACT)
    with pytest.raises(NotFoundError, match="no user 'ghost'"):
        get_user(ledger, "ghost")


def test_disabling_and_enabling_are_audited_and_refused_when_so_already(admin: Admin) -> None:
    with pytest.raises(ConflictError, match="neither disabled nor locked"):
        enable_user(admin.ledger, "ada", ACT)
    disable_user(admin.ledger, "ada", ACT)
    with pytest.raises(ConflictError, match="disabled already"):
        disable_user(admin.ledger, "ada", ACT)
    enable_user(admin.ledger, "ada", ACT)
    assert get_user(admin.ledger, "ada").status is UserStatus.ACTIVE
    assert [entry.action for entry in history(admin.ledger, "user", "ada")] == [
        "user_added",
        "totp_enrolled",
        "user_disabled",
        "user_enabled",
    ]


def test_secrets_move_to_a_newer_key_and_the_older_can_go(admin: Admin) -> None:
    newer = Fernet.generate_key().decode()
    codes = new_recovery_codes(admin.ledger, "ada", admin.security.box, ACT)
    both = Security(SecretBox([newer, SECRETS_KEY]), admin.security.lockout)
    assert verify_code(admin.ledger, "ada", codes[0], NOW, both).accepted
    assert rotate_secrets_key(admin.ledger, both.box, ACT) == 1
    only_newer = Security(SecretBox([newer]), admin.security.lockout)
    assert verify_code(admin.ledger, "ada", admin.phone(), NOW, only_newer).accepted


def test_moving_to_a_newer_key_without_the_older_changes_nothing(admin: Admin) -> None:
    stranger = SecretBox([Fernet.generate_key().decode()])
    with pytest.raises(ConfigurationError, match="no key opens the secret of user ada"):
        rotate_secrets_key(admin.ledger, stranger, ACT)
    assert admin.verify(admin.phone()).accepted


def test_a_key_is_made_for_the_first_secret_and_never_again(ledger: Ledger, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, secrets_key=None, _env_file=None)
    file = tmp_path / "keys" / "secrets.key"
    first = Security.of(settings, ledger)
    assert file.stat().st_mode & 0o777 == 0o600
    add_user(ledger, "ada", "Ada", UserRole.ADMIN, ACT)
    enrol_totp(ledger, "ada", first.box, ACT)
    assert Security.of(settings, ledger).box is not first.box
    file.unlink()
    with pytest.raises(ConfigurationError, match=r"secrets\.key does not exist"):
        Security.of(settings, ledger)


def test_what_is_no_fernet_key_is_told_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError, match="FUND_SECRETS_KEY") as refused:
        SecretBox(["hunter2"])
    assert "hunter2" not in str(refused.value)
