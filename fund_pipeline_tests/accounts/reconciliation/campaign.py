"""Reconciliation against faults from consecutive seeds, for `make chaos`."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from fund_pipeline.execution.brokers.paper import PaperTerms
from fund_pipeline_tests.accounts.reconciliation.injection import inject
from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.execution.world import World, found_fund
from fund_pipeline_tests.floors import founded_on_sqlite
from fund_pipeline_tests.keys import AUDIT_KEY


def run(first: int, trials: int, tell: Callable[[Fault], None]) -> Outcome:
    """As many trials, from the first seed on."""
    faults: list[Fault] = []
    injected: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="fund-reconciliation-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUND_AUDIT_KEY", AUDIT_KEY)
        template = founded_on_sqlite(Path(folder) / "template.sqlite", found_fund)
        for seed in range(first, first + trials):
            home = Path(folder) / str(seed)
            home.mkdir()
            shutil.copy(template, home / "ledger.sqlite")
            world = World(f"sqlite:///{home / 'ledger.sqlite'}", home, PaperTerms())
            try:
                injected[inject(world, seed)] += 1
            except AssertionError as wrong:
                faults.append(Fault(seed, str(wrong)))
                tell(faults[-1])
            finally:
                world.close()
                shutil.rmtree(home)
    told = ", ".join(f"{name} {count}" for name, count in injected.most_common(5))
    return Outcome(tuple(faults), f"{trials} trials of {len(injected)} mixtures, each found and typed; most of {told}")
