import json
from pathlib import Path

import numpy as np
import pytest

from fund_pipeline_tests.homes import Home

NAMES = ("A", "B", "C")


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """600 weekdays of three made-up strategies; B has a gap."""
    rng = np.random.default_rng(11)
    values = rng.standard_t(4, size=(600, 3)) * 0.006 + np.array([0.0008, 0.0006, 0.0002])
    days = np.arange("2020-01-01", 600, dtype="datetime64[D]")
    rows = [
        f"{day},{a:.8f},{'' if day == days[5] else f'{b:.8f}'},{c:.8f}"
        for day, (a, b, c) in zip(days, values, strict=True)
    ]
    file = tmp_path / "wide.csv"
    file.write_text("date,A,B,C\n" + "\n".join(rows) + "\n")
    return file


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
    assert "--returns or --backtests" in here.fund("optimize").stderr
    assert "add --margins FILE" in here.fund("optimize", "--returns", str(wide), "--margin-cap", "0.3").stderr
    assert "--target-return" in here.fund("optimize", "--returns", str(wide), "--objective", "min-cvar").stderr
    margins = tmp_path / "margins.csv"
    margins.write_text("strategy,margin\nA,0.5\nB,0.5\n")
    assert "no margin for C" in here.fund("optimize", "--returns", str(wide), "--margins", str(margins)).stderr
