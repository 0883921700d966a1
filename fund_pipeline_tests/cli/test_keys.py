import json

import pytest

from fund_pipeline_tests.homes import Home

ADD = ("keys", "add", "a program", "--scope", "strategies:read", "--scope", "strategies:write")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An embedded home whose ledger is set up."""
    made = Home(tmp_path_factory.mktemp("keys") / "home")
    assert made.fund("ledger", "upgrade").returncode == 0
    return made


@pytest.mark.parametrize("command", ["", "add", "list", "revoke"])
def test_every_command_explains_itself(command: str, here: Home) -> None:
    done = here.fund("keys", *command.split(), "--help")
    assert (done.returncode, "Usage" in done.stdout) == (0, True)


def test_a_key_is_printed_once_alone_on_standard_output_and_never_listed(here: Home) -> None:
    added = here.fund(*ADD, "--days", "30")
    key = added.stdout.strip()
    assert (added.returncode, key.startswith("fund_"), len(key)) == (0, True, 61)
    key_id, secret = key.split("_", 2)[1:]
    assert key_id in added.stderr
    assert secret not in added.stderr
    shown = here.fund("keys", "list").stdout + here.fund("keys", "list", "--json").stdout
    log = here.fund("audit", "list", "--json").stdout
    assert (key_id in shown, key_id in log, secret in shown + log) == (True, True, False)


def test_a_key_is_listed_with_what_it_may_do_and_revoked_once(here: Home) -> None:
    told = json.loads(here.fund(*ADD, "--json").stdout)
    assert told["key"].startswith(f"fund_{told['key_id']}_")

    def listed() -> dict[str, object]:
        (found,) = [
            one for one in json.loads(here.fund("keys", "list", "--json").stdout) if one["key_id"] == told["key_id"]
        ]
        return found

    before = listed()
    assert (before["status"], before["expires_at"], before["name"]) == ("ACTIVE", None, "a program")
    assert before["scopes"] == ["strategies:read", "strategies:write"]
    assert here.fund("keys", "revoke", told["key_id"]).returncode == 0
    assert listed()["status"] == "REVOKED"
    assert here.fund("keys", "revoke", told["key_id"]).returncode == 4


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("keys", "add", "p"), "--scope"),
        (("keys", "add", "p", "--scope", "everything"), "signals:read"),
        (("keys", "add", "p", "--scope", "signals:read", "--days", "0"), "--days"),
        (("keys", "add", " ", "--scope", "signals:read"), "name"),
        (("keys", "revoke", "nobody"), "fund keys list"),
    ],
)
def test_what_cannot_be_done_says_so(here: Home, arguments: tuple[str, ...], told: str) -> None:
    done = here.fund(*arguments)
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr
