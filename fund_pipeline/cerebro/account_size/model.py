"""What a minimum account is asked for and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InputError


@dataclass(frozen=True)
class Unit:
    """The smallest size at which a strategy can run.

    Attributes
    ----------
    notional : capital, in the fund's currency, that one unit is allocated; > 0.
    margin : margin of one unit in that currency; None takes the strategy's margin share of the notional.
    lot_step : units come in whole multiples of this; > 0.

    Raises
    ------
    InputError : an amount that is not a finite number within its range.
    """

    notional: Decimal
    margin: Decimal | None = None
    lot_step: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        _check("unit_notional", self.notional)
        _check("lot_step", self.lot_step)
        if self.margin is not None and not (self.margin.is_finite() and self.margin >= 0):
            raise InputError(f"margin_per_unit is {self.margin}, expected 0 or more", remedy="correct it")

    @property
    def step(self) -> Decimal:
        """Capital of the smallest change of size: one lot step."""
        return self.notional * self.lot_step


class AccountStatus(StrEnum):
    """What was found.

    FOUND : whole units that meet every limit. CASH : nothing is worth holding, so no capital is needed. INFEASIBLE :
    the limits contradict each other even for an account of any size. NONE_FOUND : no whole units were met in the
    search; the bound says from where on there may be some.
    """

    FOUND = "FOUND"
    CASH = "CASH"
    INFEASIBLE = "INFEASIBLE"
    NONE_FOUND = "NONE_FOUND"


@dataclass(frozen=True)
class Holding:
    """Whole units in an account and what they amount to, all recomputed from the units.

    Attributes
    ----------
    capital, leftover : in the fund's currency; leftover is what no unit is allocated, negative with leverage.
    units : (N,) multiples of each lot step.
    weights : (N,) allocated capital ÷ capital; they meet every limit without tolerance.
    expected_return_annual : net of the price of trades if there is one.
    cvar, margin, leverage : decimals of capital; CVaR one day.
    return_kept : expected return ÷ that of the continuous optimum.
    binding : names of the limits that units 0.1 % larger would break, and `return_kept` if 0.1 % less return would.
    """

    capital: Decimal
    units: tuple[Decimal, ...]
    weights: Floats
    leftover: Decimal
    expected_return_annual: float
    return_kept: float
    cvar: float
    margin: float
    leverage: float
    binding: tuple[str, ...]


@dataclass(frozen=True)
class AccountSize:
    """The least account.

    Attributes
    ----------
    strategies : ids in the order of units and weights.
    holding : at the least capital that was found; None unless FOUND.
    lower_bound : no smaller account does, among the candidates; in the fund's currency.
    relative_gap : (capital − lower bound) ÷ capital.
    candidates : the strategies that were considered, the others being held at 0.
    continuous_return : expected annual return of the continuous optimum over all strategies.
    delta : share of it that may be given up.
    conflicts : when INFEASIBLE, a smallest set of limits that contradict each other.
    parts, solver : how many parts the search bounded, and with what.
    """

    status: AccountStatus
    strategies: tuple[str, ...]
    holding: Holding | None
    lower_bound: float
    relative_gap: float
    candidates: tuple[str, ...]
    continuous_return: float
    delta: float
    conflicts: tuple[str, ...]
    parts: int
    solver: str

    @property
    def capital(self) -> Decimal | None:
        """The least capital found, whole cents; 0 when cash is best, None when nothing was found."""
        if self.status is AccountStatus.CASH:
            return Decimal(0)
        return self.holding.capital if self.holding else None


@dataclass(frozen=True)
class WholeUnits:
    """The best whole units at a given capital.

    Attributes
    ----------
    strategies, candidates, continuous_return, delta, conflicts, parts, solver : as for AccountSize.
    holding : None if no whole units meet the limits, which can be only if the limits exclude cash.
    upper_bound : no whole units of the candidates have a greater expected annual return.
    relative_gap : (upper bound − return) ÷ upper bound, ÷ one basis point if that is more.
    keeps : whether the return is at least (1 − delta) of the continuous optimum's.
    """

    status: AccountStatus
    strategies: tuple[str, ...]
    holding: Holding | None
    upper_bound: float
    relative_gap: float
    keeps: bool
    candidates: tuple[str, ...]
    continuous_return: float
    delta: float
    conflicts: tuple[str, ...]
    parts: int
    solver: str


def _check(field: str, value: Decimal) -> None:
    if not (value.is_finite() and value > 0):
        raise InputError(f"{field} is {value}, expected a number above 0", remedy="correct it")
