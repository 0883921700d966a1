import csv
import json
import shutil
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from fund_pipeline_tests.homes import ROOT, Home

Demo = tuple[Home, str]
BACKTESTS = ROOT / "data" / "backtests"
STRATEGIES = sorted(path.stem for path in BACKTESTS.glob("*.csv"))


def test_the_demo_shows_its_progress_and_every_strategy(demo_home: Demo) -> None:
    _, printed = demo_home
    assert "recommended_allocation/demo" in printed
    for strategy in STRATEGIES:
        assert strategy in printed
    assert "PENDING_APPROVAL" in printed
    assert "portfolio" in printed
    assert "20 passed, 2 warned, 0 failed" in printed
    assert "binds: raising cvar_limit by 1 bp adds" in printed
    assert "make up" in printed
    assert "not_null" not in printed, "what dbt says of each test is in the run's log, not here"


def test_the_demo_begins_its_books_and_shows_what_its_clients_own(demo_home: Demo) -> None:
    home, printed = demo_home
    (nav,) = json.loads(home.fund("nav", "list", "--fund", "demo", "--json").stdout)
    assert (nav["nav"], nav["units"], nav["is_final"], nav["performance"]) == ("1000000", "10000", False, "0")
    assert "NAV 1,000,000.00 USD" in printed
    clients = json.loads(home.fund("clients", "list", "--json").stdout)
    assert {one["client_id"]: one["held"]["value"] for one in clients} == {
        "demo-client-1": "600000",
        "demo-client-2": "400000",
    }
    assert "time-weighted (TWR) +0.00 %; money-weighted (MWR) +0.00 %" in printed


def test_the_recommended_weights_obey_every_default_limit_on_the_files_themselves(demo_home: Demo) -> None:
    home, _ = demo_home
    listed = json.loads(home.fund("allocations", "list", "--json").stdout)
    assert [(one["fund_id"], one["status"]) for one in listed] == [("demo", "PENDING_APPROVAL")]
    weights, metrics = listed[0]["weights"], listed[0]["metrics"]
    returns, margins = _files()
    held = np.array([weights.get(name, 0.0) for name in STRATEGIES])
    losses = np.sort(-(returns @ held))[::-1]
    tail = 0.05 * len(losses)
    whole = int(tail)
    cvar = (losses[:whole].sum() + (tail - whole) * losses[whole]) / tail
    assert (held >= 0).all()
    assert held.max() <= 0.5
    assert held.sum() <= 2.0
    assert margins @ held <= 0.35
    assert cvar <= 0.01
    np.testing.assert_allclose(cvar, metrics["cvar"], rtol=1e-9)
    np.testing.assert_allclose(returns.mean(axis=0) @ held * 252, metrics["expected_return_annual"], rtol=1e-9)


def test_the_cvar_contributions_and_return_contributions_sum_to_the_portfolio(demo_home: Demo) -> None:
    home, _ = demo_home
    listed = json.loads(home.fund("allocations", "list", "--json").stdout)
    shown = json.loads(home.fund("allocations", "show", listed[0]["allocation_id"], "--json").stdout)
    lines, metrics = shown["run"]["result"]["strategies"], shown["metrics"]
    np.testing.assert_allclose(sum(line["cvar_contribution"] for line in lines), metrics["cvar"], rtol=1e-9)
    total = sum(line["return_contribution"] for line in lines)
    np.testing.assert_allclose(total, metrics["expected_return_annual"], rtol=1e-9)


def test_a_young_strategy_is_told_to_hide_the_crises_it_never_saw(demo_home: Demo) -> None:
    home, _ = demo_home
    shown = json.loads(home.fund("strategies", "show", "Factor_Rotation", "--json").stdout)
    assert shown["backtest"]["statistics"]["hidden_crises"] == ["2008 financial crisis", "2011 euro debt crisis"]


def test_the_demo_approves_once_as_an_admin_of_its_own_and_its_signals_are_accepted_each_time_anew(
    demo_home: Demo, tmp_path: Path
) -> None:
    own = _copy(demo_home, tmp_path)
    (pending,) = json.loads(own.fund("allocations", "list", "--json").stdout)
    approved = own.process("demo")
    assert approved.returncode == 0, approved.stderr
    assert "PENDING_APPROVAL" in approved.stdout
    assert "is ACTIVE: by demo-admin, with a one-time code" in approved.stdout
    listed = own.fund("allocations", "list", "--json").stdout
    (active,) = json.loads(listed)
    assert (active["allocation_id"], active["status"]) == (pending["allocation_id"], "ACTIVE")
    (decision,) = json.loads(own.fund("allocations", "history", "--json").stdout)
    assert (decision["allocation_id"], decision["digest"]) == (active["allocation_id"], active["digest"])
    assert "18 of 18 signals, posted over HTTP by demo-sender and demo-weights" in approved.stdout
    assert "Traded 18 signals at the paper broker; of the positions all are flat" in approved.stdout
    assert "The fund's equity of 1,000,000 USD at a weight of" in approved.stdout

    page = own.path / "reports" / "demo.html"
    assert f"Report  {page}" in approved.stdout
    assert "<svg" in page.read_text()
    assert "All is well." in page.read_text() or "Entries wait" in page.read_text()

    again = own.fund("demo", "--no-report", "--json")
    assert again.returncode == 0, again.stderr
    told = json.loads(again.stdout)
    assert (len(told["recommendations"]), told["approvals"]) == (1, [])
    assert own.fund("allocations", "list", "--json").stdout == listed
    signals = told["signals"]
    assert {one["state"] for one in signals} == {"DECIDED"}
    _check_trades(told)
    assert Counter(one["list"] for one in signals) == {
        path.stem: len(json.loads(path.read_text())) for path in (ROOT / "data" / "signals").glob("*.json")
    }
    inferred = {one["list"]: one["inferred"] for one in signals}
    assert "TARGET_WEIGHT" in inferred["target_weight"]
    assert "TYPE_UNSPECIFIED" in inferred["untyped_exit"]
    stored = json.loads(own.fund("signals", "list", "--json").stdout)
    assert len({one["signal_id"] for one in stored}) == 36
    assert {one["state"] for one in stored} == {"DECIDED"}
    references = {one["reference"] for one in stored if one["type"] == "EXIT"}
    assert references <= {one["signal_id"] for one in stored}
    assert own.fund("audit", "verify").returncode == 0
    assert [process for process in psutil.process_iter() if _runs_in(process, own)] == []


BROKER = ("--broker", "ibkr", "--number", "U1", "--asset-class", "STOCK", "--currency", "USD")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (("users", "add", "ada", "--role", "admin", "--password-env", "WORD"), "user ada"),
        (("senders", "add", "tess", "--strategy", "S1", "--passphrase-env", "WORD"), "sender tess"),
        (("senders", "add", "demo-sender", "--strategy", "S1", "--passphrase-env", "WORD"), "sender demo-sender"),
        (("accounts", "add", "real", "--fund", "demo", "--live", "--yes", *BROKER), "LIVE account real"),
    ],
    ids=["user", "sender", "sender with the id of the demo's", "LIVE account"],
)
def test_the_demo_refuses_a_home_with_what_is_somebodys(
    demo_home: Demo, tmp_path: Path, made: tuple[str, ...], told: str
) -> None:
    own = _copy(demo_home, tmp_path)
    added = own.fund(*made, WORD="a long enough password")
    assert added.returncode == 0, added.stderr
    refused = own.fund("demo")
    assert refused.returncode == 5
    assert told in refused.stderr


def test_the_demo_refuses_to_run_where_postgresql_is_set(tmp_path: Path) -> None:
    done = Home(tmp_path).fund("demo", FUND_DATABASE_URL="postgresql://someone:secret@db/fund")
    assert done.returncode == 5
    assert "unset FUND_DATABASE_URL" in done.stderr
    assert "secret" not in done.stderr + done.stdout


def _check_trades(told: dict[str, Any]) -> None:
    """What a second demo told: entered and left again, with a stop that ended, and all by the rules."""
    assert [one["outcome"] for one in told["decisions"]].count("APPROVED") == 13
    assert {one["reason"] for one in told["decisions"]} == {
        "SIZED", "CLOSES", "NO_CHANGE", "NO_POSITION", "NOT_ALLOCATED",
    }  # fmt: skip
    assert {(one["role"], one["state"]) for one in told["orders"]} == {
        ("ENTRY", "FILLED"),
        ("EXIT", "FILLED"),
        ("STOP", "CANCELLED"),
    }
    assert {Decimal(one["quantity"]) for one in told["positions"]} == {Decimal(0)}
    assert len(told["positions"]) == 4


def _copy(demo_home: Demo, folder: Path) -> Home:
    return Home(Path(shutil.copytree(demo_home[0].path, folder / "home")))


def _runs_in(process: psutil.Process, home: Home) -> bool:
    try:
        return process.environ().get("FUND_HOME") == str(home.path)
    except psutil.Error:
        return False


def _files() -> tuple[np.ndarray, np.ndarray]:
    """Returns on the days all nine files have, and each one's greatest margin ÷ start-of-day equity."""
    series, margins = [], []
    for name in STRATEGIES:
        with (BACKTESTS / f"{name}.csv").open(newline="") as handle:
            rows = list(csv.DictReader(handle))
        series.append({row["Date"]: float(row["Daily_Return_Pct"]) / 100 for row in rows})
        start = [float(row["Account_Equity"]) - float(row["Daily_PnL"]) for row in rows]
        used = [float(row["Max_Margin_Used"]) / equity for row, equity in zip(rows, start, strict=True)]
        margins.append(max(used))
    days = sorted(set.intersection(*(set(one) for one in series)))
    return np.array([[one[day] for one in series] for day in days]), np.array(margins)
