"""Matrices that are no correlations are repaired, and the repair is reported."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fund_pipeline.cerebro.correlation import pairwise_correlation
from fund_pipeline.cerebro.psd import repair_psd
from fund_pipeline.errors import InputError

NAN = float("nan")


def gappy(rows: int, columns: int, missing: float, seed: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(3e-4, 0.01, (rows, columns)) + rng.normal(0.0, 0.008, (rows, 1))
    values[rng.random(values.shape) < missing] = NAN
    return values


def test_a_valid_matrix_is_returned_untouched() -> None:
    matrix = pairwise_correlation(gappy(500, 8, 0.0), 60).matrix
    found = repair_psd(matrix)
    assert np.array_equal(found.matrix, matrix)
    assert (found.changed, found.largest_change, found.undefined_pairs) == (False, 0.0, 0)


def test_the_spectral_repair_gives_jaeckels_figures() -> None:
    """P. Jäckel, Monte Carlo Methods in Finance (2002), section 6.3: eigenvalues 2.29673, 0.710625, −0.00735244."""
    matrix = np.array([[1.0, 0.9, 0.7], [0.9, 1.0, 0.3], [0.7, 0.3, 1.0]])
    found = repair_psd(matrix)
    expected = [[1.0, 0.894024, 0.696319], [0.894024, 1.0, 0.300969], [0.696319, 0.300969, 1.0]]
    np.testing.assert_allclose(found.matrix, expected, atol=5e-7)
    assert found.least_eigenvalue_before == pytest.approx(-0.00735244, abs=5e-9)


def test_undefined_pairs_are_counted_and_become_zero() -> None:
    matrix = np.array([[1.0, 0.5, NAN], [0.5, 1.0, 0.2], [NAN, 0.2, NAN]])
    found = repair_psd(matrix)
    assert found.undefined_pairs == 1
    assert not found.changed
    assert found.matrix.tolist() == [[1.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 1.0]]


@given(arrays(np.float64, (6, 6), elements=st.floats(-1.0, 1.0) | st.just(NAN)))
@settings(max_examples=100)
def test_every_repaired_matrix_is_a_correlation_matrix_and_needs_no_second_repair(raw: np.ndarray) -> None:
    upper = np.triu(raw, 1)
    matrix = upper + upper.T
    np.fill_diagonal(matrix, 1.0)
    found = repair_psd(matrix)
    assert np.linalg.eigvalsh(found.matrix)[0] >= -1e-10
    assert (np.diagonal(found.matrix) == 1.0).all()
    assert np.abs(found.matrix).max() <= 1.0 + 1e-12
    assert not repair_psd(found.matrix).changed


def test_the_correlation_of_unequal_histories_is_repaired() -> None:
    matrix = pairwise_correlation(gappy(80, 40, 0.5), 10).matrix
    found = repair_psd(matrix)
    assert found.changed
    assert found.least_eigenvalue_before < -1e-3 < found.least_eigenvalue_after


def test_a_matrix_that_is_not_symmetric_is_refused() -> None:
    with pytest.raises(InputError, match="not symmetric"):
        repair_psd(np.array([[1.0, 0.1], [0.2, 1.0]]))
