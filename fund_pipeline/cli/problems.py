"""The options that pose a problem to Cerebro, shared by every command that does."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from fund_pipeline.cli.problem_words import bounds_of, clusters_of, with_a_fix
from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.cerebro.allocation import Constraints, Problem
    from fund_pipeline.cerebro.model import Floats, ReturnsMatrix

DEFAULT_CVAR_LIMIT = 0.01

_DATA, _LIMITS, _MORE = "Data", "Limits", "More limits"


def _option(panel: str, text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, rich_help_panel=panel, show_default=True, **more)


@dataclass(frozen=True)
class Asked:
    """A problem as given on the command line."""

    returns: Annotated[Path | None, _option(_DATA, "Wide CSV: date, then decimal daily returns.")] = None
    backtests: Annotated[Path | None, _option(_DATA, "Folder of backtest files instead.")] = None
    margins: Annotated[Path | None, _option(_DATA, "CSV: strategy, margin ÷ allocated capital.")] = None
    current: Annotated[Path | None, _option(_DATA, "CSV: strategy, weight held today; others 0.")] = None
    means: Annotated[str, _option(_DATA, "Expected returns: sample or james-stein.")] = "sample"
    expected: Annotated[Path | None, _option(_DATA, "CSV: strategy, expected return a year, instead.")] = None
    beta: Annotated[float, _option(_LIMITS, "Confidence of VaR and CVaR.")] = 0.95
    cvar_limit: Annotated[
        float | None, _option(_LIMITS, f"Greatest one-day CVaR; {DEFAULT_CVAR_LIMIT} for max-return, else none.")
    ] = None
    max_weight: Annotated[float, _option(_LIMITS, "Greatest weight of one strategy.")] = 0.5
    leverage: Annotated[float, _option(_LIMITS, "Greatest sum of weights.")] = 2.0
    margin_cap: Annotated[float | None, _option(_LIMITS, "Greatest sum of margin; needs margins.")] = None
    min_weight: Annotated[float, _option(_MORE, "Least weight of every strategy.")] = 0.0
    budget: Annotated[float | None, _option(_MORE, "The sum of weights, exactly.")] = None
    bound: Annotated[list[str] | None, _option(_MORE, "NAME=0.05..0.3, or NAME=0.1 to fix it; repeat.")] = None
    cluster: Annotated[list[str] | None, _option(_MORE, "A,B=0.4: cap of a group; repeat.")] = None
    cluster_cap: Annotated[float | None, _option(_MORE, "Cap of groups that move together.")] = None
    cluster_correlation: Annotated[float, _option(_MORE, "Correlation that makes a group.")] = 0.7
    max_turnover: Annotated[float | None, _option(_MORE, "Greatest sum of changes from --current.")] = None
    transaction_cost: Annotated[float, _option(_MORE, "Annual return that a turnover of 1 costs.")] = 0.0
    min_weight_if_held: Annotated[float | None, _option(_MORE, "Least weight of what is held at all.")] = None
    max_cdar: Annotated[float | None, _option(_MORE, "Greatest conditional drawdown at risk.")] = None
    cdar_beta: Annotated[float, _option(_MORE, "Its confidence; 0.9999 is the drawdown itself.")] = 0.95


@dataclass(frozen=True)
class Posed:
    """A problem that was read, what is known of the strategies beyond the common window, and what was assumed."""

    problem: Problem
    history: ReturnsMatrix
    notes: tuple[str, ...]


def problem_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, whose first parameter is an Asked, the options of a problem."""

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        options = [f"--{name.replace('_', '-')}" for name in given]
        asked = Asked(**{field.name: given.pop(field.name) for field in fields(Asked)})
        try:
            command(asked, **given)
        except InputError as wrong:
            raise with_a_fix(wrong, options) from wrong.__cause__

    kinds = get_type_hints(Asked, include_extras=True)
    shared = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=kinds[field.name]
        )
        for field in fields(Asked)
    ]
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    ]
    with_options.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *shared]}
    return with_options


def read_problem(asked: Asked, default_cvar_limit: float | None = DEFAULT_CVAR_LIMIT) -> Posed:
    """The problem. InputError names the file or option, the value and the fix.

    Parameters
    ----------
    default_cvar_limit : where none is given; None for an objective that needs none.
    """
    import numpy as np

    from fund_pipeline.backtests.wide import read_figures
    from fund_pipeline.cerebro.allocation import Problem

    history, margins = _read(asked)
    window = history.common_window()
    if not len(window.dates):
        raise InputError("the strategies share no day", remedy="leave out the one with the shortest history")
    names = window.strategies
    notes = []
    if asked.margin_cap is not None and margins is None:
        notes.append(f"margin cap {asked.margin_cap:g} is not applied, for no margins are known: add --margins FILE")
    if asked.max_turnover is not None and asked.current is None:
        notes.append("turnover counts from cash, for no weights are held today: add --current FILE")
    expected, told = _expected(asked, window)
    current = read_figures(asked.current, names, "weight", default=0.0) if asked.current else np.zeros(len(names))
    problem = Problem(
        scenarios=window,
        expected_returns=expected,
        margins=np.zeros(len(names)) if margins is None else margins,
        current_weights=current,
        constraints=_constraints(asked, window, default_cvar_limit, has_margins=margins is not None),
    )
    return Posed(problem, history, (*notes, *told))


def _read(asked: Asked) -> tuple[ReturnsMatrix, Floats | None]:
    from fund_pipeline.backtests.wide import read_margins, read_wide_returns

    given = [path for path in (asked.returns, asked.backtests) if path is not None]
    if len(given) != 1:
        raise InputError("give either --returns or --backtests", remedy="add --help to see what each takes")
    if asked.returns is not None:
        matrix = read_wide_returns(asked.returns)
        return matrix, read_margins(asked.margins, matrix.strategies) if asked.margins else None
    from fund_pipeline.backtests.folder import read_folder_returns
    from fund_pipeline.clock import today_in
    from fund_pipeline.settings import load_settings

    settings = load_settings()
    matrix, own = read_folder_returns(given[0], settings.calendar, today_in(settings.time_zone))
    return matrix, read_margins(asked.margins, matrix.strategies) if asked.margins else own


def _expected(asked: Asked, window: ReturnsMatrix) -> tuple[Floats, tuple[str, ...]]:
    from fund_pipeline.backtests.wide import read_figures
    from fund_pipeline.cerebro.expected import Means, expected_returns

    if asked.expected is not None:
        return read_figures(asked.expected, window.strategies, "expected return a year"), ()
    if asked.means not in set(Means):
        raise InputError(f"--means is {asked.means!r}", remedy=f"choose from {', '.join(Means)}")
    found = expected_returns(window.values, Means(asked.means))
    if found.target is None or found.target_annual is None:
        return found.annual, ()
    towards = f"the {found.target.value}, {found.target_annual:.2%} a year"
    return found.annual, (f"expected returns are shrunk by {found.intensity:.1%} towards {towards}",)


def _constraints(
    asked: Asked, window: ReturnsMatrix, default_cvar_limit: float | None, *, has_margins: bool
) -> Constraints:
    from fund_pipeline.cerebro.allocation import Constraints

    given = Constraints(
        beta=asked.beta,
        cvar_limit=default_cvar_limit if asked.cvar_limit is None else asked.cvar_limit,
        max_leverage=asked.leverage,
        max_weight=asked.max_weight,
        min_weight=asked.min_weight,
        margin_cap=asked.margin_cap,
        clusters=clusters_of(asked.cluster or [], asked.cluster_cap, asked.cluster_correlation, window),
        max_turnover=asked.max_turnover,
        budget=asked.budget,
        bounds=bounds_of(asked.bound or [], window.strategies),
        min_weight_if_held=asked.min_weight_if_held,
        transaction_cost=asked.transaction_cost,
        max_cdar=asked.max_cdar,
        cdar_beta=asked.cdar_beta,
    )
    # Only now, so that a cap out of its range is refused though it takes no part.
    return given if has_margins else replace(given, margin_cap=None)
