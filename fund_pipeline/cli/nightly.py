"""`fund nightly`: the nightly pipeline, now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from fund_pipeline.cli.allocations import as_values, show_recommendation
from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.output import output_kept_for_us
from fund_pipeline.cli.tables import console, headed
from fund_pipeline.logs import correlated

if TYPE_CHECKING:
    from fund_pipeline.ledger import Ledger
    from fund_pipeline.services.research import Progress as Telling
    from fund_pipeline.services.research import RunOutcome, Step
    from fund_pipeline.settings import Settings


def nightly(as_json: Json = False) -> None:
    """Run the nightly pipeline now: backtest files to a recommended allocation for each fund.

    Exit code 1 when the run failed, or a check of severity ERROR did.
    """
    settings = start()
    with ledger_of(settings) as ledger:
        outcome = run_with_progress(settings, quiet=as_json)
        show_outcome(settings, ledger, outcome, as_json=as_json)
    end_with_checks(outcome)


def end_with_checks(outcome: RunOutcome) -> None:
    """Exit with code 1 when a check of severity ERROR failed."""
    if outcome.count(passed=False, severity="ERROR"):
        raise typer.Exit(1)


def run_with_progress(settings: Settings, *, quiet: bool) -> RunOutcome:
    """Run it under a new correlation id, with a bar in a terminal and plain lines elsewhere."""
    from fund_pipeline.services.nightly import run_nightly

    return with_progress(lambda correlation_id, tell: run_nightly(settings, correlation_id, tell), quiet=quiet)


def with_progress(run: Callable[[str, Telling], RunOutcome], *, quiet: bool) -> RunOutcome:
    """Run a job of research so, given the correlation id and whom to tell of each asset that is done."""
    with correlated() as correlation_id, output_kept_for_us() as ours:
        if quiet:
            return run(correlation_id, lambda _: None)
        terminal = console(ours)
        if not terminal.is_terminal:
            return run(correlation_id, lambda step: terminal.print(f"[{step.done}/{step.total}] {step.asset}"))
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        # It would send to the terminal what others print.
        with Progress(*columns, console=terminal, transient=True, redirect_stdout=False) as bar:
            task = bar.add_task("starting", total=None)

            def tell(step: Step) -> None:
                bar.update(task, description=step.asset, completed=step.done, total=step.total)

            return run(correlation_id, tell)


def show_outcome(
    settings: Settings,
    ledger: Ledger,
    outcome: RunOutcome,
    *,
    as_json: bool,
    more: Mapping[str, Any] | None = None,
) -> None:
    """What this run came to: each fund's recommendation or why it has none, and the checks; `more` joins the JSON."""
    from fund_pipeline.ledger.allocations import get_allocation
    from fund_pipeline.warehouse import Warehouse

    answers = list(Warehouse(settings.warehouse).read("recommendations").iter_rows(named=True))
    found = {a["fund_id"]: get_allocation(ledger, a["allocation_id"]) for a in answers if a["allocation_id"]}
    if as_json:
        print_json(
            {
                "run_id": outcome.run_id,
                "seconds": round(outcome.seconds, 2),
                "checks": [asdict(check) for check in outcome.checks],
                "funds": answers,
                "recommendations": [as_values(allocation) for allocation in found.values()],
                **(more or {}),
            }
        )
        return
    for answer in answers:
        if answer["fund_id"] in found:
            show_recommendation(ledger, found[answer["fund_id"]])
        else:
            console().print(headed(f"\n{answer['fund_id']}: {answer['status']}", ", nothing is recommended"))
            console().print(f"  because: {answer['problem']}")
    passed = outcome.count(passed=True)
    warned, failed = (outcome.count(passed=False, severity=severity) for severity in ("WARN", "ERROR"))
    terminal = console()
    terminal.print(headed("\nChecks", f"  {passed} passed, {warned} warned, {failed} failed"))
    for check in outcome.checks:
        if not check.passed:
            terminal.print(f"  {'warned' if check.severity == 'WARN' else 'FAILED'}: {check.name} on {check.asset}")
    terminal.print(headed("Run", f"     {outcome.run_id} took {outcome.seconds:.1f} s"))
