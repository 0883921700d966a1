"""What an allocation answers: weights, what they amount to, and why they are the best."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InfeasibleError

ALLOCATOR = "cvar-engine 2.1"
"""Name and version of the method; a change that could change an answer changes the version."""


class SolutionStatus(StrEnum):
    """Whether weights were found."""

    OPTIMAL = "OPTIMAL"
    INFEASIBLE = "INFEASIBLE"


@dataclass(frozen=True)
class BindingConstraint:
    """A limit that holds the optimum back.

    Attributes
    ----------
    name : field of Constraints, with the cluster or strategy after a colon where there are several.
    shadow_price : change of the objective (expected annual return, or CVaR when that is minimised; decimals) per unit
        by which the limit is raised.
    in_words : the same for a person.
    """

    name: str
    shadow_price: float
    in_words: str


@dataclass(frozen=True)
class Certificate:
    """Why the optimum is one.

    Attributes
    ----------
    cvar_recomputed : CVaR of the returned weights from the scenarios, by definition.
    bound : dual bound: no weights within the limits do better than this in the objective asked for (expected annual
        return net of trades, least CVaR, least volatility, ratio); None for a method that optimises nothing.
    relative_gap : distance of the optimum from the bound ÷ |bound| (÷ one basis point if the bound is less), before
        rounding the weights.
    rounding_cost : what rounding the weights gave up of the objective, a decimal.
    binding : the limits that bind.
    kkt_residual : of a quadratic programme, how far weights and multipliers are from its optimality conditions.
    """

    cvar_recomputed: float
    bound: float | None
    relative_gap: float | None
    rounding_cost: float
    binding: tuple[BindingConstraint, ...]
    kkt_residual: float | None = None


@dataclass(frozen=True)
class Portfolio:
    """Weights and what they amount to, all recomputed from the weights. Decimals of fund equity; VaR, CVaR one day.

    `turnover` is Σ|w − current weights|; `trading_cost` what it takes from the annual return at the price asked for;
    `cdar` the conditional drawdown at risk, uncompounded.
    """

    weights: Floats
    expected_return_annual: float
    volatility_annual: float
    sharpe: float | None
    var: float
    cvar: float
    leverage: float
    margin: float
    turnover: float
    trading_cost: float
    cdar: float


@dataclass(frozen=True)
class Solution:
    """The answer to a Problem.

    Attributes
    ----------
    status : OPTIMAL or INFEASIBLE.
    strategies : ids in the order of the weights.
    portfolio, certificate : None when INFEASIBLE.
    conflicts : when INFEASIBLE, a smallest set of limits that contradict each other: without any one of them the rest
        could be met. Empty when OPTIMAL.
    solver, allocator : what computed it, with versions.
    fallbacks : why each way that is tried before this solver was left, in words; empty if the first one answered.
    objective : what was asked for.
    notes : what a reader should know of the answer, in words.

    The portfolio's figures can be read from the solution itself, which raises InfeasibleError when there are none.
    """

    status: SolutionStatus
    strategies: tuple[str, ...]
    portfolio: Portfolio | None
    certificate: Certificate | None
    conflicts: tuple[str, ...]
    solver: str
    allocator: str
    fallbacks: tuple[str, ...] = ()
    objective: str = "max-return"
    notes: tuple[str, ...] = ()

    def found(self) -> Portfolio:
        """The portfolio. InfeasibleError, naming the conflicting limits, if there is none."""
        if self.portfolio is None:
            raise InfeasibleError(
                f"no weights meet all limits; these contradict each other: {', '.join(self.conflicts)}",
                remedy="relax one of them",
            )
        return self.portfolio

    @property
    def weights(self) -> Floats:
        """(N,) fractions of fund equity, at most 8 decimals."""
        return self.found().weights

    @property
    def expected_return_annual(self) -> float:
        """Σ wᵢ·expected return."""
        return self.found().expected_return_annual

    @property
    def volatility_annual(self) -> float:
        """Sample standard deviation of the portfolio's daily returns × √252."""
        return self.found().volatility_annual

    @property
    def sharpe(self) -> float | None:
        """Expected return ÷ volatility; None for a portfolio that does not move."""
        return self.found().sharpe

    @property
    def var(self) -> float:
        """One-day value at risk at beta."""
        return self.found().var

    @property
    def cvar(self) -> float:
        """One-day conditional value at risk at beta."""
        return self.found().cvar

    @property
    def leverage(self) -> float:
        """Σw."""
        return self.found().leverage

    @property
    def margin(self) -> float:
        """Σ mᵢ·wᵢ."""
        return self.found().margin


@dataclass(frozen=True)
class FrontierPoint:
    """One efficient portfolio: the greatest expected annual return at its one-day CVaR.

    `solver` and `fallbacks` as for a Solution.
    """

    cvar: float
    expected_return_annual: float
    weights: Floats
    solver: str = ""
    fallbacks: tuple[str, ...] = ()
