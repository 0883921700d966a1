"""Ledgers as copies of one that was migrated once, see the signals' tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline_tests.signals.conftest import ledger_url, postgres_template, sqlite_template

__all__ = ["embedded", "ledger_url", "postgres_template", "sqlite_template"]


@pytest.fixture
def embedded(sqlite_template: Path, tmp_path: Path) -> Iterator[Ledger]:
    """An embedded ledger, for rules that are no matter of the database."""
    copy = tmp_path / "embedded.sqlite"
    shutil.copy(sqlite_template, copy)
    opened = open_ledger(f"sqlite:///{copy}")
    yield opened
    opened.close()
