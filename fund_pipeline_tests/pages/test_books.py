"""What a person sees of the books: green checks, and the path from the webhook to what is published."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from fund_pipeline_tests.defs.live import Live

CHECKS = {
    "books": ("books_match_broker", "cash_matches", "no_unknown_orders"),
    "account_snapshots": ("snapshots_fresh",),
}
PATH = ("signal_inbox", "signals", "decisions", "orders", "executions", "positions", "fund_overview")


@pytest.fixture(scope="module")
def reconciled(live: Live) -> str:
    """A run that asked every broker, and proved the books."""
    run = live.ended(live.launch("reconcile_books", location="trading"))
    assert run.status == "SUCCESS"
    return run.run_id


@pytest.mark.parametrize(("asset", "check"), [(asset, check) for asset, names in CHECKS.items() for check in names])
def test_the_checks_of_the_books_are_green(page: Page, live: Live, reconciled: str, asset: str, check: str) -> None:
    page.goto(f"{live.url}/assets/{asset}?view=checks&checkDetail={check}")
    expect(page.get_by_text(check).first).to_be_visible()
    expect(page.get_by_text("Passed", exact=True).first).to_be_visible()
    expect(page.get_by_text(reconciled[:8]).first).to_be_visible()


def test_lineage_leads_from_the_webhook_to_what_is_published(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/assets/marts/fund_overview?view=lineage&lineageScope=upstream&lineageDepth=20")
    for name in PATH:
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
