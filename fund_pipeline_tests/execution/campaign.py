"""Thousands of random lives of orders, with faults and crashes; one of the campaigns of `make chaos`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from fund_pipeline_tests.campaigns import Fault, Outcome
from fund_pipeline_tests.execution.machine import Orders
from fund_pipeline_tests.execution.world import found_fund
from fund_pipeline_tests.floors import founded_on_sqlite
from fund_pipeline_tests.keys import AUDIT_KEY

LIVES, STEPS = 25, 25
"""Lives of each seed, and steps of each life at most."""


def run(first_seed: int, trials: int, tell: Callable[[Fault], None]) -> Outcome:
    """Live `LIVES` lives from each of `trials` seeds."""
    faults = []
    with tempfile.TemporaryDirectory(prefix="orders-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUND_AUDIT_KEY", AUDIT_KEY)
        Orders.template = Path(folder) / "ledger.sqlite"
        founded_on_sqlite(Orders.template, found_fund)
        for number in range(first_seed, first_seed + trials):
            found = _lives(number)
            if found is not None:
                faults.append(Fault(number, found))
                tell(faults[-1])
    return Outcome(tuple(faults), f"{trials * LIVES} lives of at most {STEPS} steps")


def _lives(number: int) -> str | None:
    """What went wrong, with the steps that led to it, or None."""
    chosen = settings(
        max_examples=LIVES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    try:
        run_state_machine_as_test(seed(number)(Orders), settings=chosen)
    except Exception as wrong:  # noqa: BLE001 - whatever it is, it is what the campaign looks for
        return "\n".join([f"{type(wrong).__name__}: {wrong}", *getattr(wrong, "__notes__", ())])
    return None
