"""A real browser, and the services that it looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from fund_pipeline_tests.browser_setup import INSTALL, find_browser
from fund_pipeline_tests.defs.desk import Desk, desk_in
from fund_pipeline_tests.defs.live import Live
from fund_pipeline_tests.homes import Home

MILLISECONDS = 60_000
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


@pytest.fixture(scope="package")
def desk(demo_home: tuple[Home, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A home in which the demo has run up to what awaits approval, and the admins who may approve it."""
    folder = tmp_path_factory.mktemp("pages") / "home"
    with desk_in(demo_home[0], folder, "ada", "bob", "cleo", "dora", "eve") as found:
        yield found


@pytest.fixture(scope="package")
def services(desk: Desk) -> Iterator[Mapping[str, Any]]:
    """`fund up` on that home, and what it says of itself."""
    with desk.home.up() as told:
        yield told


@pytest.fixture(scope="package")
def live(services: Mapping[str, Any]) -> Live:
    """Its web server."""
    return Live(services["url"])


@pytest.fixture(scope="package")
def page() -> Iterator[Page]:
    """A page in a browser."""
    browser_path = find_browser()
    assert browser_path, f"no Chromium is installed; run as root: {INSTALL}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1800, "height": 1400}, reduced_motion="reduce")
        opened.set_default_timeout(MILLISECONDS)
        expect.set_options(timeout=MILLISECONDS)
        yield opened
        browser.close()
