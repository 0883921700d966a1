"""`fund allocations`: what each fund is recommended to hold, and holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.approvals import add_commands
from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.tables import console, number, percent, table
from fund_pipeline.ledger.digests import shown_id
from fund_pipeline.ledger.model import Allocation, AllocationOrigin, AllocationStatus

if TYPE_CHECKING:
    from fund_pipeline.ledger import Ledger

ROUNDED = 1e-8
"""Allocations keep eight decimals of what a run found."""

app = typer.Typer(help="What each fund is recommended to hold, and holds.", no_args_is_help=True)
add_commands(app)


@app.command("list")
def list_command(
    fund: Annotated[str | None, typer.Option(help="Only this fund.")] = None,
    status: Annotated[AllocationStatus | None, typer.Option(help="Only in this state.")] = None,
    as_json: Json = False,
) -> None:
    """List allocations, newest first."""
    from fund_pipeline.ledger.allocations import list_allocations
    from fund_pipeline.ledger.funds import get_fund

    with ledger_of(start()) as ledger:
        if fund is not None:
            get_fund(ledger, fund)
        found = list_allocations(ledger, fund, status)
    if as_json:
        print_json([as_values(allocation) for allocation in found])
        return
    if not found:
        typer.echo("no allocation yet; `fund nightly` recommends one for each fund")
        return
    shown = table(
        "Allocations", "allocation", "fund<", "status<", "made<", "return a year", "CVaR", "leverage", "margin"
    )
    for a in found:
        m = a.metrics
        figures = (
            percent(m["expected_return_annual"]),
            percent(m["cvar"]),
            number(m["leverage"]),
            percent(m["margin"]),
        )
        shown.add_row(a.allocation_id, a.fund_id, a.status.value, f"{a.created_at:%Y-%m-%d %H:%M}Z", *figures)
    console().print(shown)


@app.command("runs")
def runs(
    fund: Annotated[str | None, typer.Option(help="Only this fund.")] = None,
    as_json: Json = False,
) -> None:
    """List optimisation runs, newest first, also those that found no answer, with what contradicts what."""
    from fund_pipeline.ledger.allocations import list_runs

    with ledger_of(start()) as ledger:
        found = list_runs(ledger, fund)
    if as_json:
        print_json([asdict(run) for run in found])
        return
    shown = table("Optimisation runs", "run", "fund<", "status<", "made<", "days", "conflicts<")
    for run in found:
        conflicts = "; ".join(run.result["conflicts"])
        days = str(run.inputs["window"]["days"])
        shown.add_row(run.run_id, run.fund_id, run.status, f"{run.created_at:%Y-%m-%d %H:%M}Z", days, conflicts)
    console().print(shown)


@app.command("show")
def show(
    allocation_id: Annotated[str, typer.Argument(metavar="ID", help="Allocation id, from `fund allocations list`.")],
    as_json: Json = False,
) -> None:
    """Show one allocation with the whole record of the run that recommended it.

    Exit code 70 when it is pending and not what was recorded: nobody should decide by it.
    """
    from fund_pipeline.ledger.allocations import get_allocation, get_run

    with ledger_of(start()) as ledger:
        allocation = get_allocation(ledger, allocation_id)
        if as_json:
            why = _refuse_altered(ledger, allocation)
            run = asdict(get_run(ledger, allocation.run_id))
            print_json(as_values(allocation) | {"run": run, "not_as_recorded": why})
        else:
            show_recommendation(ledger, allocation)


def as_values(allocation: Allocation) -> dict[str, Any]:
    """An allocation as plain values; weights are numbers with at most eight decimals."""
    return asdict(allocation) | {
        "weights": {name: float(w) for name, w in allocation.weights.items()},
        "shown": shown_id(allocation.allocation_id, allocation.digest),
    }


def show_recommendation(ledger: Ledger, allocation: Allocation) -> None:
    """One allocation as people read it: a line per strategy, the portfolio's line, what binds, who was left out.

    Weights are the allocation's own; where a person changed them, what its run found of the strategy is left out.
    InvariantError when it is pending, and not what was recorded.
    """
    from fund_pipeline.ledger.allocations import get_run

    why = _refuse_altered(ledger, allocation)
    run = get_run(ledger, allocation.run_id)
    result, metrics, window = run.result, allocation.metrics, run.inputs["window"]
    shown = table(
        f"{allocation.fund_id}: {allocation.allocation_id} ({allocation.status.value})",
        *("strategy", "weight", "return a year", "CVaR alone", "CVaR contribution", "margin", "history<"),
    )
    for line in result["strategies"]:
        weight = float(allocation.weights.get(line["strategy_id"], 0))
        as_found = abs(weight - line["weight"]) < ROUNDED
        unseen = f", without {'; '.join(line['hidden_crises'])}" if line["hidden_crises"] else ""
        shown.add_row(
            line["strategy_id"],
            percent(weight),
            percent(line["expected_return_annual"]),
            percent(line["cvar_full_history"]),
            percent(line["cvar_contribution"], 3) if as_found else "–",
            percent(weight * (line["margin_use"] or 0.0)),
            f"{line['first_date']} – {line['last_date']}{unseen}" if line["first_date"] else "sold, takes no part",
        )
    for excluded in result["excluded"]:
        shown.add_row(excluded["strategy_id"], "out", "", "", "", "", excluded["in_words"], style="dim")
    shown.add_section()
    shown.add_row(
        "portfolio",
        percent(metrics["leverage"]),
        percent(metrics["expected_return_annual"]),
        "",
        percent(metrics["cvar"], 3),
        percent(metrics["margin"]),
        f"volatility {percent(metrics['volatility_annual'])}, Sharpe {number(metrics['sharpe'])}, "
        f"{window['days']} days {window['first_date']} – {window['last_date']}",
        style="bold",
    )
    terminal = console()
    terminal.print()
    terminal.print(shown)
    if why is not None:
        terminal.print(f"  NOT AS RECORDED: {why}", style="bold red", markup=False)
    if allocation.origin is not AllocationOrigin.OPTIMISED:
        return  # what follows is of the weights that the run recommended
    _show_changes(result)
    _show_crises(result)
    if allocation.status is AllocationStatus.PENDING_APPROVAL:
        named = shown_id(allocation.allocation_id, allocation.digest)
        terminal.print(f"  to decide: fund allocations approve {named} --by YOU")
    if result["certificate"] is not None:
        for binding in result["certificate"]["binding"]:
            terminal.print(f"  binds: {binding['in_words']}")
    for fallback in result["fallbacks"]:
        terminal.print(f"  the solver fell back: {fallback}")


def _refuse_altered(ledger: Ledger, allocation: Allocation) -> str | None:
    """What is not as it was recorded; InvariantError for what is pending: people decide by it."""
    from fund_pipeline.allocations.approval.standing import altered

    why = altered(ledger, allocation)
    if why is not None and allocation.status is AllocationStatus.PENDING_APPROVAL:
        raise why
    return None if why is None else why.message


def _show_changes(result: Mapping[str, Any]) -> None:
    changes = result.get("changes")
    if not changes:
        return
    for one in changes["strategies"]:
        moved = f"{percent(one['before'])} to {percent(one['now'])}"
        console().print(f"  changed: {one['strategy_id']} {moved}: {'; '.join(one['why'])}")
    kept = changes["if_kept"]
    if kept is not None:
        broken = f", breaking {', '.join(kept['breaks'])}" if kept["breaks"] else ""
        told = f"return {percent(kept['expected_return_annual'])}, CVaR {percent(kept['cvar'], 3)}{broken}"
        console().print(f"  kept as they are, the weights in force would have: {told}")


def _show_crises(result: Mapping[str, Any]) -> None:
    stress = result.get("stress")
    lived = [one for one in stress["recommended"]["crises"] if one["compounded_return"] is not None] if stress else []
    if lived:
        told = "; ".join(
            f"{one['name']} {percent(one['compounded_return'], 1)}{'' if one['coverage'] == 'WHOLE' else ' (in part)'}"
            for one in lived
        )
        console().print(f"  in past crises it would have made: {told}")
