"""Passphrases that are hashed quickly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from fund_pipeline.signals.senders import passphrases
from fund_pipeline_tests.ledger_fixtures import ledger_url, postgres_template, sqlite_template

__all__ = ["ledger_url", "postgres_template", "slow_hasher", "sqlite_template"]


@pytest.fixture(scope="session", autouse=True)
def slow_hasher() -> Iterator[PasswordHasher]:
    """The product's own hasher, slow on purpose; meanwhile passphrases are hashed with less work in the same way."""
    real = passphrases._HASHER
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrases, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield real
