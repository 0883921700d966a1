"""A publication is there whole or not at all, and the last few are kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select

from fund_pipeline.errors import ConflictError, InvariantError
from fund_pipeline.ledger import Ledger, tables
from fund_pipeline.ledger.dashboards import (
    KEPT,
    PREFIX,
    newest_build,
    publish,
    published_marts,
    read_everybodys,
    read_published,
)
from fund_pipeline_tests.dashboards.rows import build, row

MARTS = published_marts()


def test_the_newest_build_is_shown_and_the_last_few_are_kept(ledger: Ledger) -> None:
    assert newest_build(ledger) is None
    assert read_everybodys(ledger, MARTS) is None
    for number in range(1, KEPT + 3):
        publish(ledger, build(number), {mart: [row(mart, number)] for mart in MARTS})
    shown = read_everybodys(ledger, MARTS)
    assert shown is not None
    newest, rows = shown
    assert newest.build_id == f"build-{KEPT + 2}"
    assert rows == {mart: (row(mart, KEPT + 2),) for mart in MARTS}
    with ledger.reading() as connection:
        for name in ["dashboard_builds", *(f"{PREFIX}{mart}" for mart in MARTS)]:
            count = select(func.count()).select_from(tables.metadata.tables[name])
            assert connection.execute(count).scalar_one() == KEPT, name


def test_a_build_is_published_once_and_only_what_has_a_place(ledger: Ledger) -> None:
    publish(ledger, build(1), {mart: [row(mart)] for mart in MARTS})
    with pytest.raises(ConflictError, match="build build-1 is published already"):
        publish(ledger, build(1), {})
    with pytest.raises(InvariantError, match="differ in: colour"):
        publish(ledger, build(2), {"sender_statement": [row("sender_statement", colour="red")]})
    with pytest.raises(InvariantError, match="there is no published mart builds"):
        publish(ledger, build(2), {"builds": []})
    with pytest.raises(InvariantError, match="says of no row whose it is by client_id"):
        read_published(ledger, ["fund_overview"], "client_id", "x")
    newest = newest_build(ledger)
    assert newest is not None
    assert newest.build_id == "build-1"


def test_a_process_killed_in_the_middle_leaves_the_last_good_publication(ledger: Ledger, ledger_url: str) -> None:
    publish(ledger, build(1), {mart: [row(mart)] for mart in MARTS})
    before = read_everybodys(ledger, MARTS)
    command = [sys.executable, "-m", "fund_pipeline_tests.dashboards.killed_child", ledger_url, "2"]
    assert subprocess.run(command, env=dict(os.environ), check=False).returncode == -signal.SIGKILL
    assert read_everybodys(ledger, MARTS) == before
    publish(ledger, build(2), {mart: [row(mart, 2)] for mart in MARTS})
    after = read_everybodys(ledger, MARTS)
    assert after is not None
    assert after[0].build_id == "build-2"
