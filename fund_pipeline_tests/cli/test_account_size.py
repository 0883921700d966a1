import json
from pathlib import Path
from typing import Any

import pytest

from fund_pipeline_tests.cli.pngs import is_png
from fund_pipeline_tests.homes import Home

UNITS = "strategy,unit_notional,margin_per_unit,lot_step\nA,40000,8000,1\nB,25000,5000,1\nC,10000,1000,0.5\n"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    file = tmp_path / "units.csv"
    file.write_text(UNITS)
    return file


def account_size(tmp_path: Path, wide: Path, *options: str) -> dict[str, Any]:
    done = Home(tmp_path).fund("account-size", "--returns", str(wide), *options, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_least_account_holds_whole_units_and_keeps_nearly_all(wide: Path, units: Path, tmp_path: Path) -> None:
    told = account_size(tmp_path, wide, "--units", str(units), "--delta", "0.1", "--capital", "1,000,000")
    holding = told["holding"]
    assert (told["status"], holding["capital"], told["relative_gap"] <= 1e-4) == ("FOUND", told["capital"], True)
    assert told["lower_bound"] == pytest.approx(float(told["capital"]), rel=1e-4)
    notional = {"A": 40000, "B": 25000, "C": 10000}
    for name, count in holding["units"].items():
        assert float(count) % (0.5 if name == "C" else 1.0) == 0.0
        assert holding["weights"][name] == pytest.approx(float(count) * notional[name] / float(told["capital"]))
    assert holding["cvar"] <= 0.01
    assert holding["return_kept"] >= 0.9
    (at,) = told["at"]
    assert (at["capital"], at["keeps"], at["status"]) == ("1000000.00", True, "FOUND")
    assert told["finding"][0].startswith("The least account is ")
    assert told["finding"][1].startswith("At 1,000,000 ")


def test_an_account_below_the_least_keeps_too_little_and_it_is_said(wide: Path, units: Path, tmp_path: Path) -> None:
    told = account_size(tmp_path, wide, "--units", str(units), "--capital", "30000")
    (at,) = told["at"]
    assert float(told["capital"]) > 30000
    assert at["keeps"] is False
    assert "less than the 95.0 % asked for" in told["finding"][1]


def test_margins_of_the_units_are_held_to_the_cap(wide: Path, units: Path, tmp_path: Path) -> None:
    told = account_size(tmp_path, wide, "--units", str(units), "--margin-cap", "0.05", "--capital", "1000000")
    assert told["notes"] == []
    for holding in (told["holding"], told["at"][0]["holding"]):
        assert 0.0 < holding["margin"] <= 0.05
    partly = tmp_path / "partly.csv"
    partly.write_text(UNITS.replace("10000,1000", "10000,"))
    given = ("account-size", "--returns", str(wide), "--units", str(partly), "--margin-cap", "0.05")
    done = Home(tmp_path).fund(*given)
    assert done.returncode == 2
    assert "no margin is known of C" in done.stderr


def test_the_curve_is_a_picture_and_a_person_reads_the_finding(wide: Path, units: Path, tmp_path: Path) -> None:
    picture = tmp_path / "curve.png"
    given = ("account-size", "--returns", str(wide), "--units", str(units), "--capital", "200000")
    done = Home(tmp_path).fund(*given, "--picture", str(picture))
    assert done.returncode == 0, done.stderr
    assert "Whole units" in done.stdout
    assert "The least account is " in done.stdout
    assert "of the optimum's return is kept" in done.stdout
    assert is_png(picture)


def test_units_come_from_the_registry_which_must_have_them_all(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.fund("ledger", "upgrade")
    given = ("account-size", "--backtests", "data/backtests", "--margin-cap", "0.35", "--from-registry")
    unknown = home.fund(*given)
    assert unknown.returncode == 2
    assert "the registry has no unit_notional for Factor_Rotation" in unknown.stderr
    assert "fund strategies set ID unit_notional=" in unknown.stderr
    home.fund("registry", "import", "data/registry.yaml")
    told = json.loads(home.fund(*given, "--json").stdout)
    assert told["status"] == "FOUND"
    assert told["continuous_return"] == pytest.approx(0.05455400, abs=1e-7)
    assert told["holding"]["return_kept"] >= 0.95
    assert told["holding"]["margin"] <= 0.35


def test_contradicting_limits_end_with_three(wide: Path, units: Path, tmp_path: Path) -> None:
    given = ("account-size", "--returns", str(wide), "--units", str(units), "--capital", "1000000")
    impossible = ("--bound", "A=0.4", "--bound", "B=0.4", "--leverage", "0.5", "--cvar-limit", "0.5")
    done = Home(tmp_path).fund(*given, *impossible, "--json")
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert (told["status"], told["capital"], told["holding"]) == ("INFEASIBLE", None, None)
    assert "max_leverage = 0.5" in told["conflicts"]
    assert told["lower_bound"] is None
    shown = Home(tmp_path).fund(*given, *impossible)
    assert shown.returncode == 3
    assert "these contradict each other" in shown.stdout


def test_where_cash_is_best_no_capital_is_needed(wide: Path, units: Path, tmp_path: Path) -> None:
    expected = tmp_path / "expected.csv"
    expected.write_text("strategy,expected\nA,-0.1\nB,-0.1\nC,-0.1\n")
    picture = tmp_path / "curve.png"
    options = ("--units", str(units), "--expected", str(expected), "--picture", str(picture))
    told = account_size(tmp_path, wide, *options)
    assert (told["status"], told["capital"], told["holding"]) == ("CASH", "0.00", None)
    assert "no capital is needed" in told["finding"][0]
    assert "no curve" in told["finding"][-1]
    assert not picture.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("strategy,capital\nA,1\n", "has no column unit_notional"),
        (UNITS.replace("lot_step", "lots"), "has an unknown column 'lots'"),
        (UNITS.replace("25000", "many"), "row 3, column unit_notional: 'many' is no number"),
        (UNITS.replace("25000", "-1"), "row 3: unit_notional is -1, expected a number above 0"),
        (UNITS.replace("25000", "NaN"), "row 3: unit_notional is NaN"),
        (UNITS.replace("25000", ""), "row 3, column unit_notional is empty"),
        (UNITS.replace("C,", "A,"), "row 4: A is there twice"),
        (UNITS.replace("C,", "D,"), "has no unit_notional for C"),
        (UNITS.replace("0.5", "0"), "row 4: lot_step is 0"),
        ("", "has no column strategy"),
    ],
)
def test_wrong_units_are_named(wide: Path, tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "units.csv"
    file.write_text(content)
    done = Home(tmp_path).fund("account-size", "--returns", str(wide), "--units", str(file))
    assert done.returncode == 2
    assert told in done.stderr
    assert "\nTo fix: " in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "give either --units or --from-registry"),
        (("--units", "nowhere.csv"), "--units nowhere.csv cannot be read"),
        (("--units", "nowhere.csv", "--from-registry"), "give either --units or --from-registry"),
        (("--units", "{units}", "--capital", "lots"), "write it as 1000000"),
        (("--units", "{units}", "--capital", "-5"), "--capital is -5, expected an amount above 0"),
        (("--units", "{units}", "--delta", "1"), "delta is 1.0, expected a share"),
        (("--units", "{units}", "--gap", "0"), "gap is 0.0, expected a share"),
        (("--units", "{units}", "--budget", "1"), "whole units cannot meet exactly"),
        (("--units", "{units}", "--picture", "curve.svg"), "give a name that ends with .png"),
    ],
)
def test_wrong_input_names_the_option_and_the_fix(
    wide: Path, units: Path, tmp_path: Path, options: tuple[str, ...], told: str
) -> None:
    given = [option.format(units=units) for option in options]
    done = Home(tmp_path).fund("account-size", "--returns", str(wide), *given)
    assert done.returncode == 2
    assert told in done.stderr
    assert "\nTo fix: " in done.stderr
