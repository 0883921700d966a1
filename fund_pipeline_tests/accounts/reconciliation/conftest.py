"""A ledger with a fund and an account, copied from one that was made once, and its paper broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fund_pipeline.execution.brokers.paper import PaperTerms
from fund_pipeline_tests.execution.world import World, found_fund
from fund_pipeline_tests.floors import founded_on_sqlite, places_on_sqlite


@pytest.fixture(scope="session")
def template_of_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return founded_on_sqlite(tmp_path_factory.mktemp("books") / "ledger.sqlite", found_fund)


@pytest.fixture
def new_world(template_of_books: Path, tmp_path: Path) -> Iterator[Callable[[], World]]:
    """Worlds with a paper broker that charges commissions."""
    with places_on_sqlite(template_of_books, tmp_path, lambda url, home: World(url, home, PaperTerms())) as make:
        yield make
