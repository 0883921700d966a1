"""Returns of other calendars on the sessions of one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.cerebro.sessions import compound_onto


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def test_a_weekend_is_compounded_into_monday_and_a_market_holiday_stays_a_gap() -> None:
    matrix = ReturnsMatrix(
        days("2024-01-05", "2024-01-06", "2024-01-07", "2024-01-08", "2024-01-09"),
        ("round the clock", "weekdays"),
        np.array([[0.01, 0.02], [-0.10, np.nan], [0.05, np.nan], [0.01, 0.03], [0.0, np.nan]]),
    )
    on = compound_onto(matrix, days("2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10"))
    np.testing.assert_array_equal(on.dates, days("2024-01-05", "2024-01-08", "2024-01-09"))
    np.testing.assert_allclose(on.values[:, 0], [0.01, 0.9 * 1.05 * 1.01 - 1, 0.0])
    np.testing.assert_allclose(on.values[:, 1], [0.02, 0.03, np.nan])


def test_a_session_on_which_nobody_has_a_return_is_a_row_of_gaps() -> None:
    matrix = ReturnsMatrix(days("2024-01-02", "2024-01-04"), ("A",), np.array([[0.1], [0.2]]))
    on = compound_onto(matrix, days("2024-01-02", "2024-01-03", "2024-01-04"))
    np.testing.assert_array_equal(on.values[:, 0], [0.1, np.nan, 0.2])


def test_days_after_the_last_whole_session_are_left_out() -> None:
    matrix = ReturnsMatrix(days("2024-01-05", "2024-01-06"), ("A",), np.array([[0.1], [0.2]]))
    on = compound_onto(matrix, days("2024-01-05", "2024-01-08"))
    np.testing.assert_array_equal(on.values, [[0.1]])


@given(
    st.lists(st.tuples(st.booleans(), st.floats(-0.5, 0.5)), min_size=1, max_size=40),
    st.integers(0, 2**31),
)
def test_growth_is_kept_whatever_the_calendar(rows: list[tuple[bool, float]], seed: int) -> None:
    dates = np.arange("2024-01-01", len(rows), dtype="datetime64[D]")
    values = np.array([[value if present else np.nan] for present, value in rows])
    is_session = np.random.default_rng(seed).random(len(rows)) < 0.6
    is_session[-1] = True
    on = compound_onto(ReturnsMatrix(dates, ("A",), values), dates[is_session])
    np.testing.assert_allclose(np.nansum(np.log1p(on.values)), np.nansum(np.log1p(values)), atol=1e-12)


def test_where_every_day_is_a_session_the_numbers_are_the_same() -> None:
    dates = np.arange("2024-01-01", 50, dtype="datetime64[D]")
    values = np.random.default_rng(3).normal(size=(50, 3)) * 0.01
    on = compound_onto(ReturnsMatrix(dates, ("A", "B", "C"), values), dates)
    np.testing.assert_array_equal(on.values, values)
