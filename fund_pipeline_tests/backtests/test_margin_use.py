import numpy as np

from fund_pipeline.backtests.margin import known_margin_use, margin_use

NOTHING = np.full(3, np.nan)


def test_margin_is_measured_on_the_equity_the_day_began_with() -> None:
    margin, equity, pnl = np.array([50.0, 60.0, 0.0]), np.array([110.0, 99.0, 99.0]), np.array([10.0, -11.0, 0.0])
    returns = np.array([0.1, -0.1, 0.0])
    np.testing.assert_allclose(margin_use(margin, equity, pnl, returns), [0.5, 60 / 110, 0.0])
    np.testing.assert_allclose(margin_use(margin, equity, NOTHING, returns), [0.5, 60 / 110, 0.0])


def test_zeros_throughout_tell_no_more_than_nothing_at_all() -> None:
    assert known_margin_use(np.zeros(3)).size == 0
    assert known_margin_use(NOTHING).size == 0
    np.testing.assert_array_equal(known_margin_use(np.array([0.0, np.nan, 0.4])), [0.0, 0.4])
