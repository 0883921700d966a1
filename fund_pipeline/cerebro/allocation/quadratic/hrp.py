"""Hierarchical risk parity through PyPortfolioOpt.

M. López de Prado, "Building diversified portfolios that outperform out of sample", Journal of Portfolio Management 42
(2016). PyPortfolioOpt takes a second to import, so it is imported when it is needed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fund_pipeline.cerebro.allocation.limits import Limits
from fund_pipeline.cerebro.allocation.quadratic.composition import held_by_risk
from fund_pipeline.cerebro.allocation.quadratic.options import refuse_shapes
from fund_pipeline.cerebro.allocation.quadratic.result import Conflict, Quadratic
from fund_pipeline.cerebro.allocation.quadratic.risk import risk_of_returns
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError

SOLVER = "PyPortfolioOpt HRPOpt"


def hrp(limits: Limits) -> Quadratic | Conflict:
    """Weights by hierarchical risk parity (single linkage), as large as every limit allows; with a budget all of it.

    Strategies that do not move or may not be held get nothing, and the notes say so. Nothing is optimised, so there is
    no bound. Where strategies are equally near to each other their order decides.

    Raises
    ------
    InputError : a limit that would change the composition.
    """
    refuse_shapes(limits, "hrp")

    def compose(chosen: NDArray[np.intp]) -> Floats:
        return _composition(limits.returns[:, chosen])

    return held_by_risk(limits, risk_of_returns(limits.returns), compose)


def _composition(returns: Floats) -> Floats:
    if returns.shape[1] == 1:
        return np.ones(1)
    import pandas as pd
    from pypfopt import HRPOpt

    names = [str(i) for i in range(returns.shape[1])]
    weights = HRPOpt(returns=pd.DataFrame(returns, columns=names)).optimize()
    composition = np.array([float(weights[name]) for name in names])
    if not (np.isfinite(composition).all() and (composition >= 0.0).all() and composition.sum() > 0.0):
        raise InvariantError(f"{SOLVER} gave weights that are no composition")
    return composition
