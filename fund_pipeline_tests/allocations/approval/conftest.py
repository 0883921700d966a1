"""The world of the approval tests, on SQLite and PostgreSQL: each test has a copy of one that was made once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fund_pipeline_tests.allocations.approval.world import Founding, World
from fund_pipeline_tests.ledger_fixtures import FilledLedgers


@pytest.fixture(scope="session")
def foundings() -> Mapping[str, Founding]:
    """How the world begins on each kind of database."""
    return {"sqlite": Founding(), "postgresql": Founding()}


@pytest.fixture(params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, filled_ledgers: FilledLedgers, foundings: Mapping[str, Founding], tmp_path: Path
) -> Iterator[World]:
    """A fund with three strategies; nothing is recommended yet."""
    with filled_ledgers.copy(request.param, foundings[request.param], tmp_path) as ledger:
        yield foundings[request.param].world(ledger)


@pytest.fixture
def embedded(filled_ledgers: FilledLedgers, foundings: Mapping[str, Founding], tmp_path: Path) -> Iterator[World]:
    """The same on SQLite only, for what does not depend on the database."""
    with filled_ledgers.copy("sqlite", foundings["sqlite"], tmp_path) as ledger:
        yield foundings["sqlite"].world(ledger)
