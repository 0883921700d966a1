"""What a person sees of the books: green checks, and the path from the webhook to what is published."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from fund_pipeline_tests.defs.live import Live

CHECKS = {
    "books": ("books_match_broker", "cash_matches", "no_unknown_orders"),
    "account_snapshots": ("snapshots_fresh",),
}
PARENTS = {
    "marts/fund_overview": "int_signal_funds",
    "intermediate/int_signal_funds": "stg_signals",
    "staging/stg_signals": "ledger",
    "ledger/signals": "signals",
    "signals": "signal_inbox",
}


@pytest.fixture(scope="module")
def reconciled(live: Live) -> None:
    """A run has asked every broker, and proved the books."""
    assert live.ended(live.launch("reconcile_books", location="trading")).status == "SUCCESS"


@pytest.mark.parametrize("asset", CHECKS)
@pytest.mark.usefixtures("reconciled")
def test_the_checks_of_the_books_are_green(page: Page, live: Live, asset: str) -> None:
    page.goto(f"{live.url}/assets/{asset}?view=checks")
    for check in CHECKS[asset]:
        expect(page.get_by_text(check).first).to_be_visible()
    expect(page.get_by_text("Succeeded")).to_have_count(len(CHECKS[asset]))
    expect(page.get_by_text("Failed")).to_have_count(0)


def test_lineage_leads_from_the_webhook_to_what_is_published(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/assets/marts/fund_overview?view=lineage&lineageScope=upstream&lineageDepth=1")
    expect(page.get_by_text("fund_overview", exact=True).first).to_be_visible()
    for asset, parent in PARENTS.items():
        page.goto(f"{live.url}/assets/{asset}")
        expect(page.get_by_role("link").filter(has_text=parent).first).to_be_visible()
