"""The nightly job on real files, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from dagster import AssetCheckKey, AssetKey, DagsterInstance, DagsterRunStatus

from fund_pipeline.allocations.service import read_basis
from fund_pipeline.defs.research.definitions import research_definitions
from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger.allocations import find_run, get_run, list_allocations
from fund_pipeline.ledger.anchors import FILE
from fund_pipeline.ledger.audit import list_audit
from fund_pipeline.ledger.funds import get_fund, put_fund
from fund_pipeline.ledger.locks import exclusive
from fund_pipeline.ledger.model import AllocationStatus, Fund
from fund_pipeline.services.nightly import NightlyFailedError
from fund_pipeline.settings import load_settings
from fund_pipeline.warehouse import Warehouse
from fund_pipeline_tests.defs.conftest import CHOSEN, Night
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.samples import ACT
from fund_pipeline_tests.waiting import wait_until

embedded = pytest.mark.parametrize("home", ["sqlite"], indirect=True)
"""Of tests about files and recommendations, and about a lock, which ledger/test_locks.py tries on both databases."""

on_server = pytest.mark.parametrize("home", ["postgresql"], indirect=True)
"""Of what a killed process leaves to the next."""

TIMELESS = {"approval": {"max_data_age_days": None}}


def failed_checks(outcome_checks: tuple[object, ...]) -> dict[str, str]:
    return {check.name: check.severity for check in outcome_checks if not check.passed}  # type: ignore[attr-defined]


@embedded
def test_a_night_recommends_once_and_again_when_a_limit_changes(night: Night) -> None:
    first = night.run()
    assert failed_checks(first.checks) == {"histories_contain_the_crises": "WARN", "allocation_approved": "WARN"}
    (pending,) = list_allocations(night.ledger)
    run = get_run(night.ledger, pending.run_id)
    assert pending.status is AllocationStatus.PENDING_APPROVAL
    assert sorted(run.inputs["backtests"]) == sorted(CHOSEN)
    assert run.correlation_id == "corr-test"

    night.run()
    assert list_allocations(night.ledger) == (pending,)

    put_fund(night.ledger, replace(get_fund(night.ledger, "demo"), risk_limits={"cvar_limit": 0.005} | TIMELESS), ACT)
    night.run()
    newest, older = list_allocations(night.ledger)
    assert (newest.status, older.status) == (AllocationStatus.PENDING_APPROVAL, AllocationStatus.SUPERSEDED)
    assert 0.0049 < float(newest.metrics["cvar"] or 0) <= 0.005
    assert find_run(night.ledger, "demo", run.inputs_digest) == run


@embedded
def test_a_night_while_a_person_is_awaited_is_green_and_anchors_the_audit_log(night: Night) -> None:
    outcome = night.run()
    assert outcome.count(passed=False, severity="ERROR") == 0
    (line,) = (load_settings().audit_anchors / FILE).read_text().splitlines()
    anchored = json.loads(line)["sequence"]
    (pending,) = list_allocations(night.ledger)
    entries = {one.entry.entity_id: one.sequence for one in list_audit(night.ledger, newest=1000)}
    assert entries[pending.allocation_id] <= anchored


def test_a_fund_that_the_code_location_does_not_know_yet_fails_a_check(later_night: Night) -> None:
    put_fund(later_night.ledger, Fund("newer", "Newer Fund", "USD", Decimal(1), TIMELESS), ACT)
    with DagsterInstance.get() as instance:
        job = research_definitions(("demo",)).resolve_implicit_global_asset_job_def()
        wanted = job.get_subset(
            asset_check_selection={AssetCheckKey(AssetKey("recommendations"), "every_fund_took_part")}
        )
        result = wanted.execute_in_process(instance=instance)
    (found,) = result.get_asset_check_evaluations()
    assert (found.passed, found.severity.value) == (False, "ERROR")
    assert "newer" in str(found.metadata["evidence"].value)


@embedded
def test_a_misdated_file_is_kept_out_until_a_person_accepts_its_dates(night: Night) -> None:
    shift_dates(night.folder / "SPX_VolTarget.csv", 1)
    flagged = night.run()
    assert failed_checks(flagged.checks)["series_are_dated_right"] == "WARN"
    excluded = get_run(night.ledger, list_allocations(night.ledger)[0].run_id).result["excluded"]
    told = {one["strategy_id"]: one["in_words"] for one in excluded}
    assert "1 trading day(s) late" in told["SPX_VolTarget"]

    accepted = night.home.fund("strategies", "accept-dates", "SPX_VolTarget", "--note", "its exchange closes later")
    assert accepted.returncode == 0, accepted.stderr
    night.run()
    run = get_run(night.ledger, list_allocations(night.ledger, status=AllocationStatus.PENDING_APPROVAL)[0].run_id)
    assert "SPX_VolTarget" in run.inputs["backtests"]


def test_a_broken_file_warns_and_the_last_good_backtest_stays(later_night: Night) -> None:
    (pending,) = list_allocations(later_night.ledger)
    (later_night.folder / "LowVol_Long.csv").write_bytes(b"\x00\x01\x02")
    outcome = later_night.run()
    assert failed_checks(outcome.checks)["no_backtest_is_quarantined"] == "WARN"
    assert list_allocations(later_night.ledger) == (pending,)


def test_a_night_without_an_answer_fails_its_check_recommends_nothing_and_leaves_nothing_pending(
    later_night: Night,
) -> None:
    for name in CHOSEN:
        assert later_night.home.fund("strategies", "set", name, "status=INACTIVE").returncode == 0
    outcome = later_night.run()
    assert failed_checks(outcome.checks)["fund_has_an_answer"] == "ERROR"
    assert [one.status for one in list_allocations(later_night.ledger)] == [AllocationStatus.EXPIRED]
    told = later_night.home.fund("nightly", FUND_BACKTESTS_DIR=str(later_night.folder))
    assert told.returncode == 1
    assert "nothing is recommended" in told.stdout
    assert "no strategy takes part" in told.stdout


@embedded
def test_one_fund_that_cannot_be_optimised_does_not_stop_the_others(night: Night) -> None:
    put_fund(night.ledger, Fund("broken", "Broken Fund", "USD", Decimal(1), {"beta": 0.9999}), ACT)
    outcome = night.run()
    assert failed_checks(outcome.checks)["fund_has_an_answer"] == "ERROR"
    assert [one.fund_id for one in list_allocations(night.ledger)] == ["demo"]


def test_a_recommendation_is_never_made_from_returns_older_than_the_backtests(later_night: Night) -> None:
    shift_dates(later_night.folder / "TS_Momentum.csv", 1)
    assert later_night.home.fund("backtests", "ingest", str(later_night.folder)).returncode == 0
    settings = load_settings()
    with pytest.raises(ConflictError, match=r"strategy_returns was made from other backtests of TS_Momentum"):
        read_basis(later_night.ledger, Warehouse(settings.warehouse), settings.min_overlap_days)


@on_server
def test_the_night_runs_again_after_a_run_was_killed(night: Night) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", "from fund_pipeline.cli.main import main; main()", "nightly"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert killed.stdout is not None
    while "strategy_returns" not in killed.stdout.readline():
        assert killed.poll() is None
    killed.kill()
    killed.communicate()
    night.run()
    assert len(list_allocations(night.ledger)) == 1


@embedded
def test_a_failed_night_names_the_step_and_the_reason_and_is_on_record(night: Night) -> None:
    for file in night.folder.iterdir():
        file.unlink()
    with pytest.raises(NightlyFailedError, match=r"backtest_files.*holds no \.csv or \.xlsx file"):
        night.run()
    with DagsterInstance.get() as instance:
        assert [run.status for run in instance.get_runs()] == [DagsterRunStatus.FAILURE]


@embedded
def test_a_second_night_waits_for_the_first_and_then_finds_nothing_new(night: Night, tmp_path: Path) -> None:
    with exclusive(night.ledger, "research"):
        waiting = subprocess.Popen(
            [sys.executable, "-c", "from fund_pipeline.cli.main import main; main()", "nightly", "--json"],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            stdout=(tmp_path / "out").open("w"),
            text=True,
        )
        assert waiting.stderr is not None
        assert "waiting for another process to end" in waiting.stderr.readline()
        assert list_allocations(night.ledger) == ()
    wait_until(lambda: waiting.poll() is not None, what="the second night to end")
    waiting.stderr.close()
    assert waiting.returncode == 0
    assert len(list_allocations(night.ledger)) == 1


def shift_dates(file: Path, days: int) -> None:
    """Write each row's figures `days` trading days later, as a sender does who stamps the day after."""
    table = pl.read_csv(file, infer_schema=False)
    dates = table["Date"].to_list()
    table.head(len(dates) - days).with_columns(pl.Series("Date", dates[days:])).write_csv(file)
