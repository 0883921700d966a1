"""The world of the approval tests, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline_tests.allocations.approval.world import World, build


@pytest.fixture
def world(ledger: Ledger) -> World:
    """A fund with three strategies; nothing is recommended yet."""
    return build(ledger)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[World]:
    """The same on SQLite only, for what does not depend on the database."""
    url = f"sqlite:///{tmp_path / 'embedded.sqlite'}"
    upgrade(url)
    ledger = open_ledger(url)
    yield build(ledger)
    ledger.close()
