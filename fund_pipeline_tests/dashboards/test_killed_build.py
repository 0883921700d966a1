"""A builder killed while dbt works, which dbt survives: what was published stays, and the next build is its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import psutil

from fund_pipeline.clock import utc_now
from fund_pipeline.dashboards.building import begin_build
from fund_pipeline.ledger.dashboards import newest_build, published_marts, read_everybodys
from fund_pipeline.ledger.locks import MARTS, exclusive
from fund_pipeline.warehouse.marts import Site, read_marts, run_dbt
from fund_pipeline_tests.dashboards.conftest import Built
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.waiting import wait_until


def test_a_build_killed_while_dbt_works_leaves_the_last_good_one_and_disturbs_no_other(built: Built) -> None:
    site, marts = Site(built.settings.marts), published_marts()
    before, build = read_everybodys(built.ledger, marts), newest_build(built.ledger)
    command = [sys.executable, "-m", "fund_pipeline_tests.dashboards.building_child"]
    builder = subprocess.Popen(command, env=built.home.environment(), cwd=ROOT)
    try:
        wait_until(lambda: site.database.exists() and site.database.stat().st_size > 0, seconds=60)
        (dbt,) = psutil.Process(builder.pid).children()
    finally:
        os.kill(builder.pid, signal.SIGKILL)
    assert builder.wait() == -signal.SIGKILL
    assert dbt.is_running(), "dbt was to outlive its builder"
    assert (read_everybodys(built.ledger, marts), newest_build(built.ledger)) == (before, build)
    with exclusive(built.ledger, MARTS, wait_seconds=10.0):
        left = site.begun()
        begin_build(built.ledger, site, utc_now(), built.settings.time_zone)
        dbt.wait(timeout=60)
        assert not site.database.exists(), "what the killed build left running wrote into the next one"
        run_dbt(site.begun(), "build")
        made = read_marts(site.database, marts)
        assert build is not None
        assert {mart: frame.height for mart, frame in made.items()} == build.rows
        shutil.rmtree(site.begun())
        site.building.unlink()
    shutil.rmtree(left, ignore_errors=True)  # which is cleared when the next build begins
    assert {path.name for path in site.folder.iterdir()} == {"export", "marts.duckdb"}
