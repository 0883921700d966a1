"""What a person sees of a batch: one run with its decisions and reasons, and the path from inbox to position."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from fund_pipeline.defs.trading.order_sensors import incoming_signals
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.decisions import list_decisions
from fund_pipeline.ledger.order_model import DecisionRow
from fund_pipeline.ledger.orders import list_orders
from fund_pipeline.ledger.positions import list_positions
from fund_pipeline.settings import load_settings
from fund_pipeline.signals.senders import Vault
from fund_pipeline.signals.senders.demo import demo_passphrases, demo_sender_of
from fund_pipeline.terms import Environment
from fund_pipeline_tests.defs.desk import Desk
from fund_pipeline_tests.defs.live import Live
from fund_pipeline_tests.samples import ACT
from fund_pipeline_tests.waiting import wait_until

JOB = "size_and_execute"
UNITS = ("TS_Momentum", "XS_Reversal5", "LowVol_Long", "XS_Momentum")
PARENTS = {
    "signals": "signal_inbox",
    "decisions": "signals",
    "orders": "decisions",
    "executions": "orders",
    "positions": "executions",
}


@dataclass(frozen=True)
class Batch:
    """A run of the job, and what the ledger has of its two decisions."""

    run_id: str
    traded: DecisionRow
    small: DecisionRow


@pytest.fixture(scope="module")
def weighed(desk: Desk) -> str:
    """A strategy with a weight that a person approved."""
    if desk.in_force() is None:
        desk.approve_elsewhere("eve")
    found = active_allocation(desk.ledger, "demo")
    assert found is not None
    return max(UNITS, key=lambda name: found.allocation.weights.get(name, 0))


@pytest.fixture(scope="module")
def batch(desk: Desk, live: Live, services: Mapping[str, Any], weighed: str) -> Batch:
    """Two entries posted to the API while the sensor does not look: one that trades, one that comes to no share."""
    settings = load_settings()
    secrets = demo_passphrases(desk.ledger, Vault.of(settings, desk.ledger), Environment(settings.environment), ACT)
    known = live.runs_of(JOB)
    with live.without(*(one.name for one in incoming_signals(waits=True))):
        ids = [_post(services["api"], weighed, secrets[demo_sender_of(weighed)], equity) for equity in (10**5, 10**9)]
    (run_id,) = wait_until(lambda: [one for one in live.runs_of(JOB) if one not in known], seconds=180, what="a run")
    assert live.ended(run_id).status == "SUCCESS"
    traded, small = (list_decisions(desk.ledger, signal_id=signal_id)[0] for signal_id in ids)
    return Batch(run_id, traded, small)


def _post(api: str, strategy: str, passphrase: str, equity: int) -> str:
    leg = {"instrument": "AAPL", "instrument_type": "STOCK", "action": "BUY", "quantity": 10}
    head = {"strategy_name": strategy, "signalID": f"page-{equity}", "signal_sent_EPOCH": int(time.time())}
    body = head | {"passphrase": passphrase, "account_equity": equity, "signal_type": "ENTRY", "signal_legs": [leg]}
    answer = httpx.post(f"{api}/api/v1/signals", json=body, timeout=60, trust_env=False)
    assert answer.status_code == httpx.codes.OK, answer.text
    signal_id: str = answer.json()["signal_id"]
    return signal_id


def test_one_batch_is_shown_with_each_decision_and_its_reason(page: Page, live: Live, batch: Batch) -> None:
    assert batch.traded.batch == batch.small.batch == batch.run_id
    assert (batch.traded.outcome.value, batch.traded.reason) == ("APPROVED", "SIZED")
    assert (batch.small.outcome.value, batch.small.reason) == ("REJECTED", "TOO_SMALL")
    page.goto(f"{live.url}/assets/decisions")
    for decision in (batch.traded, batch.small):
        row = page.get_by_role("row").filter(has_text=decision.signal_id).last
        for words in (decision.strategy, decision.outcome.value, decision.reason):
            expect(row).to_contain_text(words)


def test_its_run_has_a_step_for_each_part_of_the_path_and_what_each_came_to(
    page: Page, live: Live, batch: Batch
) -> None:
    page.goto(f"{live.url}/runs/{batch.run_id}")
    for name in (JOB, *PARENTS):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    expect(page.get_by_text("[Show Markdown]").last).to_be_visible()
    expect(page.get_by_text("Forked from the warm process").first).to_be_visible()


def test_a_forked_run_is_terminated_from_its_page(page: Page, live: Live, desk: Desk) -> None:
    ledger = sqlite3.connect(desk.home.path / "ledger.sqlite", isolation_level=None)
    ledger.execute("BEGIN IMMEDIATE")  # what writes to the ledger waits
    try:
        run_id = live.launch("take_snapshots", location="trading")
        page.goto(f"{live.url}/runs/{run_id}")
        page.get_by_role("button", name="Terminate").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Terminate").click()
        assert live.ended(run_id).status == "CANCELED"
    finally:
        ledger.execute("ROLLBACK")
        ledger.close()
    expect(page.get_by_text("has ended").first).to_be_visible()


def test_the_asset_of_positions_shows_what_is_held(
    page: Page, live: Live, desk: Desk, batch: Batch, weighed: str
) -> None:
    (order,) = [one for one in list_orders(desk.ledger) if one.decision_id == batch.traded.decision_id]
    (position,) = list_positions(desk.ledger, strategy=weighed)
    assert position.quantity == order.filled_quantity > 0
    page.goto(f"{live.url}/assets/positions")
    row = page.get_by_role("row").filter(has_text=weighed).last
    expect(row).to_contain_text(f"{position.quantity}")


def test_lineage_shows_the_path_from_the_inbox_to_positions_joined_with_what_a_person_approved(
    page: Page, live: Live
) -> None:
    page.goto(f"{live.url}/assets/positions?view=lineage&lineageScope=upstream&lineageDepth=10")
    for asset in ("signal_inbox", "signals", "decisions", "orders", "executions", "positions"):
        expect(page.get_by_text(asset, exact=True).first).to_be_visible()
    for asset, parent in PARENTS.items():
        page.goto(f"{live.url}/assets/{asset}")
        expect(page.get_by_role("link").filter(has_text=parent).first).to_be_visible()
    page.goto(f"{live.url}/assets/decisions")
    expect(page.get_by_role("link").filter(has_text="active_allocation").first).to_be_visible()
