"""What a quant sees in the Dagster UI after the demo, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from fund_pipeline_tests.defs.live import Live

LINEAGE = (
    *("backtest_files", "backtests", "strategy_returns", "market_returns", "strategy_statistics", "series_timing"),
    *("correlation_matrix", "fund_registry", "strategy_registry", "recommendations"),
)
PARENTS = {
    "backtests": "backtest_files",
    "strategy_returns": "backtests",
    "correlation_matrix": "strategy_returns",
    "recommended_allocation/demo": "correlation_matrix",
}


def test_the_lineage_leads_from_the_files_and_the_registry_to_the_recommendation(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/assets/recommendations?view=lineage&lineageScope=upstream&lineageDepth=10")
    for asset in LINEAGE:
        expect(page.get_by_text(asset, exact=True).first).to_be_visible()
    for asset, parent in PARENTS.items():
        page.goto(f"{live.url}/assets/{asset}")
        expect(page.get_by_role("link").filter(has_text=parent).first).to_be_visible()


@pytest.mark.parametrize(
    ("asset", "picture"),
    [("correlation_matrix", "Correlation, same day"), ("recommended_allocation/demo", "Efficient frontier, demo")],
)
def test_the_metadata_shows_the_picture(page: Page, live: Live, asset: str, picture: str) -> None:
    page.goto(f"{live.url}/assets/{asset}")
    page.get_by_text("[Show Markdown]").first.click()
    image = page.get_by_alt_text(picture)
    expect(image).to_be_visible()
    assert image.evaluate("image => image.complete && image.naturalWidth") > 400


def test_current_and_recommended_weights_stand_side_by_side(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/assets/recommended_allocation/demo")
    row = page.get_by_role("row").filter(has_text="TS_Momentum").last
    expect(row).to_contain_text("39.58")


def test_the_checks_and_their_evidence_are_on_the_asset(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/assets/backtests?view=checks")
    for check in ("pnl_equity_and_return_agree", "backtest_dates_are_trading_days", "no_backtest_is_quarantined"):
        expect(page.get_by_text(check).first).to_be_visible()


def test_the_nightly_schedule_is_running(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/automation")
    expect(page.get_by_text("nightly_optimisation_at_midnight").first).to_be_visible()
