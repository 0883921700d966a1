"""What cannot be asked is refused, naming the field and its value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fund_pipeline.cerebro.allocation import Cluster, Constraints, Problem
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import InputError


def problem(**changes: Any) -> Problem:
    matrix = ReturnsMatrix(np.datetime64("2020-01-01") + np.arange(30), ("A", "B"), np.full((30, 2), 0.001))
    two = np.array([0.1, 0.2])
    return replace(Problem(matrix, two, two, two, Constraints()), **changes)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("beta", 1.0),
        ("cvar_limit", -0.01),
        ("max_leverage", float("nan")),
        ("max_weight", float("inf")),
        ("min_weight", -0.1),
        ("margin_cap", -1.0),
        ("max_turnover", -0.5),
        ("budget", float("nan")),
    ],
)
def test_a_limit_out_of_range_is_refused_by_name_and_value(field: str, value: float) -> None:
    with pytest.raises(InputError, match=f"{field} is {value}"):
        Constraints(**{field: value})


def test_a_cluster_with_a_negative_cap_is_refused() -> None:
    with pytest.raises(InputError, match=r"cap of cluster tech is -0\.1"):
        Constraints(clusters=(Cluster("tech", ("A",), -0.1),))


def test_two_clusters_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="each name once"):
        Constraints(clusters=(Cluster("x", ("A",), 0.1), Cluster("x", ("B",), 0.1)))


def test_a_cluster_of_an_unknown_strategy_is_refused() -> None:
    with pytest.raises(InputError, match="cluster x names C"):
        problem(constraints=Constraints(clusters=(Cluster("x", ("A", "C"), 0.1),)))


def test_a_missing_return_is_refused_with_strategy_and_day() -> None:
    values = np.full((30, 2), 0.001)
    values[3, 1] = np.nan
    matrix = ReturnsMatrix(np.datetime64("2020-01-01") + np.arange(30), ("A", "B"), values)
    with pytest.raises(InputError, match="strategy B has no return on 2020-01-04"):
        problem(scenarios=matrix)


@pytest.mark.parametrize("field", ["expected_returns", "margins", "current_weights"])
def test_one_value_per_strategy_is_needed(field: str) -> None:
    with pytest.raises(InputError, match=f"{field} has shape"):
        problem(**{field: np.zeros(3)})
    with pytest.raises(InputError, match=f"{field} of strategy B is nan"):
        problem(**{field: np.array([0.0, np.nan])})


def test_a_negative_margin_is_refused() -> None:
    with pytest.raises(InputError, match=r"margins of strategy A is -0\.1"):
        problem(margins=np.array([-0.1, 0.2]))


def test_too_few_days_for_the_tail_are_refused() -> None:
    with pytest.raises(InputError, match="30 common days, expected at least 100"):
        problem(constraints=Constraints(beta=0.99))


def test_no_strategy_at_all_is_refused() -> None:
    empty = ReturnsMatrix(np.datetime64("2020-01-01") + np.arange(30), (), np.zeros((30, 0)))
    with pytest.raises(InputError, match="no strategy"):
        problem(scenarios=empty)
