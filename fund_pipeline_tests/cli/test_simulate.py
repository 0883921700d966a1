import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fund_pipeline_tests.cli.pngs import is_png
from fund_pipeline_tests.homes import Home

INFEASIBLE = ("--budget", "1.9", "--max-weight", "0.5")
COMMANDS: dict[str, tuple[str, ...]] = {
    "frontier": ("--points", "6"),
    "walk-forward": ("--window", "400"),
    "bootstrap": ("--samples", "8"),
    "stress": (),
    "sensitivity": (),
    "marginal": (),
}


def simulate(tmp_path: Path, wide: Path, command: str, *options: str) -> dict[str, Any]:
    given = ("simulate", command, "--returns", str(wide), *COMMANDS[command], *options, "--json")
    done = Home(tmp_path).fund(*given)
    assert done.returncode == 0, done.stderr + done.stdout
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_frontier_rises_to_the_most_return_and_passes_the_optimum(wide: Path, tmp_path: Path) -> None:
    picture = tmp_path / "frontier.png"
    told = simulate(tmp_path, wide, "frontier", "--picture", str(picture))
    points = told["points"]
    returns = [point["expected_return_annual"] for point in points]
    assert (len(points), returns) == (6, sorted(returns))
    assert set(points[0]) == {"cvar", "expected_return_annual", "weights", "solver", "fallbacks"}
    assert told["at_limit"]["cvar"] <= told["at_limit"]["cvar_limit"] == 0.01
    optimum = json.loads(Home(tmp_path).fund("optimize", "--returns", str(wide), "--json").stdout)
    assert told["at_limit"]["expected_return_annual"] == pytest.approx(optimum["expected_return_annual"], rel=1e-7)
    assert "At the CVaR limit of 1.00 %" in " ".join(told["finding"])
    assert is_png(picture)


def test_a_frontier_above_the_limit_says_that_nothing_meets_it(wide: Path, tmp_path: Path) -> None:
    told = simulate(tmp_path, wide, "frontier", "--budget", "1", "--cvar-limit", "0.001")
    assert told["at_limit"] is None
    assert "No portfolio meets a CVaR limit of 0.10 %" in told["finding"][1]


def test_a_walk_tells_of_every_choice_and_of_what_came_of_them(wide: Path, tmp_path: Path) -> None:
    picture = tmp_path / "walk.png"
    told = simulate(tmp_path, wide, "walk-forward", "--step", "40", "--cost", "0.002", "--picture", str(picture))
    assert len(told["dates"]) == len(told["net_returns"]) == len(told["gross_returns"]) == 199
    assert [one["date"] for one in told["rebalances"]] == told["dates"][::40]
    first = told["rebalances"][0]
    assert first["cost"] == pytest.approx(0.002 * sum(first["weights"].values()))
    assert told["net_returns"][0] == pytest.approx(told["gross_returns"][0] - first["cost"])
    assert told["summary"]["total_cost"] == pytest.approx(sum(one["cost"] for one in told["rebalances"]))
    assert told["summary"]["cvar_limit"] == 0.01
    assert told["summary"]["exceedances"]["days"] == 199
    assert told["finding"][0].startswith("Realised CVaR")
    assert "expected 5.0 % (Kupiec p = " in told["finding"][1]
    assert is_png(picture)


def test_an_anchored_walk_sees_more_than_a_rolling_one(wide: Path, tmp_path: Path) -> None:
    rolling = simulate(tmp_path, wide, "walk-forward")
    anchored = simulate(tmp_path, wide, "walk-forward", "--anchored")
    assert rolling["rebalances"][0] == anchored["rebalances"][0]
    assert rolling["rebalances"][-1]["in_sample_cvar"] != anchored["rebalances"][-1]["in_sample_cvar"]


def test_a_walk_by_another_objective_says_so(wide: Path, tmp_path: Path) -> None:
    told = simulate(tmp_path, wide, "walk-forward", "--objective", "min-variance", "--step", "100")
    assert (told["objective"], told["summary"]["cvar_limit"]) == ("min-variance", None)
    assert told["notes"] == [
        "fully invested (Σw = 1), for nothing else makes it invest: give a target return or a budget"
    ]
    assert sum(told["rebalances"][0]["weights"].values()) == pytest.approx(1.0)


def test_a_bootstrap_gives_bands_and_the_same_ones_again(wide: Path, tmp_path: Path) -> None:
    picture = tmp_path / "bands.png"
    told = simulate(tmp_path, wide, "bootstrap", "--block", "10", "--picture", str(picture))
    assert set(told["strategies"]) == {"A", "B", "C"}
    for band in told["strategies"].values():
        assert 0.0 <= band["low"] <= band["median"] <= band["high"] <= 0.5
    for figure in ("expected_return_annual", "cvar", "out_of_bag_return_annual", "out_of_bag_cvar", "optimism"):
        assert told[figure]["low"] <= told[figure]["median"] <= told[figure]["high"]
    assert (told["samples"], told["optimal"], told["measured"], told["seed"]) == (8, 8, 8, 1)
    assert is_png(picture)
    assert simulate(tmp_path, wide, "bootstrap", "--block", "10") == told
    assert simulate(tmp_path, wide, "bootstrap", "--block", "10", "--seed", "2")["cvar"] != told["cvar"]


def test_given_weights_are_stressed_and_the_limits_they_break_are_named(wide: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.csv"
    weights.write_text("strategy,weight\nA,0.7\nB,0.1\n")
    shocks = ("--shock", "storm:A=-0.1,C=0.5", "--shock", "calm:A=0.01,B=0.02")
    told = simulate(tmp_path, wide, "stress", "--weights", str(weights), *shocks)
    assert (told["status"], told["weights"]) == ("GIVEN", {"A": 0.7, "B": 0.1, "C": 0.0})
    storm, calm = told["shocks"]
    assert (storm["name"], storm["portfolio_return"]) == ("storm", pytest.approx(-0.07))
    assert storm["contributions"] == {"A": pytest.approx(-0.07), "B": 0.0, "C": 0.0}
    assert (storm["unshocked"], calm["unshocked"]) == (["B"], [])
    assert told["together"]["cvar_together"] >= told["together"]["cvar"]
    assert [(one["strategy"], one["days"]) for one in told["misalignments"]] == [
        ("A", 1), ("A", -1), ("B", 1), ("B", -1),
    ]  # fmt: skip
    assert "max_weight" in told["breaks"]
    assert "The given weights break: " in told["finding"][-1]


def test_stress_without_weights_is_that_of_the_optimum(wide: Path, tmp_path: Path) -> None:
    told = simulate(tmp_path, wide, "stress")
    optimum = json.loads(Home(tmp_path).fund("optimize", "--returns", str(wide), "--json").stdout)
    assert (told["status"], told["breaks"]) == ("OPTIMAL", [])
    assert told["weights"] == optimum["weights"]
    assert told["together"]["cvar"] == optimum["cvar"]


def test_real_backtests_lived_through_covid_and_one_of_them_not_through_2008(tmp_path: Path) -> None:
    given = ("simulate", "stress", "--backtests", "data/backtests", "--json")
    told = json.loads(Home(tmp_path).fund(*given).stdout)
    crises = {one["name"]: one for one in told["crises"]}
    covid = crises["2020 Covid crash"]
    assert (covid["coverage"], covid["worst_date"], covid["days"]) == ("WHOLE", "2020-03-12", 24)
    assert covid["compounded_return"] < covid["worst_day"] < -0.02
    young = tmp_path / "young.csv"
    young.write_text("strategy,weight\nFactor_Rotation,0.5\n")
    told = json.loads(Home(tmp_path).fund(*given, "--weights", str(young)).stdout)
    absent = next(one for one in told["crises"] if one["name"] == "2008 financial crisis")
    assert (absent["coverage"], absent["compounded_return"], absent["missing"]) == ("ABSENT", None, ["Factor_Rotation"])
    said = next(sentence for sentence in told["finding"] if sentence.startswith("Not in the data"))
    assert "2008 financial crisis" in said
    assert "2020" not in said


def test_crises_are_those_of_the_whole_history_not_of_the_common_days(tmp_path: Path) -> None:
    given = ("simulate", "stress", "--backtests", "data/backtests", "--json")
    told = json.loads(Home(tmp_path).fund(*given, "--bound", "Factor_Rotation=0").stdout)
    crisis = told["crises"][0]
    assert (crisis["name"], crisis["coverage"]) == ("2008 financial crisis", "WHOLE")
    assert date.fromisoformat(crisis["worst_date"]).year in (2008, 2009)


def test_sensitivity_moves_every_limit_and_mean_both_ways(wide: Path, tmp_path: Path) -> None:
    told = simulate(tmp_path, wide, "sensitivity", "--relative", "0.1")
    assert [move["name"] for move in told["limits"]] == [
        "cvar_limit", "cvar_limit", "max_leverage", "max_leverage", "max_weight", "max_weight",
    ]  # fmt: skip
    assert [move["name"] for move in told["means"]] == ["A", "A", "B", "B", "C", "C"]
    tighter, wider = told["limits"][:2]
    assert (tighter["after"], wider["after"]) == (pytest.approx(0.009), pytest.approx(0.011))
    assert tighter["change"] <= 0.0 <= wider["change"]
    assert told["finding"][1].startswith("Of the limits ")


def test_marginal_tells_what_is_lost_and_what_is_missing(wide: Path, tmp_path: Path) -> None:
    told = simulate(tmp_path, wide, "marginal", "--cvar-limit", "0.006")
    held, others = told["held"], told["not_held"]
    assert {one["strategy"] for one in held} | {one["strategy"] for one in others} == {"A", "B", "C"}
    for one in held:
        assert one["loss"] >= 0.0
        assert one["strategy"] not in one["weights_without"]
    fixed = simulate(tmp_path, wide, "marginal", "--bound", "C=0")
    lacking = next(one for one in fixed["not_held"] if one["strategy"] == "C")
    assert (lacking["needed"], lacking["missing"]) == (None, None)
    assert "No return would be enough for C" in fixed["finding"][-1]


@pytest.mark.parametrize("command", COMMANDS)
def test_contradicting_limits_end_with_three_and_name_themselves(wide: Path, tmp_path: Path, command: str) -> None:
    given = ("simulate", command, "--returns", str(wide), *COMMANDS[command], *INFEASIBLE)
    told = Home(tmp_path).fund(*given, "--json")
    assert told.returncode == 3, told.stderr
    values = json.loads(told.stdout)
    assert values["status"] == "INFEASIBLE"
    assert values["conflicts"] == ["budget = 1.9", "max_weight = 0.5"]
    shown = Home(tmp_path).fund(*given)
    assert shown.returncode == 3
    assert "these contradict each other" in shown.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_a_person_gets_a_table_and_the_finding_in_words(wide: Path, tmp_path: Path, command: str) -> None:
    given = ("simulate", command, "--returns", str(wide), *COMMANDS[command])
    done = Home(tmp_path).fund(*given)
    assert done.returncode == 0, done.stderr
    lines = " ".join(done.stdout.split())
    for sentence in simulate(tmp_path, wide, command)["finding"]:
        assert sentence in lines


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        ("frontier", ("--points", "1"), "--points"),
        ("frontier", ("--picture", "curve.pdf"), "give a name that ends with .png"),
        ("frontier", ("--picture", "nowhere/at/all.png"), "make the folder first"),
        ("walk-forward", ("--window", "600"), "give a shorter window"),
        ("walk-forward", ("--window", "5"), "expected at least 20 for beta 0.95"),
        ("walk-forward", ("--cost", "nan"), "--cost"),
        ("walk-forward", ("--objective", "mean-variance"), "choose from max-return, min-cvar"),
        ("walk-forward", ("--current", "today.csv"), "a walk begins in cash"),
        ("bootstrap", ("--expected", "means.csv"), "choose how by --means"),
        ("bootstrap", ("--block", "1000"), "block is 1000, expected 1 to 599"),
        ("bootstrap", ("--samples", "0"), "--samples"),
        ("stress", ("--shock", "A=-0.1"), "write NAME:STRATEGY=-0.1"),
        ("stress", ("--shock", "x:A"), "is no move of a strategy"),
        ("stress", ("--shock", "x:A=low"), "'low' is no number"),
        ("stress", ("--shock", "x:A=-10"), "give a fraction of -1 or more"),
        ("stress", ("--shock", "x:A=nan"), "nan is no return"),
        ("stress", ("--shock", "x:Z=-0.1"), "choose from A, B, C"),
        ("stress", ("--shock", "x:A=-0.1,A=0"), "moves A twice"),
        ("stress", ("--shock", "x:A=0", "--shock", "x:B=0"), "give each shock a name of its own"),
        ("stress", ("--weights", "nowhere.csv"), "nowhere.csv does not exist"),
        ("sensitivity", ("--relative", "2"), "relative is 2.0, expected a share between 0 and 1"),
        ("walk-forward", ("--margin-cap", "-3"), "margin_cap is -3.0"),
    ],
)
def test_wrong_input_names_the_option_and_the_fix(
    wide: Path, tmp_path: Path, command: str, options: tuple[str, ...], told: str
) -> None:
    done = Home(tmp_path).fund("simulate", command, "--returns", str(wide), *COMMANDS[command], *options)
    assert done.returncode == 2, done.stdout
    assert told in " ".join(done.stderr.replace("│", " ").split())
    assert "\nTo fix: " in done.stderr or "Usage: " in done.stderr


def test_weights_of_an_unknown_strategy_are_not_passed_over(wide: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.csv"
    weights.write_text("strategy,weight\nA,0.2\nOther,0.7\n")
    given = ("simulate", "stress", "--returns", str(wide), "--weights", str(weights))
    done = Home(tmp_path).fund(*given)
    assert done.returncode == 2
    assert "names Other, not among the strategies with returns" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_names_that_look_like_markup_are_shown_as_they_are(wide: Path, tmp_path: Path, command: str) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_text(wide.read_text().replace("date,A,B,C", "date,[/],[red]x,:smile:", 1))
    done = Home(tmp_path).fund("simulate", command, "--returns", str(odd), *COMMANDS[command])
    assert done.returncode == 0, done.stderr
    assert command == "walk-forward" or "[red]x" in done.stdout


def test_a_margin_cap_without_margins_is_told_on_a_walk(wide: Path, tmp_path: Path) -> None:
    told = simulate(tmp_path, wide, "walk-forward", "--margin-cap", "0.3", "--means", "james-stein", "--step", "100")
    assert told["notes"] == ["margin cap 0.3 is not applied, for no margins are known: add --margins FILE"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_the_keys_and_the_exit_codes(tmp_path: Path, command: str) -> None:
    done = Home(tmp_path).fund("simulate", command, "--help")
    assert done.returncode == 0
    assert "JSON: status" in done.stdout
    assert "Exit code 0" in done.stdout


def test_help_loads_no_optimiser_and_no_picture_library(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['fund', 'simulate', '--help']\n"
        "from fund_pipeline.cli.main import app\n"
        "app(standalone_mode=False)\n"
        "print('loaded', sorted({'highspy', 'matplotlib', 'numpy', 'polars', 'scipy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=Home(tmp_path).environment(), capture_output=True, text=True, check=True
    )
    assert "loaded []" in done.stdout
