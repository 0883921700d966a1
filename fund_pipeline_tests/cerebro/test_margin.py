"""Margin that is a function of the return is found; margin that comes from positions is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fund_pipeline.cerebro.margin import is_fixed_function_of_return
from fund_pipeline.errors import InputError

FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "proportional": lambda size: 5.0 * size,
    "affine": lambda size: 0.2 + 3.0 * size,
    "square root": lambda size: np.sqrt(size),
    "steps": lambda size: 0.1 + np.floor(size * 200.0) / 10.0,
    "falling": lambda size: 1.0 / (1.0 + 100.0 * size),
}


@pytest.fixture(scope="module")
def real_returns(sample: Any) -> list[np.ndarray]:
    return list(sample.matrix.values.T)


def test_no_sample_backtest_is_flagged(sample: Any) -> None:
    for column, name in enumerate(sample.matrix.strategies):
        returns = sample.matrix.values[:, column]
        for margin in (sample.margin_use[name], sample.margin_dollars[name]):
            assert not is_fixed_function_of_return(margin, returns).flagged, name


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize("function", list(FUNCTIONS))
def test_a_function_of_the_size_of_the_return_is_flagged(
    real_returns: list[np.ndarray], function: str, noise: float
) -> None:
    rng = np.random.default_rng(3)
    for returns in real_returns:
        margin = FUNCTIONS[function](np.abs(returns)) * (1.0 + noise * rng.normal(size=returns.size))
        assert is_fixed_function_of_return(margin, returns).flagged


@pytest.mark.parametrize("function", list(FUNCTIONS))
def test_dollars_that_are_the_function_are_flagged_when_given(sample: Any, function: str) -> None:
    column = sample.matrix.strategies.index("XS_Momentum")
    returns = sample.matrix.values[:, column]
    dollars = 1_000_000.0 * FUNCTIONS[function](np.abs(returns))
    assert is_fixed_function_of_return(dollars, returns).flagged


def test_a_function_of_the_signed_return_is_flagged(real_returns: list[np.ndarray]) -> None:
    returns = real_returns[0]
    assert is_fixed_function_of_return(0.3 - 4.0 * returns, returns).flagged


def test_sixty_days_are_enough_and_fifty_nine_are_not() -> None:
    returns = np.random.default_rng(5).standard_t(3, 60) * 0.01
    margin = 5.0 * np.abs(returns)
    assert is_fixed_function_of_return(margin, returns).flagged
    short = is_fixed_function_of_return(margin[:59], returns[:59])
    assert (short.flagged, short.ratio, short.days) == (False, None, 59)


def test_constant_margin_is_not_flagged() -> None:
    returns = np.random.default_rng(6).normal(0.0, 0.01, 500)
    assert not is_fixed_function_of_return(np.full(500, 0.5), returns).flagged


def test_unrelated_margin_is_never_flagged_even_with_few_days() -> None:
    rng = np.random.default_rng(7)
    for _ in range(500):
        found = is_fixed_function_of_return(rng.lognormal(0.0, 1.0, 60), rng.standard_t(3, 60) * 0.01)
        assert not found.flagged


def test_slowly_drifting_margin_with_coarsely_rounded_returns_is_not_flagged() -> None:
    rng = np.random.default_rng(9)
    returns = rng.choice([-0.01, -0.005, 0.005, 0.01], 1000)
    margin = 0.3 + 0.1 * np.sin(np.arange(1000) / 150.0)
    assert not is_fixed_function_of_return(margin, returns).flagged


def test_days_that_only_pay_the_cost_of_leaving_prove_nothing() -> None:
    rng = np.random.default_rng(10)
    returns = np.where(rng.random(600) < 0.2, -0.0005, rng.normal(0.0, 0.01, 600))
    margin = np.where(returns == -0.0005, 0.0, rng.uniform(0.4, 0.5, 600))
    assert not is_fixed_function_of_return(margin, returns).flagged


def test_days_without_a_return_or_margin_are_left_out() -> None:
    rng = np.random.default_rng(8)
    returns = rng.normal(0.0, 0.01, 200)
    margin = 4.0 * np.abs(returns)
    returns[:50], margin[50:80], returns[80:90] = 0.0, np.nan, np.nan
    found = is_fixed_function_of_return(margin, returns)
    assert (found.flagged, found.days) == (True, 110)


def test_arrays_of_different_days_are_refused() -> None:
    with pytest.raises(InputError, match="expected the same days"):
        is_fixed_function_of_return(np.zeros(3), np.zeros(4))
