import json
from pathlib import Path

import pytest

from fund_pipeline.ledger import open_ledger
from fund_pipeline.settings import Settings
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.ledger.attacks import attack


@pytest.mark.parametrize("command", ["", "verify", "list", "anchor"])
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    done = Home(tmp_path).fund("audit", *command.split(), "--help")
    assert (done.returncode, "Usage" in done.stdout) == (0, True)


def _attack(home: Home, *statements: str) -> None:
    url = home.settings.get("FUND_DATABASE_URL")
    ledger = open_ledger(Settings(home=home.path, database_url=url, _env_file=None).ledger_url)
    attack(ledger, *statements)
    ledger.close()


def test_a_whole_log_verifies_and_an_altered_one_names_its_first_bad_row(home: Home) -> None:
    for name in ("S1", "S2", "S3"):
        assert home.fund("strategies", "add", name).returncode == 0
    assert home.fund("audit", "anchor").returncode == 0
    good = home.fund("audit", "verify", "--json")
    told = json.loads(good.stdout)
    assert (good.returncode, told["ok"], told["rows"], told["anchored"]) == (0, True, 5, 4)
    assert home.fund("audit", "verify").returncode == 0
    _attack(home, "UPDATE audit SET actor = 'user:bob' WHERE sequence = 3")
    bad = home.fund("audit", "verify", "--json")
    told = json.loads(bad.stdout)
    assert (bad.returncode, told["problem"], told["sequence"]) == (1, "ROW_ALTERED", 3)
    assert "ROW_ALTERED at row 3" in home.fund("audit", "verify").stdout


def test_anchors_go_to_the_home_or_where_the_setting_says(home: Home) -> None:
    made = json.loads(home.fund("audit", "anchor", "--json").stdout)
    assert made["sequence"] == 1
    assert (home.path / "audit-anchors.jsonl").exists()
    elsewhere = home.path.parent / "elsewhere"
    done = home.fund("audit", "anchor", FUND_AUDIT_ANCHORS_DIR=str(elsewhere))
    assert (done.returncode, (elsewhere / "audit-anchors.jsonl").exists()) == (0, True)


def test_what_was_done_is_listed_by_what_it_was_done_to_and_since_when(home: Home) -> None:
    home.fund("strategies", "add", "S1")
    home.fund("strategies", "add", "S2")
    home.fund("registry", "import", "data/registry.yaml")
    rows = json.loads(home.fund("audit", "list", "--entity", "strategy", "--id", "S2", "--json").stdout)
    assert [(row["sequence"], row["action"]) for row in rows] == [(3, "strategy_added")]
    since = rows[0]["at"]
    assert json.loads(home.fund("audit", "list", "--since", since, "--json").stdout)[0]["sequence"] == 3
    newest = json.loads(home.fund("audit", "list", "--limit", "2", "--json").stdout)
    assert len(newest) == 2
    assert home.fund("audit", "list", "--since", "2099-01-01", "--json").stdout.strip() == "[]"
    assert "strategy S2" in home.fund("audit", "list").stdout
    wrong = home.fund("audit", "list", "--since", "yesterday")
    assert (wrong.returncode, "'yesterday' is no moment" in wrong.stderr) == (2, True)


def test_without_its_key_nothing_is_written_and_the_remedy_is_told(home: Home) -> None:
    (home.path / "keys" / "audit.key").unlink()
    done = home.fund("strategies", "add", "S1")
    assert (done.returncode, "restore it from its backup" in done.stderr) == (5, True)
    other = home.fund("strategies", "add", "S1", FUND_AUDIT_KEY="a-key-that-this-ledger-was-not-made-with")
    assert (other.returncode, "not the one" in other.stderr) == (5, True)
    assert json.loads(home.fund("strategies", "list", "--json").stdout) == []
