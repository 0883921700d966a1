"""Ratios and limits of the drawdown are what they claim to be, by the plain programme, on random problems."""

from __future__ import annotations

import pytest

from fund_pipeline_tests.cerebro.allocation.beyond_linear import compare_drawdown, compare_ratio
from fund_pipeline_tests.cerebro.allocation.instances import random_instance

BLOCK = 15


@pytest.mark.parametrize("block", range(4))
def test_no_ratio_is_above_the_one_that_is_claimed_to_be_the_best(block: int) -> None:
    found = {seed: compare_ratio(random_instance(seed)) for seed in range(block * BLOCK, (block + 1) * BLOCK)}
    assert {seed: one.faults for seed, one in found.items() if one.faults} == {}
    assert sum(one.feasible for one in found.values()) > BLOCK // 3


def test_nothing_within_the_cuts_of_a_drawdown_is_better() -> None:
    found = {seed: compare_drawdown(random_instance(seed, 250, 8), seed) for seed in range(30)}
    assert {seed: one.faults for seed, one in found.items() if one.faults} == {}
    assert sum(one.feasible for one in found.values()) > 10
