import io
import json
import re
import sys

import pyotp
import pytest

from fund_pipeline_tests.homes import Home

PASSWORD = "correct horse battery"


@pytest.mark.parametrize(
    "command",
    ["", "add", "list", "disable", "enable", "set-password", "reset-totp", "recovery-codes", "verify", "rotate-key"],
)
def test_every_command_explains_itself(command: str, home: Home) -> None:
    done = home.fund("users", *command.split(), "--help")
    assert (done.returncode, "Usage" in done.stdout) == (0, True)


def _add(home: Home, user_id: str = "ada", *more: str) -> dict[str, object]:
    done = home.fund("users", "add", user_id, "--role", "admin", "--password-env", "PW", "--json", *more, PW=PASSWORD)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def _verify(home: Home, code: str, monkeypatch: pytest.MonkeyPatch, user_id: str = "ada") -> tuple[int, str]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(code + "\n"))
    done = home.fund("users", "verify", user_id, "--json")
    return done.returncode, json.loads(done.stdout)["verdict"]


def test_an_admin_is_added_with_a_qr_code_and_recovery_codes_for_people(home: Home) -> None:
    done = home.fund("users", "add", "ada", "--role", "admin", "--name", "Ada L", "--password-env", "PW", PW=PASSWORD)
    assert done.returncode == 0, done.stderr
    assert "otpauth://totp/" in done.stdout
    assert "█" in done.stdout
    assert len(re.findall(r"^  [0-9A-Z]{4}(-[0-9A-Z]{4}){3}$", done.stdout, re.MULTILINE)) == 10
    assert PASSWORD not in done.stdout + done.stderr
    listed = json.loads(home.fund("users", "list", "--json").stdout)
    assert [(user["user_id"], user["name"], user["role"], user["status"]) for user in listed] == [
        ("ada", "Ada L", "ADMIN", "ACTIVE")
    ]
    assert "Ada L" in home.fund("users", "list").stdout


def test_a_phone_is_tried_without_using_its_code_up(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    app = pyotp.parse_uri(str(_add(home)["otpauth_uri"]))
    assert _verify(home, app.now(), monkeypatch) == (0, "ACCEPTED")
    assert _verify(home, app.now(), monkeypatch) == (0, "ACCEPTED")
    assert _verify(home, "none", monkeypatch) == (1, "WRONG_CODE")
    assert _verify(home, app.now(), monkeypatch, "bob") == (1, "UNKNOWN_USER")


def test_a_lost_phone_and_lost_recovery_codes_are_replaced(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    added = _add(home)
    reset = json.loads(home.fund("users", "reset-totp", "ada", "--json").stdout)
    codes = json.loads(home.fund("users", "recovery-codes", "ada", "--json").stdout)["recovery_codes"]
    assert _verify(home, pyotp.parse_uri(reset["otpauth_uri"]).now(), monkeypatch) == (0, "ACCEPTED")
    assert _verify(home, str(added["recovery_codes"][0]), monkeypatch) == (1, "WRONG_CODE")  # type: ignore[index]
    assert _verify(home, codes[0], monkeypatch) == (0, "ACCEPTED")


def test_a_disabled_user_is_refused_until_enabled(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    app = pyotp.parse_uri(str(_add(home)["otpauth_uri"]))
    assert home.fund("users", "disable", "ada").returncode == 0
    assert home.fund("users", "disable", "ada").returncode == 4
    assert _verify(home, app.now(), monkeypatch) == (1, "DISABLED")
    assert home.fund("users", "enable", "ada").returncode == 0
    assert _verify(home, app.now(), monkeypatch) == (0, "ACCEPTED")


def test_a_password_is_never_an_argument(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("typed into a pipe\n"))
    piped = home.fund("users", "add", "ada", "--role", "admin")
    assert (piped.returncode, "--password-env" in piped.stderr) == (2, True)
    unset = home.fund("users", "add", "ada", "--role", "admin", "--password-env", "PW")
    assert (unset.returncode, "PW is not set" in unset.stderr) == (2, True)
    short = home.fund("users", "add", "ada", "--role", "admin", "--password-env", "PW", PW="tooshort")
    assert (short.returncode, "tooshort" in short.stderr) == (2, False)
    assert json.loads(home.fund("users", "list", "--json").stdout) == []


def test_another_password_is_set(home: Home) -> None:
    _add(home)
    assert home.fund("users", "set-password", "ada", "--password-env", "PW", PW="another long one").returncode == 0
    assert home.fund("users", "set-password", "bob", "--password-env", "PW", PW="another long one").returncode == 2
    actions = [row["action"] for row in json.loads(home.fund("audit", "list", "--entity", "user", "--json").stdout)]
    assert actions == ["user_added", "totp_enrolled", "recovery_codes_made", "password_set"]


def test_secrets_move_to_a_newer_key(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    app = pyotp.parse_uri(str(_add(home)["otpauth_uri"]))
    file = home.path / "keys" / "secrets.key"
    newer = "bmV3ZXIta2V5LW9mLTMyLWJ5dGVzLWZvci10ZXN0cyE="
    older = file.read_text()
    file.write_text(newer + "\n" + older)
    assert home.fund("users", "rotate-key").returncode == 0
    file.write_text(newer)
    assert _verify(home, app.now(), monkeypatch) == (0, "ACCEPTED")
    file.write_text(older)
    assert _verify(home, app.now(), monkeypatch) == (1, "UNREADABLE")
