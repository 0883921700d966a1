"""A process keeps the ledger open from one step to the next, and only as long as it is the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fund_pipeline.defs.trading.ledger import opened_ledger
from fund_pipeline.ledger.migrate import upgrade


def test_it_is_the_same_until_another_is_named_or_the_file_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUND_HOME", str(tmp_path))
    path, backup = tmp_path / "ledger.sqlite", tmp_path / "backup.sqlite"
    monkeypatch.setenv("FUND_DATABASE_URL", "")
    upgrade(f"sqlite:///{path}")
    with opened_ledger() as first, opened_ledger() as again:
        assert first is again
    shutil.copy(path, backup)
    backup.replace(path)
    with opened_ledger() as restored:
        assert restored is not first
        with restored.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE seen (one INTEGER)")
    with opened_ledger() as still:
        assert still is restored
    monkeypatch.setenv("FUND_HOME", str(tmp_path / "another"))
    with opened_ledger() as another:
        assert another is not still
