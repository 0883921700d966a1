"""A real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from fund_pipeline_tests.browser_setup import INSTALL, find_browser

MILLISECONDS = 60_000
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page in a browser of its own."""
    browser_path = find_browser()
    assert browser_path, f"no Chromium is installed; run as root: {INSTALL}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1800, "height": 1400})
        opened.set_default_timeout(MILLISECONDS)
        expect.set_options(timeout=MILLISECONDS)
        yield opened
        browser.close()
