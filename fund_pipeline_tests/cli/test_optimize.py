import json
from pathlib import Path

import pytest

from fund_pipeline.cerebro.allocation.asking import Objective
from fund_pipeline.cli.optimize import OBJECTIVES
from fund_pipeline_tests.homes import Home

NAMES = ("A", "B", "C")


def test_the_answer_obeys_the_limits_and_carries_its_proof(wide: Path, tmp_path: Path) -> None:
    done = Home(tmp_path).fund("optimize", "--returns", str(wide), "--cvar-limit", "0.008", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["status"], told["objective"], told["days"]) == ("OPTIMAL", "max-return", 599)
    assert told["cvar"] <= 0.008
    assert sum(told["weights"].values()) <= 2.0
    assert max(told["weights"].values()) <= 0.5
    assert told["certificate"]["gap"] <= 1e-8
    assert [limit["name"] for limit in told["certificate"]["binding"]]
    assert (told["conflicts"], told["fallbacks"]) == ([], [])


def test_least_cvar_reaches_its_target(wide: Path, tmp_path: Path) -> None:
    arguments = ("--returns", str(wide), "--objective", "min-cvar", "--target-return", "0.1", "--json")
    told = json.loads(Home(tmp_path).fund("optimize", *arguments).stdout)
    assert told["expected_return_annual"] == pytest.approx(0.1, rel=1e-6)


def test_a_target_out_of_reach_names_what_contradicts_it(wide: Path, tmp_path: Path) -> None:
    arguments = ("--returns", str(wide), "--objective", "min-cvar", "--target-return", "9", "--json")
    done = Home(tmp_path).fund("optimize", *arguments)
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert (told["status"], told["weights"]) == ("INFEASIBLE", {})
    assert "target_return" in " ".join(told["conflicts"])


def test_a_folder_of_backtests_brings_its_own_margins(tmp_path: Path) -> None:
    done = Home(tmp_path).fund("optimize", "--backtests", "data/backtests", "--margin-cap", "0.35", "--json")
    told = json.loads(done.stdout)
    assert told["expected_return_annual"] == pytest.approx(0.05455400, abs=1e-7)
    assert {limit["name"] for limit in told["certificate"]["binding"]} == {"cvar_limit", "margin_cap"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("date,A\n2024-01-02,x\n", "row 2, column A: 'x' is no finite number"),
        ("date,A\n2024-01-02,inf\n", "row 2, column A: 'inf' is no finite number"),
        ("date,A\n2024-01-02,-1.5\n", "row 2, column A: '-1.5' is -1 or less"),
        ("date,A\n2024-01-03,0\n2024-01-02,0\n", "row 3, column date: '2024-01-02' does not come after"),
        ("date,A\n03/01/2024,0\n", "column date: '03/01/2024' is no ISO date"),
        ("date\n2024-01-02\n", "1 columns"),
        ("date,A\n2024-01-02,0.01\n", "there are 1 common days"),
    ],
)
def test_wrong_returns_are_named(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "wide.csv"
    file.write_text(content)
    done = Home(tmp_path).fund("optimize", "--returns", str(file))
    assert done.returncode == 2
    assert told in done.stderr


def test_options_that_do_not_go_together_are_refused(wide: Path, tmp_path: Path) -> None:
    here = Home(tmp_path)
    given = ("optimize", "--returns", str(wide))
    assert "--returns or --backtests" in here.fund("optimize").stderr
    assert "target_return is 0.1" in here.fund(*given, "--target-return", "0.1").stderr
    assert "risk_aversion is None for mean-variance" in here.fund(*given, "--objective", "mean-variance").stderr
    assert "choose from max-return, min-cvar" in here.fund(*given, "--objective", "most-money").stderr
    assert "choose from cerebro, plain-lp" in here.fund(*given, "--allocator", "oracle").stderr
    assert "does not answer hrp" in here.fund(*given, "--objective", "hrp", "--allocator", "plain-lp").stderr
    margins = tmp_path / "margins.csv"
    margins.write_text("strategy,margin\nA,0.5\nB,0.5\n")
    assert "no margin for C" in here.fund(*given, "--margins", str(margins)).stderr


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--bound", "A"), "--bound 'A' has no '='"),
        (("--bound", "A=low"), "'low' is no number"),
        (("--bound", "Z=0.1"), "--bound 'Z=0.1' names Z, not among the strategies"),
        (("--cluster", "A,B"), "--cluster 'A,B' names no group"),
        (("--cluster", "A,Z=0.3"), "--cluster 'A,Z=0.3' names Z, not among the strategies"),
        (("--means", "best"), "choose from sample, james-stein"),
        (("--leverage", "-1"), "max_leverage is -1.0"),
        (("--cdar-beta", "1"), "beta is 1.0"),
        (("--bound", "A=nan"), "'A=nan': nan is no finite number of 0 or more"),
        (("--bound", "A=0.1..inf"), "inf is no finite number"),
        (("--bound", "A=0.1", "--bound", "A=0.2"), "--bound 'A=0.2' is the second for A"),
        (("--cluster", "A,B=-1"), "-1 is no finite number of 0 or more"),
        (("--cluster", "A,A=0.3"), "--cluster 'A,A=0.3' names a strategy twice"),
        (("--cluster", "A,B=0.3", "--cluster", "B,A=0.2"), "--cluster 'B,A=0.2' is the second for B, A"),
        (("--cluster-cap", "-1", "--cluster-correlation", "0.99"), "cluster_cap is -1.0"),
        (("--cluster-cap", "0.3", "--cluster-correlation", "2"), "give another --cluster-correlation"),
        (("--margin-cap", "-3"), "margin_cap is -3.0"),
        (("--margin-cap", "nan"), "margin_cap is nan"),
        (("--leverage", "nan"), "max_leverage is nan"),
        (("--min-weight", "-0.1"), "min_weight is -0.1"),
        (("--objective", "min-cvar", "--target-return", "nan"), "target_return is nan"),
    ],
)
def test_wrong_options_are_named_with_a_fix(wide: Path, tmp_path: Path, option: tuple[str, str], told: str) -> None:
    done = Home(tmp_path).fund("optimize", "--returns", str(wide), *option)
    assert done.returncode == 2
    assert told in done.stderr
    assert "\nTo fix: " in done.stderr


def test_a_group_given_a_cap_is_held_to_that_of_correlated_groups_too(wide: Path, tmp_path: Path) -> None:
    given = ("--cluster", "A,B,C=0.6", "--cluster-cap", "0.2", "--cluster-correlation", "-0.99")
    done = Home(tmp_path).fund("optimize", "--returns", str(wide), *given, "--json")
    assert done.returncode == 0, done.stdout
    assert sum(json.loads(done.stdout)["weights"].values()) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("option", "content", "told"),
    [
        ("--current", "strategy,weight\nA,0.2\nBB,0.3\n", "names BB, not among the strategies with returns"),
        ("--current", "A,0.2\nB,0.3\n", "has no header: it begins with A,0.2"),
        ("--current", "strategy,weight\nA,2000000\n", "row 2, column weight: '2000000' is beyond 1,000,000"),
        ("--current", "strategy,weight\nA,0.2\n,0.1\n", "row 3, column strategy: None names no strategy"),
        ("--margins", "strategy,margin\nA,1e300\nB,0\nC,0\n", "row 2, column margin: '1e300' is beyond 1,000,000"),
        ("--margins", "strategy,margin\nA,0\nBB,0\nC,0\n", "no margin for B"),
        ("--margins", "strategy,margin\nA,0\nB,-1\nC,0\n", "give another --margins"),
        ("--expected", "strategy,mean\nA,0\nB,-1e9\nC,0\n", "row 3, column mean: '-1e9' is beyond 1,000,000"),
    ],
)
def test_a_wrong_list_of_figures_is_named(wide: Path, tmp_path: Path, option: str, content: str, told: str) -> None:
    file = tmp_path / "figures.csv"
    file.write_text(content)
    done = Home(tmp_path).fund("optimize", "--returns", str(wide), option, str(file))
    assert done.returncode == 2
    assert told in done.stderr
    assert "\nTo fix: " in done.stderr


def test_margins_of_further_strategies_are_left_aside(wide: Path, tmp_path: Path) -> None:
    file = tmp_path / "margins.csv"
    file.write_text("strategy, margin\n A,0.1\nB,0.1\nC,0.1\nOther,0.9\n")
    done = Home(tmp_path).fund("optimize", "--returns", str(wide), "--margins", str(file), "--json")
    told = json.loads(done.stdout)
    assert told["margin"] == pytest.approx(0.1 * sum(told["weights"].values()))


def test_names_that_look_like_markup_are_shown_as_they_are(wide: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_text(wide.read_text().replace("date,A,B,C", "date,[/],[red]x,:smile:", 1))
    done = Home(tmp_path).fund("optimize", "--returns", str(odd), "--compare", "equal-weight")
    assert done.returncode == 0, done.stderr
    for name in ("[/] ", "[red]x ", ":smile: "):
        assert name in done.stdout


def test_a_margin_cap_without_margins_is_told_to_be_no_cap(wide: Path, tmp_path: Path) -> None:
    told = json.loads(Home(tmp_path).fund("optimize", "--returns", str(wide), "--margin-cap", "0.3", "--json").stdout)
    assert told["notes"] == ["margin cap 0.3 is not applied, for no margins are known: add --margins FILE"]


def test_help_lists_every_objective_there_is() -> None:
    assert tuple(Objective) == OBJECTIVES


@pytest.mark.parametrize("objective", [o for o in Objective if o is not Objective.MEAN_VARIANCE])
def test_every_objective_answers_within_the_limits(wide: Path, tmp_path: Path, objective: str) -> None:
    limits = ("--leverage", "1", "--cvar-limit", "0.012", "--json")
    done = Home(tmp_path).fund("optimize", "--returns", str(wide), "--objective", objective, *limits)
    assert done.returncode == 0, done.stderr + done.stdout
    told = json.loads(done.stdout)
    assert (told["status"], told["objective"]) == ("OPTIMAL", objective)
    assert sum(told["weights"].values()) <= 1.0 + 1e-9
    assert told["cvar"] <= 0.012 + 1e-9 or objective == "min-cvar"
    assert sum(told["contributions"]["cvar"].values()) == pytest.approx(told["cvar"])
    assert sum(told["contributions"]["volatility_annual"].values()) == pytest.approx(told["volatility_annual"])
    if objective not in ("hrp", "risk-parity"):
        assert told["certificate"]["gap"] <= 1e-8


def test_two_allocators_stand_side_by_side(wide: Path, tmp_path: Path) -> None:
    given = ("optimize", "--returns", str(wide), "--compare", "plain-lp", "--compare", "equal-weight")
    told = json.loads(Home(tmp_path).fund(*given, "--json").stdout)
    first, plain, equal = told["compared"]
    assert plain["expected_return_annual"] == pytest.approx(first["expected_return_annual"], rel=1e-7)
    assert first["weights_apart"] == 0.0
    assert equal["expected_return_annual"] < first["expected_return_annual"]
    assert "Side by side" in Home(tmp_path).fund(*given).stdout


def test_bounds_groups_and_todays_weights_are_kept_to(wide: Path, tmp_path: Path) -> None:
    current = tmp_path / "current.csv"
    current.write_text("strategy,weight\nA,0.2\n")
    given = ("--bound", "A=0.25", "--cluster", "B,C=0.3", "--current", str(current), "--max-turnover", "0.3")
    told = json.loads(Home(tmp_path).fund("optimize", "--returns", str(wide), *given, "--json").stdout)
    weights = told["weights"]
    assert weights["A"] == 0.25
    assert weights["B"] + weights["C"] <= 0.3
    assert told["turnover"] == pytest.approx(0.05 + weights["B"] + weights["C"])
    assert told["turnover"] <= 0.3


def test_expected_returns_can_be_given_or_shrunk(wide: Path, tmp_path: Path) -> None:
    expected = tmp_path / "expected.csv"
    expected.write_text("strategy,expected\nA,0.01\nB,0.3\nC,0.02\n")
    here = Home(tmp_path)
    told = json.loads(here.fund("optimize", "--returns", str(wide), "--expected", str(expected), "--json").stdout)
    assert max(told["weights"], key=told["weights"].__getitem__) == "B"
    shrunk = json.loads(here.fund("optimize", "--returns", str(wide), "--means", "james-stein", "--json").stdout)
    assert "expected returns are shrunk by" in shrunk["notes"][0]
