"""Thousands of lives of a trading floor; one of the campaigns of `make chaos`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.decisions.floor import found
from fund_pipeline_tests.decisions.machine import Trading
from fund_pipeline_tests.floors import founded_on_sqlite
from fund_pipeline_tests.keys import AUDIT_KEY

STEPS = 25


def run(first_seed: int, trials: int, tell: Callable[[Fault], None]) -> Outcome:
    """One life from each of `trials` seeds. See `Campaign`."""
    faults = []
    with tempfile.TemporaryDirectory(prefix="trading-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUND_AUDIT_KEY", AUDIT_KEY)
        Trading.template = founded_on_sqlite(Path(folder) / "ledger.sqlite", found)
        for number in range(first_seed, first_seed + trials):
            wrong = _life(number)
            if wrong is not None:
                faults.append(Fault(number, wrong))
                tell(faults[-1])
    return Outcome(tuple(faults), f"{trials} lives of at most {STEPS} steps")


def _life(number: int) -> str | None:
    """What went wrong, with the steps that led to it, or None."""
    chosen = settings(
        max_examples=3,  # the first is always the simplest there is, and does next to nothing
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    try:
        run_state_machine_as_test(seed(number)(Trading), settings=chosen)
    except Exception as wrong:  # noqa: BLE001 - whatever it is, it is what the campaign looks for
        return "\n".join([f"{type(wrong).__name__}: {wrong}", *getattr(wrong, "__notes__", ())])
    return None
