import json
import shutil
from pathlib import Path

import pytest

from fund_pipeline.cli.settings import env_example
from fund_pipeline_tests.homes import ROOT, Home

SAMPLES = ROOT / "data" / "backtests"


def test_env_example_lists_every_setting_at_its_default() -> None:
    assert (ROOT / ".env.example").read_text() == env_example(), "run `fund settings --example > .env.example`"


@pytest.mark.parametrize(
    "command",
    [[], ["nightly"], ["demo"], ["up"], ["settings"], ["backtests"], ["backtests", "ingest"], ["backtests", "retry"]]
    + [["strategies", one] for one in ("list", "show", "add", "set", "sync-backtest", "accept-dates")]
    + [["allocations", "list"], ["allocations", "show"], ["ledger", "upgrade"], ["registry", "import"], ["api"]],
    ids=" ".join,
)
def test_every_command_explains_itself(command: list[str], tmp_path: Path) -> None:
    done = Home(tmp_path).fund(*command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout
    assert len(done.stdout.splitlines()) > 6


def test_a_ledger_that_is_not_set_up_says_how_to_for_people_and_programs(tmp_path: Path) -> None:
    empty = Home(tmp_path)
    for_people = empty.fund("strategies", "list")
    assert (for_people.returncode, for_people.stdout) == (5, "")
    assert "fund ledger upgrade" in for_people.stderr
    for_programs = empty.fund("strategies", "list", "--json")
    assert for_programs.returncode == 5
    assert json.loads(for_programs.stdout)["remedy"] == "run `fund ledger upgrade`"


def test_a_wrong_setting_is_named_without_its_secret(tmp_path: Path) -> None:
    wrong = Home(tmp_path).fund("settings", FUND_DATABASE_URL="mysql://me:secret@db/x", FUND_PORT="70000")
    assert wrong.returncode == 5
    assert "FUND_PORT" in wrong.stderr
    other = Home(tmp_path).fund("ledger", "status", FUND_DATABASE_URL="mysql://me:secret@db/x")
    assert other.returncode == 5
    assert "FUND_DATABASE_URL has scheme 'mysql'" in other.stderr
    assert "secret" not in wrong.stderr + other.stderr


def test_a_strategy_is_added_changed_and_shown_with_its_history(home: Home) -> None:
    assert home.fund("strategies", "add", "MY_1", "notes=buys low", "max_gross=1.5").returncode == 0
    assert home.fund("strategies", "add", "MY_1").returncode == 4
    assert home.fund("strategies", "set", "MY_1", "status=ACTIVE").returncode == 0
    wrong = home.fund("strategies", "set", "MY_1", "status=BUSY")
    assert wrong.returncode == 2
    assert "status is 'BUSY'" in wrong.stderr
    shown = json.loads(home.fund("strategies", "show", "MY_1", "--json").stdout)
    assert (shown["status"], shown["max_gross"], shown["notes"]) == ("ACTIVE", "1.5", "buys low")
    assert [entry["action"] for entry in shown["history"]] == ["strategy_added", "strategy_changed"]
    assert home.fund("strategies", "show", "NOBODY").returncode == 2


def test_files_go_in_are_refused_are_fixed_and_go_in(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "sent"
    folder.mkdir()
    shutil.copy(SAMPLES / "LowVol_Long.csv", folder)
    (folder / "Newcomer.csv").write_text("Date,Return\n2024-01-02,0.1\n2024-01-03,0.2\n2024-01-04,-0.1\n")
    home.fund("registry", "import", "data/registry.yaml")

    first = home.fund("backtests", "ingest", str(folder), "--json")
    assert first.returncode == 4
    files = {one["strategy_id"]: one for one in json.loads(first.stdout)["files"]}
    assert files["LowVol_Long"]["status"] == "admitted"
    assert files["Newcomer"]["reasons"][0]["code"] == "unknown_strategy"

    home.fund("strategies", "add", "Newcomer")
    second = json.loads(home.fund("backtests", "retry", "--json").stdout)
    assert second["files"][0]["reasons"][0]["code"] == "unit_unknown"

    kept = json.loads(home.fund("backtests", "quarantine", "--json").stdout)
    assert [one["file"] for one in kept] == ["Newcomer.csv"]
    third = home.fund("backtests", "retry", kept[0]["id"], "--unit", "percent", "--json")
    assert third.returncode == 0, third.stdout
    assert "nothing is in quarantine" in home.fund("backtests", "quarantine").stdout
    again = json.loads(home.fund("backtests", "ingest", str(folder), "--json").stdout)
    assert {one["status"] for one in again["files"]} == {"unchanged"}


def test_one_strategy_is_synced_alone(home: Home) -> None:
    home.fund("registry", "import", "data/registry.yaml")
    done = home.fund("strategies", "sync-backtest", "LowVol_Long", "--json")
    assert done.returncode == 0
    assert [one["strategy_id"] for one in json.loads(done.stdout)["files"]] == ["LowVol_Long"]
    listed = json.loads(home.fund("strategies", "list", "--json").stdout)
    assert [one["strategy_id"] for one in listed if one["backtest"]] == ["LowVol_Long"]


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_a_folder_that_gives_no_backtests_is_an_error_that_says_so(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "inbox"
    if kind == "empty":
        target.mkdir()
    if kind == "file":
        target.write_text("x")
    here = Home(tmp_path / "home")
    here.fund("ledger", "upgrade")
    done = here.fund("backtests", "ingest", str(target))
    assert done.returncode == 2
    assert str(target) in done.stderr
    assert "To fix" in done.stderr


def test_a_folder_of_broken_files_gives_a_reason_for_each_also_of_strategies_nobody_registered(tmp_path: Path) -> None:
    folder = ROOT / "fund_pipeline_tests" / "backtests" / "broken"
    here = Home(tmp_path / "home")
    here.fund("ledger", "upgrade")
    here.fund("strategies", "add", "good")
    done = here.fund("backtests", "ingest", str(folder), "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"]) == (4, 4)
    files = {one["file"]: one for one in told["files"]}
    assert set(files) == {path.name for path in folder.glob("*.csv")}
    assert files["good.csv"]["status"] == "admitted"
    assert [reason["code"] for reason in files["unknown_strategy.csv"]["reasons"]] == ["unknown_strategy"]
    expected = {
        "bad_date.csv": ("bad_date", 4, "Date", "2024-02-30"),
        "below_minus_100.csv": ("return_below_minus_100", 9, "Daily_Return_Pct", "-120.5"),
        "future_date.csv": ("future_date", 13, "Date", "2031-01-02"),
        "mixed_units.csv": ("mixed_units", 10, "Daily_Return_Pct", "-0.0113"),
        "text_in_number.csv": ("not_a_number", 6, "Daily_PnL", "about 900"),
    }
    for file, (code, row, column, value) in expected.items():
        reason = files[file]["reasons"][1]
        assert (reason["code"], reason["row"], reason["column"], reason["value"]) == (code, row, column, value)
        assert reason["remedy"]
    for one in files.values():
        assert one["status"] == "admitted" or one["reasons"]


def test_a_unit_that_was_stated_wrongly_can_be_taken_back(tmp_path: Path) -> None:
    folder = tmp_path / "sent"
    folder.mkdir()
    (folder / "S.csv").write_text("Date,Return\n2024-01-02,0.1\n2024-01-03,0.2\n2024-01-04,-0.1\n")
    here = Home(tmp_path / "home")
    here.fund("ledger", "upgrade")
    here.fund("strategies", "add", "S")
    here.fund("backtests", "ingest", str(folder), "--unit", "percent")
    assert here.fund("backtests", "ingest", str(folder), "--unit", "decimal").returncode == 0
    assert json.loads(here.fund("strategies", "show", "S", "--json").stdout)["backtest"]["unit"] == "decimal"


def test_a_damaged_quarantine_entry_is_told_and_stops_nothing(tmp_path: Path) -> None:
    here = Home(tmp_path / "home")
    here.fund("ledger", "upgrade")
    entry = here.path / "quarantine" / "abc"
    entry.mkdir(parents=True)
    (entry / "reasons.json").write_text("{")
    listed = json.loads(here.fund("backtests", "quarantine", "--json").stdout)
    assert (listed[0]["id"], listed[0]["reasons"][0]["code"]) == ("abc", "unreadable")


def test_looking_at_a_ledger_does_not_create_it(tmp_path: Path) -> None:
    here = Home(tmp_path / "home")
    assert json.loads(here.fund("ledger", "status", "--json").stdout)["revision"] is None
    assert not here.path.exists()
