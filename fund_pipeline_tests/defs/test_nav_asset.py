"""The asset `nav`: many partitions in one run, and checks that find what does not come out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, build_schedule_context, materialize
from sqlalchemy import update

from fund_pipeline.defs.trading.nav_assets import nav, strike_nav_after_the_close
from fund_pipeline.defs.trading.nav_checks import NAV_CHECKS, QUESTIONS
from fund_pipeline.ledger import Ledger, open_ledger, tables
from fund_pipeline.ledger.accounts import insert_account
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.navs import list_navs
from fund_pipeline.ledger.snapshots import record_snapshot
from fund_pipeline.settings import load_settings
from fund_pipeline_tests.books import FUND_DAY, NEW_YORK, PAPER, add_client, put_flow, request
from fund_pipeline_tests.ledger_fixtures import embedded_url
from fund_pipeline_tests.samples import ACT, FUND, account, snapshot

FIRST = date(2026, 3, 2)
DAYS = 14
"""Over the day on which the clocks of New York are put forward."""


@pytest.fixture
def ledger(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """A home's ledger with a fund that makes 100 a day."""
    monkeypatch.setenv("FUND_HOME", str(tmp_path))
    embedded_url(sqlite_template, tmp_path / "ledger.sqlite")
    opened = open_ledger(load_settings().ledger_url)
    put_fund(opened, FUND, ACT)
    insert_account(opened, account(), ACT)
    put_flow(opened, "OPENING", "1000000", "2026-03-02T14:00")
    add_client(opened, "ada")
    request(opened, "ada", "SUBSCRIPTION", str(FIRST), "2026-03-02T14:00", amount="1000000")
    for number in range(DAYS):
        at = FUND_DAY.close_of(FIRST + timedelta(days=number)) - timedelta(hours=1)
        equity = str(1_000_000 + 100 * number)
        record_snapshot(opened, snapshot(equity=equity, as_of=at, received_at=at))
    return opened


def run(instance: DagsterInstance, first: date, last: date, *, must: bool = True) -> ExecuteInProcessResult:
    ends = {"dagster/asset_partition_range_start": str(first), "dagster/asset_partition_range_end": str(last)}
    return materialize([nav, *NAV_CHECKS], instance=instance, tags=ends, raise_on_error=must)


def test_a_backfill_is_one_run_and_again_changes_nothing_and_a_changed_row_fails_its_check(ledger: Ledger) -> None:
    last = FIRST + timedelta(days=DAYS - 1)
    with DagsterInstance.ephemeral() as instance:
        result = run(instance, FIRST, last)
        assert len(instance.get_materialized_partitions(nav.key)) == DAYS
        navs = list_navs(ledger, "demo", PAPER)
        assert [one.performance for one in navs] == [0, *[100] * (DAYS - 1)]
        assert {one.check_name: one.passed for one in result.get_asset_check_evaluations()} == dict.fromkeys(
            QUESTIONS, True
        )
        again = run(instance, FIRST, last)
        assert again.asset_materializations_for_node("nav")[0].metadata["written"].value == 0
        assert list_navs(ledger, "demo", PAPER) == navs
        with ledger.writing() as connection:
            connection.execute(update(tables.client_days).values(units=0 * navs[0].units))
        found = {one.check_name: one.passed for one in run(instance, last, last).get_asset_check_evaluations()}
        assert found == dict.fromkeys(QUESTIONS, True) | {"units_are_conserved": False}
        failed = run(instance, date(2026, 2, 1), date(2026, 2, 2), must=False)
        assert not failed.success
    ledger.close()


def test_the_schedule_strikes_the_day_that_has_just_closed_in_the_funds_time_zone() -> None:
    for tick, day in (("2026-03-08T17:05", "2026-03-08"), ("2026-11-01T17:05", "2026-11-01")):
        at = datetime.fromisoformat(tick).replace(tzinfo=NEW_YORK)
        asked = strike_nav_after_the_close(build_schedule_context(scheduled_execution_time=at))
        assert asked.partition_key == day
