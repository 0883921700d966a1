"""`fund strategies`: the registry of strategies."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
import yaml

from fund_pipeline.accounts.registry import StrategyEntry, parse_strategy
from fund_pipeline.cli.backtests import Unit
from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import InputError

app = typer.Typer(help="The registry of strategies.", no_args_is_help=True)
StrategyId = Annotated[str, typer.Argument(metavar="ID", help="Strategy id, as in its file's name.")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FIELD=VALUE",
        help=f"Any of: {', '.join(name for name in StrategyEntry.model_fields if name != 'strategy_id')}.",
    ),
]


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """List the strategies with what is known of their backtests."""
    from fund_pipeline.ledger.backtests import list_summaries
    from fund_pipeline.ledger.strategies import list_strategies

    with ledger_of(start()) as ledger:
        strategies, summaries = list_strategies(ledger), {s.strategy_id: s for s in list_summaries(ledger)}
    if as_json:
        print_json(
            [
                asdict(s) | {"backtest": asdict(summaries[s.strategy_id]) if s.strategy_id in summaries else None}
                for s in strategies
            ]
        )
        return
    shown = table("Strategies", "strategy", "status<", "mode<", "optimised<", "backtest<", "days")
    for s in strategies:
        summary = summaries.get(s.strategy_id)
        window = f"{summary.first_date} – {summary.last_date}" if summary else "none"
        included = "yes" if s.include_in_optimization else "no"
        days = str(summary.days) if summary else "–"
        shown.add_row(s.strategy_id, s.status.value, s.trading_mode.value, included, window, days)
    console().print(shown)


@app.command("show")
def show(strategy_id: StrategyId, as_json: Json = False) -> None:
    """Show one strategy, its backtest, and everything that was done to it."""
    from fund_pipeline.ledger.audit import history
    from fund_pipeline.ledger.backtests import list_summaries
    from fund_pipeline.ledger.strategies import get_strategy

    with ledger_of(start()) as ledger:
        strategy = get_strategy(ledger, strategy_id)
        summary = next((s for s in list_summaries(ledger) if s.strategy_id == strategy_id), None)
        done = history(ledger, "strategy", strategy_id)
    if as_json:
        print_json(
            asdict(strategy)
            | {"backtest": asdict(summary) if summary else None, "history": [asdict(entry) for entry in done]}
        )
        return
    shown = table(strategy.name, "field", "value<")
    for field, value in asdict(strategy).items():
        shown.add_row(field, str(value))
    if summary is not None:
        shown.add_row("backtest", f"{summary.source_file}, {summary.first_date} – {summary.last_date}")
        shown.add_row("unit", f"{summary.unit}: {summary.unit_evidence}")
        for warning in summary.warnings:
            shown.add_row("warning", str(warning["message"]))
    console().print(shown)
    for entry in done:
        typer.echo(f"{entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.action}  {entry.actor}")


@app.command("add")
def add(strategy_id: StrategyId, fields: Fields = None) -> None:
    """Register a strategy. It starts as TESTING on PAPER unless told otherwise."""
    from fund_pipeline.accounts.permissions import check_change
    from fund_pipeline.ledger.strategies import add_strategy

    strategy = parse_strategy({"strategy_id": strategy_id} | _pairs(fields))
    with ledger_of(start()) as ledger:
        check_change(ledger, None, strategy)
        add_strategy(ledger, strategy, person())
    typer.echo(f"added {strategy_id} ({strategy.status.value}, {strategy.trading_mode.value})")


@app.command("set")
def set_command(strategy_id: StrategyId, fields: Fields = None) -> None:
    """Change what is given of a registered strategy; the rest stays."""
    from fund_pipeline.accounts.permissions import put_permitted
    from fund_pipeline.ledger.strategies import get_strategy

    with ledger_of(start()) as ledger:
        strategy = parse_strategy(asdict(get_strategy(ledger, strategy_id)) | _pairs(fields))
        changed = put_permitted(ledger, strategy, person())
    typer.echo(f"changed {strategy_id}" if changed else f"{strategy_id} already was so")


@app.command("sync-backtest")
def sync_backtest(strategy_id: StrategyId, unit: Unit = None, as_json: Json = False) -> None:
    """Read this one strategy's file from the backtests folder again."""
    from fund_pipeline.cli.backtests import report
    from fund_pipeline.ledger.strategies import get_strategy

    settings = start()
    with ledger_of(settings) as ledger:
        get_strategy(ledger, strategy_id)
        report(settings, ledger, settings.backtests_dir, unit=unit, only=strategy_id, as_json=as_json)


@app.command("accept-dates")
def accept_dates(
    strategy_id: StrategyId,
    note: Annotated[str, typer.Option(help="Why the dates are right, for the audit log.")],
) -> None:
    """Accept the dates of a backtest that was flagged as misdated. It holds until its file changes."""
    from fund_pipeline.allocations.acceptance import accept_backtest_dates

    with ledger_of(start()) as ledger:
        new = accept_backtest_dates(ledger, strategy_id, note, person())
    typer.echo(f"accepted the dates of {strategy_id}" if new else f"the dates of {strategy_id} were accepted before")


def _pairs(fields: list[str] | None) -> dict[str, object]:
    """`status=ACTIVE` as it stands; lists and mappings in YAML, as in accounts='[a, b]'."""
    pairs = [field.partition("=") for field in fields or []]
    for name, separator, _ in pairs:
        if not separator:
            raise InputError(f"{name!r} is not FIELD=VALUE", remedy="write it as status=ACTIVE, for example")
    return {name: yaml.safe_load(value) if value[:1] in "[{" else value for name, _, value in pairs}
