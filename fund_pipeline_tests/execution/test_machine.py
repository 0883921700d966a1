"""A small seeded part of what `make chaos` does for long."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from fund_pipeline_tests.execution.machine import Orders


def test_whatever_happens_no_order_is_lost_doubled_or_forgotten(sqlite_template: Path) -> None:
    Orders.template = sqlite_template
    run_state_machine_as_test(
        Orders,
        settings=settings(
            max_examples=6,
            stateful_step_count=14,
            deadline=None,  # the first step of each run copies a ledger
            suppress_health_check=list(HealthCheck),
        ),
    )
