"""The `fund` command: its nouns, and how errors reach a person or a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache

import typer
import typer.main

from fund_pipeline import __version__
from fund_pipeline.cli import (
    accounts,
    alerts,
    allocations,
    audit,
    backtests,
    breaks,
    clients,
    days,
    explaining,
    flows,
    funds,
    halts,
    keys,
    ledger,
    nav,
    nightly,
    orders,
    paper,
    payouts,
    posting,
    rates,
    registry,
    report,
    senders,
    signals,
    simulate,
    strategies,
    tracing,
    trading,
    users,
)
from fund_pipeline.cli.account_size import account_size
from fund_pipeline.cli.api import api
from fund_pipeline.cli.demo import demo
from fund_pipeline.cli.launcher import launcher
from fund_pipeline.cli.mongodb import follow_mongodb
from fund_pipeline.cli.optimize import optimize
from fund_pipeline.cli.performance import performance
from fund_pipeline.cli.positions import executions, positions
from fund_pipeline.cli.reconcile import reconcile
from fund_pipeline.cli.settings import settings
from fund_pipeline.cli.up import up
from fund_pipeline.errors import FundError

app = typer.Typer(
    name="fund",
    help="The operating pipeline of a small hedge fund. Settings come from FUND_* variables; see .env.example.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(backtests.app, name="backtests")
app.add_typer(strategies.app, name="strategies")
app.add_typer(registry.app, name="registry")
app.add_typer(funds.app, name="funds")
app.add_typer(accounts.app, name="accounts")
app.add_typer(flows.app, name="flows")
app.command()(performance)
app.add_typer(payouts.app, name="payouts")
app.add_typer(rates.app, name="rates")
app.add_typer(clients.app, name="clients")
app.add_typer(nav.app, name="nav")
app.add_typer(days.app, name="days")
app.command()(halts.halt)
app.command()(halts.resume)
app.command()(halts.halts)
app.add_typer(alerts.app, name="alerts")
app.add_typer(allocations.app, name="allocations")
app.add_typer(users.app, name="users")
app.add_typer(keys.app, name="keys")
app.add_typer(senders.app, name="senders")
signals.app.command("post")(posting.post)
signals.app.command("explain")(explaining.explain)
signals.app.command("trace")(tracing.trace)
app.add_typer(signals.app, name="signals")
signals.app.command()(follow_mongodb)
app.command()(trading.trade)
app.add_typer(trading.app, name="decisions")
app.add_typer(orders.app, name="orders")
app.command()(positions)
app.command()(executions)
app.add_typer(paper.app, name="paper")
app.command()(reconcile)
app.add_typer(breaks.app, name="breaks")
app.add_typer(report.app, name="report")
app.add_typer(audit.app, name="audit")
app.add_typer(ledger.app, name="ledger")
app.command()(nightly.nightly)
app.command()(optimize)
app.add_typer(simulate.app, name="simulate")
app.command()(account_size)
app.command()(demo)
app.command()(up)
app.command()(api)
app.command()(launcher)
app.command()(settings)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command. A FundError ends it with its own exit code and says what to do."""
    try:
        _command()()
    except FundError as error:
        _report(error)
        sys.exit(error.exit_code)


@cache
def _command() -> Callable[[], object]:
    """All commands, as typer makes them of the functions: once, because it takes longer than most of them do."""
    return typer.main.get_command(app)


def _report(error: FundError) -> None:
    if "--json" in sys.argv:
        problem = {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}
        typer.echo(json.dumps(problem))
        return
    typer.echo(f"Error: {error.message}", err=True)
    if error.remedy:
        typer.echo(f"To fix: {error.remedy}", err=True)
