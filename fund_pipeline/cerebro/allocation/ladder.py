"""Three ways to one answer, tried in turn: the fast engine, the plain linear programme, PyPortfolioOpt.

A way is left when it fails, when its weights break a limit, or when its multipliers do not prove its optimum; the
answer then says so. None of them is trusted: each answer is checked against the scenarios and its dual bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fund_pipeline.cerebro.allocation import lp, peer
from fund_pipeline.cerebro.allocation.bound import DualBound, dual_bound
from fund_pipeline.cerebro.allocation.fast.engine import SOLVER as FAST_SOLVER
from fund_pipeline.cerebro.allocation.fast.engine import Declined, Engine
from fund_pipeline.cerebro.allocation.limits import Limits, returns_of
from fund_pipeline.cerebro.allocation.lp import Aim, Vertex
from fund_pipeline.cerebro.cvar import cvar
from fund_pipeline.cerebro.model import Floats
from fund_pipeline.errors import InvariantError

GREATEST_GAP = 1e-8
"""Relative gap between optimum and bound above which an answer is not given."""

_LEAST_SCALE = 1e-4
_BROKEN = 1e-9


@dataclass(frozen=True)
class Proved:
    """An optimum with its proof.

    Attributes
    ----------
    limits : what was asked, with the rows that stand for limits which are not linear.
    vertex : the weights, within the limits to 1e-9, and the multipliers, one for each row of `limits`.
    bound : what the multipliers prove.
    objective : reached by the weights: expected annual return, or CVaR; a decimal.
    relative_gap : at most 1e-8.
    """

    limits: Limits
    vertex: Vertex
    bound: DualBound
    objective: float
    relative_gap: float


@dataclass(frozen=True)
class Answer:
    """What the ladder found.

    Attributes
    ----------
    proved : None if the limits contradict each other.
    solver : the way that answered, with versions.
    fallbacks : why each earlier way was left; empty if the first answered.
    """

    proved: Proved | None
    solver: str
    fallbacks: tuple[str, ...] = ()


class Way(Enum):
    """The ways to an answer, in the order they are tried, with the words for those that were left."""

    FAST = "the fast engine"
    PLAIN = "the plain programme"
    PEER = "PyPortfolioOpt"


def answer(limits: Limits, aim: Aim, engine: Engine, first: Way = Way.FAST) -> Answer:
    """The optimum, from the first way that proves it. Only the plain programme may say that there is none.

    Parameters
    ----------
    engine : keeps what it learned for the next question.
    first : the way to begin with, for a comparison.

    Raises
    ------
    InvariantError : no way proves an answer; the message says what each one did.
    """
    left: list[str] = []
    ways = list(Way)
    for way in ways[ways.index(first) :]:
        found = _TRIED[way](limits, aim, engine)
        if found is None:
            return Answer(None, _SOLVERS[way], tuple(left))
        if isinstance(found, str):
            left.append(found)
            continue
        proved = _proved(limits, aim, found, left, way.value)
        if proved is not None:
            return Answer(proved, _SOLVERS[way], tuple(left))
    raise InvariantError(f"no solver proved an optimum: {'; '.join(left)}")


def _by_engine(limits: Limits, aim: Aim, engine: Engine) -> Vertex | str | None:
    found = engine.optimise(limits, aim)
    return found.value if isinstance(found, Declined) else found


def _by_plain_programme(limits: Limits, aim: Aim, _: Engine) -> Vertex | str | None:
    try:
        return lp.optimise(limits, aim)
    except InvariantError as error:
        return f"the plain programme: {error.message}"


def _by_peer(limits: Limits, aim: Aim, _: Engine) -> Vertex | str | None:
    return peer.optimise(limits, aim)


_TRIED = {Way.FAST: _by_engine, Way.PLAIN: _by_plain_programme, Way.PEER: _by_peer}
_SOLVERS = {Way.FAST: FAST_SOLVER, Way.PLAIN: lp.SOLVER, Way.PEER: peer.SOLVER}


def objective_of(limits: Limits, aim: Aim, weights: Floats) -> float:
    """Expected annual return of the weights, net of trades; or their CVaR, less the reward of that return."""
    if aim is Aim.LEAST_CVAR:
        risk = cvar(returns_of(limits.returns, weights), limits.beta)
        return risk - limits.reward * limits.net_return(weights) if limits.reward else risk
    return limits.net_return(weights)


def relative_gap(bound: float, objective: float) -> float:
    """Distance of the objective from its bound, in shares of the bound, or of one basis point if that is more."""
    return abs(bound - objective) / max(abs(bound), _LEAST_SCALE)


def _proved(limits: Limits, aim: Aim, vertex: Vertex, left: list[str], name: str) -> Proved | None:
    broken = limits.broken_by(vertex.weights, _BROKEN)
    if broken:
        left.append(f"the weights of {name} break {', '.join(broken)}")
        return None
    bound = dual_bound(limits, aim, vertex.multipliers)
    objective = objective_of(limits, aim, vertex.weights)
    gap = relative_gap(bound.value, objective)
    if not gap <= GREATEST_GAP:
        left.append(f"the optimum {objective} of {name} is {gap:.1e} from its bound {bound.value}")
        return None
    return Proved(limits, vertex, bound, objective, gap)
