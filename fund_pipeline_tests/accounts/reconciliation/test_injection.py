"""Faults on the broker's side: each is found as what it is, none is repaired wrongly, a second pass finds no news."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fund_pipeline_tests.accounts.reconciliation.injection import FAULTS, inject
from fund_pipeline_tests.execution.world import World

SEEDS = 60


@pytest.mark.parametrize("first", range(0, SEEDS, 15))
def test_every_fault_is_found_and_typed_none_is_repaired_wrongly_and_a_second_pass_finds_nothing_new(
    new_world: Callable[[], World], first: int
) -> None:
    told = [inject(new_world(), seed) for seed in range(first, first + 15)]
    assert {name for one in told for name in one.split(" and ")} >= set(FAULTS)


@pytest.mark.parametrize(
    ("seed", "mixture"), [(20261466, "external and dividend"), (20261720, "removed and missed")], ids=str
)
def test_mixtures_that_a_campaign_found(new_world: Callable[[], World], seed: int, mixture: str) -> None:
    """A trade that is booked leaves no doubt about cash; a number of a fill that was taken back is not given again."""
    assert inject(new_world(), seed) == mixture
