"""The books in Dagster: a fill that is gone at the broker shows as a break, a lock and an alert; checks say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, RunRequest, SkipReason, build_sensor_context
from typer.testing import CliRunner

from fund_pipeline.cli.main import app
from fund_pipeline.clock import utc_now
from fund_pipeline.defs.trading import starting
from fund_pipeline.defs.trading.books_assets import prove_the_books
from fund_pipeline.defs.trading.definitions import trading_definitions
from fund_pipeline.ledger.breaks import list_breaks, locks
from fund_pipeline_tests.decisions.floor import Floor, leg, signal
from fund_pipeline_tests.ledger_fixtures import embedded_url

KEY = "STOCK:AAPL"


@pytest.fixture
def floor(founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    monkeypatch.setenv("FUND_HOME", str(tmp_path))
    monkeypatch.setenv("FUND_PAPER_PRICES", "")
    monkeypatch.setattr(starting, "_noted", set())
    made = Floor(embedded_url(founded, tmp_path / "ledger.sqlite"), tmp_path)
    made.now = utc_now()
    yield made
    made.close()


def test_a_fill_removed_at_the_broker_is_a_break_a_lock_and_an_alert_in_the_next_run(floor: Floor) -> None:
    job = trading_definitions(("demo",)).resolve_job_def("reconcile_books")
    floor.price(AAPL="150")
    floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    floor.work()
    with DagsterInstance.ephemeral() as instance:
        with build_sensor_context(instance=instance) as context:
            (asked,) = list(prove_the_books(context))
            assert isinstance(asked, RunRequest)  # we have just started
            first = job.execute_in_process(instance=instance)
            assert {one.check_name: one.passed for one in first.get_asset_check_evaluations()} == {
                "books_match_broker": True,
                "cash_matches": True,
                "no_unknown_orders": True,
                "snapshots_fresh": True,
            }
            (idle,) = list(prove_the_books(context))
            assert isinstance(idle, SkipReason)

        removed = CliRunner().invoke(app, ["paper", "remove-fill", "demo-paper"], catch_exceptions=False)
        assert "is gone at the paper broker" in removed.output
        told = CliRunner().invoke(app, ["reconcile", "--account", "demo-paper", "--explain"], catch_exceptions=False)
        assert "our books hold 40 STOCK:AAPL, the broker 0" in told.output
        assert "takes no entries" in told.output
        assert list_breaks(floor.ledger) == ()  # explaining changes nothing

        second = job.execute_in_process(instance=instance)

    assert {one.check_name for one in second.get_asset_check_evaluations() if not one.passed} == {
        "books_match_broker",
        "cash_matches",
    }
    assert {one.found.kind.value for one in list_breaks(floor.ledger)} == {
        "EXECUTION_NOT_AT_BROKER",
        "POSITION",
        "CASH",
    }
    assert locks(floor.ledger) == {"demo-paper": {KEY}}
    assert {"BREAK_POSITION", "BREAK_EXECUTION_NOT_AT_BROKER", "BREAK_CASH"} <= floor.alerts()
    floor.now = utc_now()
    floor.price(AAPL="150")
    refused = floor.send(signal("ENTRY", leg("BUY", 10), at=floor.now))
    floor.work()
    assert floor.reason(refused) == ("REJECTED", "NOT_RECONCILED")
    listed = CliRunner().invoke(app, ["breaks", "list", "--json"], catch_exceptions=False)
    assert "EXECUTION_NOT_AT_BROKER" in listed.output


def test_the_books_rest_on_executions_positions_and_snapshots() -> None:
    graph = trading_definitions(("demo",)).resolve_asset_graph()
    upstream = {key.to_user_string() for key in graph.get_ancestor_asset_keys(AssetKey("books"))}
    assert {"executions", "positions", "account_snapshots", "orders", "signals"} <= upstream
