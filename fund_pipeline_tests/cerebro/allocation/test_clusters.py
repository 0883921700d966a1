"""Strategies that move together form one cluster."""

from __future__ import annotations

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import correlation_clusters
from fund_pipeline.errors import InputError

MATRIX = np.array([[1.0, 0.1, 0.9, -0.8], [0.1, 1.0, 0.2, 0.0], [0.9, 0.2, 1.0, -0.7], [-0.8, 0.0, -0.7, 1.0]])
NAMES = ("A", "B", "C", "D")


def test_only_strategies_that_correlate_enough_are_joined() -> None:
    assert correlation_clusters(MATRIX, NAMES, 0.7) == (("A", "C"), ("B",), ("D",))


def test_the_threshold_itself_joins() -> None:
    assert correlation_clusters(MATRIX, NAMES, 0.9) == (("A", "C"), ("B",), ("D",))
    assert correlation_clusters(MATRIX, NAMES, 0.91) == (("A",), ("B",), ("C",), ("D",))


def test_opposites_are_never_joined_by_a_positive_threshold() -> None:
    groups = correlation_clusters(MATRIX, NAMES, 0.05)
    assert ("D",) in groups


def test_every_strategy_is_in_exactly_one_cluster() -> None:
    rng = np.random.default_rng(1)
    matrix = np.corrcoef(rng.normal(size=(12, 40)) + rng.normal(size=(1, 40)))
    names = tuple(f"S{i}" for i in range(12))
    for threshold in (-0.5, 0.0, 0.3, 0.6, 0.9):
        members = [name for group in correlation_clusters(matrix, names, threshold) for name in group]
        assert sorted(members) == sorted(names)


def test_a_single_strategy_is_its_own_cluster() -> None:
    assert correlation_clusters(np.ones((1, 1)), ("A",), 0.5) == (("A",),)


def test_an_undefined_correlation_is_refused() -> None:
    with pytest.raises(InputError, match="without NaN"):
        correlation_clusters(np.array([[1.0, np.nan], [np.nan, 1.0]]), ("A", "B"), 0.5)


def test_a_threshold_that_is_no_correlation_is_refused() -> None:
    with pytest.raises(InputError, match="threshold is 1"):
        correlation_clusters(MATRIX, NAMES, 1.0)
