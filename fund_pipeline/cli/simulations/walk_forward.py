"""`fund simulate walk-forward`: what choosing again and again would have earned."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.problems import Asked, problem_options, read_problem
from fund_pipeline.cli.simulations.pictures import Picture, check_picture
from fund_pipeline.cli.tables import console, number, percent, table
from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.cerebro.allocation import Problem, Session, Solution
    from fund_pipeline.cerebro.simulation import Rebalance, WalkForward

_LAST = 12


@problem_options
def walk_forward(
    asked: Asked,
    window: Annotated[int, typer.Option(min=1, help="Days of which each choice is made.")],
    step: Annotated[int, typer.Option(min=1, help="Days from one choice to the next.")] = 21,
    anchored: Annotated[
        bool, typer.Option("--anchored", help="Choose from all days before, rather than the last ones.")
    ] = False,
    cost: Annotated[float, typer.Option(min=0.0, help="Cost of trading, decimal of what is traded.")] = 0.001,
    objective: Annotated[str, typer.Option(help="As for `fund optimize`, but for mean-variance.")] = "max-return",
    picture: Picture = None,
    as_json: Json = False,
) -> None:
    """Walk forward: choose every few days from the days before alone, hold, pay for trades; begin in cash.

    JSON: status; objective; strategies; window, step, anchored, cost; dates[], gross_returns[], net_returns[] by day;
    rebalances[] of date, status, weights (those held), turnover, cost, in_sample_cvar, in_sample_var, conflicts, solver
    and fallbacks; ruined_on; summary of annual_return_gross, annual_return_net, volatility_annual, sharpe,
    realised_cvar, cvar_limit, max_drawdown, average_turnover, total_cost and exceedances (days, count, expected,
    frequency, likelihood_ratio, p_value); notes, finding. Decimals; CVaR and VaR for one day.

    Exit code 0: a walk; 3: the limits contradict each other at every choice, and which; 2: wrong input.
    """
    from fund_pipeline.cerebro.allocation import SolutionStatus
    from fund_pipeline.cerebro.allocation.asking import optimise
    from fund_pipeline.cerebro.expected import Means
    from fund_pipeline.cerebro.simulation import walk_forward as walk
    from fund_pipeline.cli.simulations.progress import waiting
    from fund_pipeline.cli.simulations.telling import estimated, infeasible, question_of, show_finding, show_notes

    start()
    check_picture(picture)
    estimated(asked, "walk-forward")
    if asked.current is not None:
        raise InputError(f"--current is {asked.current}, but a walk begins in cash", remedy="leave it out")
    question, limit = question_of(objective)
    posed = read_problem(asked, limit)
    problem = posed.problem
    notes: dict[str, None] = {}  # in the order in which they first were said

    def choose(session: Session, seen: Problem) -> Solution:
        solution = optimise(seen, question, session)
        notes.update(dict.fromkeys(solution.notes))
        return solution

    # The first note tells of a margin cap without margins; the others, of all days at once, are not true of a walk.
    if asked.margin_cap is not None and problem.constraints.margin_cap is None:
        notes[posed.notes[0]] = None
    with waiting("walk forward", quiet=as_json) as tell:
        walked = walk(
            problem.scenarios,
            problem.margins,
            problem.constraints,
            window=window,
            step=step,
            anchored=anchored,
            cost_rate=cost,
            means=Means(asked.means),
            choose=choose,
            progress=tell,
        )
    if all(one.status is SolutionStatus.INFEASIBLE for one in walked.rebalances):
        infeasible(walked.rebalances[-1].conflicts, list(notes), as_json=as_json)
    finding = _finding(walked)
    if picture is not None:
        _draw(walked, finding, picture)
    if as_json:
        print_json(
            {
                "status": "OPTIMAL",
                "objective": objective,
                "window": window,
                "step": step,
                "anchored": anchored,
                "cost": cost,
                **_values(walked),
                "notes": list(notes),
                "finding": finding,
            }
        )
        return
    show_notes(list(notes))
    _show(walked)
    show_finding(finding)


def _values(walked: WalkForward) -> dict[str, Any]:
    return {
        "strategies": list(walked.strategies),
        "dates": [str(day) for day in walked.dates],
        "gross_returns": walked.gross_returns.tolist(),
        "net_returns": walked.net_returns.tolist(),
        "rebalances": [_rebalance(walked, one) for one in walked.rebalances],
        "ruined_on": None if walked.ruined_on is None else str(walked.ruined_on),
        "summary": asdict(walked.summary),
    }


def _rebalance(walked: WalkForward, one: Rebalance) -> dict[str, Any]:
    from fund_pipeline.cli.simulations.telling import held

    return {
        "date": str(one.date),
        "status": one.status.value,
        "weights": held(walked.strategies, one.weights),
        "turnover": one.turnover,
        "cost": one.cost,
        "in_sample_cvar": one.in_sample_cvar,
        "in_sample_var": one.in_sample_var,
        "conflicts": list(one.conflicts),
        "solver": one.solver,
        "fallbacks": list(one.fallbacks),
    }


def _show(walked: WalkForward) -> None:
    last = walked.rebalances[-_LAST:]
    shortened = f" (the last {len(last)})" if len(last) < len(walked.rebalances) else ""
    title = f"Walk forward: {len(walked.rebalances)} choices{shortened}"
    shown = table(title, "chosen for", "held", "Σw", "turnover", "CVaR seen", "status<")
    for one in last:
        shown.add_row(
            str(one.date), str(int((one.weights != 0.0).sum())), percent(float(one.weights.sum())),
            percent(one.turnover), percent(one.in_sample_cvar, 3), one.status.value,
        )  # fmt: skip
    terminal = console()
    terminal.print(shown)
    told = walked.summary
    terminal.print(
        f"{walked.dates[0]} – {walked.dates[-1]}: return a year {percent(told.annual_return_net)} after costs, "
        f"{percent(told.annual_return_gross)} before; "
        f"volatility {percent(told.volatility_annual)}, Sharpe {number(told.sharpe)}, greatest drawdown "
        f"{percent(told.max_drawdown)}, turnover {percent(told.average_turnover)} a choice"
    )


def _finding(walked: WalkForward) -> list[str]:
    summary, beyond = walked.summary, walked.summary.exceedances
    against = "" if summary.cvar_limit is None else f" against a limit of {percent(summary.cvar_limit)}"
    told = [f"Realised CVaR {percent(summary.realised_cvar)}{against}."]
    if beyond.frequency is not None and beyond.p_value is not None:
        told.append(
            f"Losses beyond VaR on {percent(beyond.frequency, 1)} of days, expected "
            f"{percent(beyond.expected / beyond.days, 1)} (Kupiec p = {beyond.p_value:.2g})."
        )
    without = [one for one in walked.rebalances if one.conflicts]
    if without:
        told.append(
            f"At {len(without)} of {len(walked.rebalances)} choices the limits contradicted each other and nothing was "
            f"traded; on {without[-1].date}: {', '.join(without[-1].conflicts)}."
        )
    if walked.ruined_on is not None:
        told.append(f"All equity was lost on {walked.ruined_on}.")
    return told


def _draw(walked: WalkForward, finding: list[str], path: Path) -> None:
    import numpy as np

    from fund_pipeline.cli.simulations.pictures import BLUE, GREY, ORANGE, label, new_figure, save

    figure = new_figure(9, 6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    net = np.cumprod(1.0 + walked.net_returns)
    upper.plot(walked.dates, np.cumprod(1.0 + walked.gross_returns), "--", color=ORANGE, label="before costs")
    upper.plot(walked.dates, net, color=BLUE, label="after costs")
    upper.axhline(1.0, color=GREY, linewidth=0.8)
    label(upper, "Walk forward", "", "equity, 1 at the start")
    upper.legend()
    fall = 100 * (net / np.maximum(np.maximum.accumulate(net), 1.0) - 1.0)
    lower.fill_between(walked.dates, fall, 0.0, color=BLUE, alpha=0.4)
    label(lower, "Drawdown after costs", "day", "below the peak, %")
    save(figure, path, "Walk forward: equity and drawdown", " ".join(finding))
