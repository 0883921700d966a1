"""A small seeded part of what `make chaos` does for long."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from fund_pipeline_tests.decisions.machine import Trading


def test_whatever_happens_from_signal_to_position_the_invariants_hold(sqlite_fund: Path) -> None:
    Trading.template = sqlite_fund
    run_state_machine_as_test(
        seed(6)(Trading),
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,  # the first step of each run copies a ledger
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
