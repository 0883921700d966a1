import json

import pytest

from fund_pipeline_tests.homes import Home

SECRET = "xyzzy-plugh-plover-7391"
ADD = ("senders", "add", "tess", "--strategy", "S1", "--strategy", "S2", "--passphrase-env", "PW")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An embedded home with one sender."""
    made = Home(tmp_path_factory.mktemp("senders") / "home")
    assert made.fund("ledger", "upgrade").returncode == 0
    assert made.fund(*ADD, PW=SECRET).returncode == 0
    return made


@pytest.mark.parametrize("command", ["", "add", "set", "rotate", "disable", "enable", "list"])
def test_every_command_explains_itself(command: str, here: Home) -> None:
    done = here.fund("senders", *command.split(), "--help")
    assert (done.returncode, "Usage" in done.stdout) == (0, True)


def test_a_sender_lives_through_all_commands_on_either_database(home: Home) -> None:
    options = ("--quantity-means", "target_weight", "--equity", "1", "--network", "192.0.2.0/24")
    signing = ("--hmac-secret-env", "KEY", "--freshness-seconds", "60", "--environment", "production")
    added = home.fund(*ADD, *options, *signing, "--json", PW=SECRET, KEY="a signing secret of tess")
    assert added.returncode == 0, added.stderr
    told = json.loads(added.stdout)
    assert (told["sender_id"], told["status"], told["environment"]) == ("tess", "ACTIVE", "production")
    assert told["options"]["strategies"] == ["S1", "S2"]
    assert (told["options"]["quantity_means"], told["options"]["equity"]) == ("target_weight", "1")
    rotated = home.fund("senders", "rotate", "tess", "--passphrase-env", "PW", "--keep-hours", "0", PW=SECRET + "2")
    assert (rotated.returncode, rotated.stderr) == (0, "")
    for command, status in (("disable", "DISABLED"), ("enable", "ACTIVE")):
        assert json.loads(home.fund("senders", command, "tess", "--json").stdout)["status"] == status
        assert home.fund("senders", command, "tess").returncode == 4
    (listed,) = json.loads(home.fund("senders", "list", "--json").stdout)
    assert (listed["sender_id"], listed["is_signed"], listed["allowed_networks"]) == ("tess", True, ["192.0.2.0/24"])
    log = home.fund("audit", "list", "--json").stdout
    assert [text for text in (SECRET, "a signing secret") if text in added.stdout + rotated.stdout + log] == []


def test_senders_are_listed_for_people(here: Home) -> None:
    shown = here.fund("senders", "list").stdout
    assert [word for word in ("tess", "ACTIVE", "staging", "S1, S2", "units", "anywhere") if word not in shown] == []


def test_only_what_is_given_is_changed_and_the_change_is_shown(here: Home) -> None:
    add = ("senders", "add", "theresa", "--name", "Theresa", *ADD[3:])
    before = json.loads(here.fund(*add, "--json", PW=SECRET + "3").stdout)
    change = ("senders", "set", "theresa", "--add-strategy", "S3", "--remove-strategy", "S1", "--freshness", "60")
    dry = here.fund(*change, "--dry-run")
    assert [word for word in ("would change theresa", "S1, S2", "S2, S3", "900", "60") if word not in dry.stdout] == []
    signing = ("--hmac-secret-env", "KEY", "--network", "192.0.2.0/24", "--environment", "production")
    told = json.loads(here.fund(*change, *signing, "--json", KEY="a signing secret of hers").stdout)
    assert told["changed"]["strategies"] == {"before": ["S1", "S2"], "after": ["S2", "S3"]}
    options = before["options"] | {"strategies": ["S2", "S3"], "freshness_seconds": 60}
    after = before | {"options": options, "allowed_networks": ["192.0.2.0/24"], "is_signed": True}
    assert {name: told[name] for name in before} == after | {"environment": "production"}
    back = here.fund("senders", "set", "theresa", "--no-hmac", "--anywhere", "--no-equity")
    assert ("changed theresa" in back.stdout, "equity" in back.stdout) == (True, False)
    assert "theresa already was so" in here.fund("senders", "set", "theresa", "--no-hmac").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (ADD, 4, "there already"),
        ((*ADD[:-1], "NO_SUCH"), 2, "NO_SUCH is not set"),
        (("senders", "add", "theo", "--strategy", "S1", "--passphrase-env", "SHORT"), 2, "12 to 1024 characters"),
        (("senders", "add", "theo", "--strategy", "S1", "--passphrase-env", "PW", "--equity", "0"), 2, "equity"),
        (("senders", "disable", "theo"), 2, "no sender 'theo'"),
        (("senders", "set", "theo", "--freshness", "60"), 2, "no sender 'theo'"),
        (("senders", "set", "tess", "--freshness", "0"), 2, "freshness_seconds"),
        (("senders", "set", "tess", "--hmac-secret-env", "SHORT", "--no-hmac"), 2, "contradict each other"),
        (("senders", "set", "tess", "--hmac-secret-env", "SHORT"), 2, "signing secret"),
        (("senders", "set", "tess", "--remove-strategy", "S9"), 2, "may not send for S9"),
    ],
)
def test_what_cannot_be_done_says_so(here: Home, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = here.fund(*arguments, PW=SECRET, SHORT="tooshort")
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
    assert [secret for secret in (SECRET, "tooshort") if secret in done.stderr] == []
