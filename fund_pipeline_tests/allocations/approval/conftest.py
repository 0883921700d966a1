"""The world of the approval tests, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline_tests.allocations.approval.world import World, build
from fund_pipeline_tests.ledger_fixtures import embedded_url


@pytest.fixture
def world(ledger: Ledger) -> World:
    """A fund with three strategies; nothing is recommended yet."""
    return build(ledger)


@pytest.fixture
def embedded(sqlite_template: Path, tmp_path: Path) -> Iterator[World]:
    """The same on SQLite only, for what does not depend on the database."""
    ledger = open_ledger(embedded_url(sqlite_template, tmp_path / "embedded.sqlite"))
    yield build(ledger)
    ledger.close()
