"""The monthly asset closes what is over, and run again changes nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from dagster import DagsterInstance, materialize

from fund_pipeline.accounts.payouts import set_terms
from fund_pipeline.defs.trading.payout_assets import payouts_on_the_first, sender_payouts
from fund_pipeline.ledger import open_ledger
from fund_pipeline_tests.accounts.payouts.fills import KO
from fund_pipeline_tests.accounts.payouts.story import Story, act, at
from fund_pipeline_tests.ledger_fixtures import embedded_url


def test_sender_payouts_closes_each_month_once(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = embedded_url(sqlite_template, tmp_path / "ledger.sqlite")
    monkeypatch.setenv("FUND_HOME", str(tmp_path))
    ledger = open_ledger(url)
    story = Story(ledger)
    story.trade("jan", "S", KO, "50", "60", at(1, 10), at(1, 20))
    set_terms(ledger, "ann", date(2025, 1, 1), Decimal("0.25"), "USD", act(1, 2))
    ledger.close()
    closed = []
    with DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            done = materialize([sender_payouts], instance=instance, selection=[sender_payouts])
            (made,) = done.asset_materializations_for_node("sender_payouts")
            closed.append(made.metadata["closed"].value)
    assert closed[0] >= 12  # January 2025 to the month before this one
    assert closed[1] == 0


def test_the_schedule_is_the_payment_date_by_the_funds_clock() -> None:
    assert payouts_on_the_first.cron_schedule == "0 6 1 * *"
    assert payouts_on_the_first.execution_timezone == "America/New_York"
