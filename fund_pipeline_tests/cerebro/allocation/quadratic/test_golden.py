"""PyPortfolioOpt on real data: twenty stocks of the index and the nine backtests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pypfopt import EfficientFrontier, HRPOpt

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.quadratic import hrp, maximise_sharpe, mean_variance, minimise_variance

DATA = Path(__file__).parents[4] / "data"


def stocks() -> pd.DataFrame:
    closes = pd.read_csv(DATA / "prices" / "us_stocks.csv", index_col=0)
    return closes.pct_change().dropna()


def backtests() -> pd.DataFrame:
    files = sorted((DATA / "backtests").glob("*.csv"))
    columns = {file.stem: pd.read_csv(file, index_col=0)["Daily_Return_Pct"] / 100.0 for file in files}
    return pd.DataFrame(columns).dropna()


@pytest.fixture(scope="module", params=[stocks, backtests], ids=["stocks", "backtests"])
def returns(request: pytest.FixtureRequest) -> pd.DataFrame:
    return request.param()


def invested(returns: pd.DataFrame) -> Limits:
    """Σw = 1 and w ≤ 1."""
    n = returns.shape[1]
    values = returns.to_numpy(dtype=np.float64)
    return Limits(
        returns=values,
        expected=values.mean(axis=0) * 252,
        beta=0.95,
        lower=np.zeros(n),
        upper=np.ones(n),
        rows=(),
        cvar_limit=None,
        turnover=None,
        current=np.zeros(n),
        budget=1.0,
    )


def peer(returns: pd.DataFrame) -> EfficientFrontier:
    tight = {"tol_gap_rel": 1e-12, "tol_gap_abs": 1e-12, "tol_feas": 1e-12}
    return EfficientFrontier(returns.mean() * 252, returns.cov() * 252, solver="CLARABEL", solver_options=tight)


def weights_of(optimiser: EfficientFrontier) -> np.ndarray:
    return np.asarray(optimiser.weights)


def test_no_less_variance_is_found_by_the_peer(returns: pd.DataFrame) -> None:
    other = peer(returns)
    other.min_volatility()
    variance = weights_of(other) @ (returns.cov() * 252).to_numpy() @ weights_of(other)
    found = minimise_variance(invested(returns))
    assert found.objective == pytest.approx(variance, rel=1e-6)
    assert found.objective <= variance * (1.0 + 1e-9)
    assert found.weights == pytest.approx(weights_of(other), abs=1e-4)


def test_no_greater_ratio_is_found_by_the_peer(returns: pd.DataFrame) -> None:
    other = peer(returns)
    other.max_sharpe(risk_free_rate=0.0)
    ratio = other.portfolio_performance(risk_free_rate=0.0)[2]
    found = maximise_sharpe(invested(returns))
    assert found.objective == pytest.approx(ratio, rel=1e-6)
    assert found.objective >= ratio * (1.0 - 1e-9)


def test_no_less_variance_at_a_target_is_found_by_the_peer(returns: pd.DataFrame) -> None:
    limits = invested(returns)
    low = limits.net_return(minimise_variance(limits).weights)
    target = 0.5 * (low + float(limits.expected.max()))
    other = peer(returns)
    other.efficient_return(target)
    variance = weights_of(other) @ (returns.cov() * 252).to_numpy() @ weights_of(other)
    assert minimise_variance(limits, target).objective == pytest.approx(variance, rel=1e-6)


def test_no_more_return_at_a_risk_is_found_by_the_peer(returns: pd.DataFrame) -> None:
    # The mean-variance optimum has the most return among portfolios of its volatility.
    found = mean_variance(invested(returns), 3.0)
    covariance = (returns.cov() * 252).to_numpy()
    volatility = float(np.sqrt(found.weights @ covariance @ found.weights))
    other = peer(returns)
    other.efficient_risk(volatility)
    limits = invested(returns)
    assert limits.net_return(found.weights) == pytest.approx(limits.net_return(weights_of(other)), rel=1e-6)


def test_no_more_utility_is_found_by_the_peer(returns: pd.DataFrame) -> None:
    other = peer(returns)
    other.max_quadratic_utility(risk_aversion=3.0)
    w = weights_of(other)
    utility = w @ (returns.mean() * 252) - 1.5 * (w @ (returns.cov() * 252).to_numpy() @ w)
    found = mean_variance(invested(returns), 3.0)
    assert found.objective == pytest.approx(utility, rel=1e-6)
    assert found.objective >= utility - 1e-9


def test_hrp_has_the_composition_of_the_peer(returns: pd.DataFrame) -> None:
    other = HRPOpt(returns).optimize()
    assert hrp(invested(returns)).weights == pytest.approx([other[name] for name in returns.columns], abs=1e-12)
