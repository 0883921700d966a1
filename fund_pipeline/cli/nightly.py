"""`fund nightly`: the nightly pipeline, now."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from fund_pipeline.cli.allocations import as_values, show_recommendation
from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.tables import console
from fund_pipeline.logs import correlated

if TYPE_CHECKING:
    from fund_pipeline.ledger import Ledger
    from fund_pipeline.services.nightly import NightlyOutcome, Step
    from fund_pipeline.settings import Settings


def nightly(as_json: Json = False) -> None:
    """Run the nightly pipeline now: backtest files to a recommended allocation for each fund."""
    settings = start()
    with ledger_of(settings) as ledger:
        outcome = run_with_progress(settings, quiet=as_json)
        show_outcome(ledger, outcome, as_json=as_json)


def run_with_progress(settings: Settings, *, quiet: bool) -> NightlyOutcome:
    """Run it under a new correlation id, with a bar in a terminal and plain lines elsewhere."""
    from fund_pipeline.services.nightly import run_nightly

    terminal = console()
    with correlated() as correlation_id:
        if quiet:
            return run_nightly(settings, correlation_id, lambda _: None)
        if not terminal.is_terminal:
            return run_nightly(
                settings, correlation_id, lambda step: terminal.print(f"[{step.done}/{step.total}] {step.asset}")
            )
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=terminal, transient=True) as bar:
            task = bar.add_task("starting", total=None)

            def tell(step: Step) -> None:
                bar.update(task, description=step.asset, completed=step.done, total=step.total)

            return run_nightly(settings, correlation_id, tell)


def show_outcome(ledger: Ledger, outcome: NightlyOutcome, *, as_json: bool) -> None:
    """What the run came to: each fund's recommendation, and the checks."""
    from fund_pipeline.ledger.allocations import list_allocations
    from fund_pipeline.ledger.model import AllocationStatus

    pending = list_allocations(ledger, status=AllocationStatus.PENDING_APPROVAL)
    if as_json:
        print_json(
            {
                "run_id": outcome.run_id,
                "seconds": round(outcome.seconds, 2),
                "checks": [asdict(check) for check in outcome.checks],
                "recommendations": [as_values(allocation) for allocation in pending],
            }
        )
        return
    for allocation in pending:
        show_recommendation(ledger, allocation)
    passed = outcome.count(passed=True)
    warned, failed = (outcome.count(passed=False, severity=severity) for severity in ("WARN", "ERROR"))
    terminal = console()
    terminal.print(f"\n[bold]Checks[/bold]  {passed} passed, {warned} warned, {failed} failed")
    for check in outcome.checks:
        if not check.passed:
            terminal.print(f"  {'warned' if check.severity == 'WARN' else 'FAILED'}: {check.name} on {check.asset}")
    terminal.print(f"[bold]Run[/bold]     {outcome.run_id} took {outcome.seconds:.1f} s")
