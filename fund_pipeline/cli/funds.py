"""`fund funds`: the funds, their capital and their limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer
import yaml

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import ConflictError, InputError

app = typer.Typer(help="The funds, their capital and their limits.", no_args_is_help=True)
FundId = Annotated[str, typer.Argument(metavar="ID", help="Fund id.")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FIELD=VALUE",
        help="name, currency, capital, or a limit, as risk_limits.cvar_limit=0.02 or "
        "risk_limits.sizing.daily_loss=0.01; a limit without a value is the default again.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """List the funds with what they may send."""
    from fund_pipeline.accounts.halts import standing
    from fund_pipeline.ledger.accounts import list_accounts
    from fund_pipeline.ledger.funds import list_funds

    with ledger_of(start()) as ledger:
        funds, accounts, (_, states) = list_funds(ledger), list_accounts(ledger), standing(ledger)
    if as_json:
        print_json([asdict(fund) | {"state": states[fund.fund_id]} for fund in funds])
        return
    shown = table("Funds", "fund", "name<", "capital", "currency<", "accounts", "state<")
    for fund in funds:
        owned = str(sum(one.fund_id == fund.fund_id for one in accounts))
        state = states[fund.fund_id].value
        shown.add_row(fund.fund_id, fund.name, f"{fund.capital:,f}", fund.currency, owned, state)
    console().print(shown)


@app.command("show")
def show(fund_id: FundId, as_json: Json = False) -> None:
    """Show one fund with every limit that holds for it, and everything that was done to it."""
    from fund_pipeline.accounts.limits import limits_of
    from fund_pipeline.ledger.audit import history
    from fund_pipeline.ledger.funds import get_fund

    with ledger_of(start()) as ledger:
        fund, done = get_fund(ledger, fund_id), history(ledger, "fund", fund_id)
    limits = limits_of(fund_id, fund.risk_limits).model_dump(mode="json")
    changes = [entry for entry in done if entry.action in ("fund_added", "fund_changed")]
    if as_json:
        print_json(asdict(fund) | {"limits": limits, "history": [asdict(entry) for entry in changes]})
        return
    shown = table(fund.name, "field", "value<")
    shown.add_row("capital", f"{fund.capital:,f} {fund.currency}")
    for name, value in _flat(limits):
        shown.add_row(name, "none" if value is None else str(value))
    console().print(shown)
    for entry in changes:
        typer.echo(f"{entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.action}  {entry.actor}")


@app.command("add")
def add(fund_id: FundId, fields: Fields = None, as_json: Json = False) -> None:
    """Add a fund: `fund funds add alpha name='Alpha Fund' currency=USD capital=1000000`."""
    from fund_pipeline.accounts.registry import parse_fund
    from fund_pipeline.ledger.funds import list_funds, put_fund

    fund = parse_fund(_with({"fund_id": fund_id}, fields))
    with ledger_of(start()) as ledger:
        if any(one.fund_id == fund_id for one in list_funds(ledger)):
            raise ConflictError(f"fund {fund_id} is there already", remedy=f"use `fund funds set {fund_id}`")
        put_fund(ledger, fund, person())
    if as_json:
        print_json(asdict(fund))
    else:
        typer.echo(f"added {fund_id}, {fund.capital:,f} {fund.currency}")


@app.command("set")
def set_command(fund_id: FundId, fields: Fields = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Change what is given of a fund; the rest stays."""
    from fund_pipeline.accounts.registry import parse_fund
    from fund_pipeline.ledger.funds import get_fund, put_fund

    with ledger_of(start()) as ledger:
        held = get_fund(ledger, fund_id)
        fund = parse_fund(_with(asdict(held), fields))
        changed = fund != held if dry_run else put_fund(ledger, fund, person())
    if as_json:
        print_json(asdict(fund) | {"changed": changed, "dry_run": dry_run})
        return
    words = f"changed {fund_id}" if changed else f"{fund_id} already was so"
    typer.echo(f"would have {words}; nothing was done" if changed and dry_run else words)


@app.command("delete")
def delete(fund_id: FundId, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Remove a fund that never did anything: without accounts, allocations or any other history."""
    from fund_pipeline.ledger.funds import delete_fund

    with ledger_of(start()) as ledger:
        delete_fund(ledger, fund_id, person(), dry_run=dry_run)
    if as_json:
        print_json({"fund_id": fund_id, "dry_run": dry_run})
    else:
        typer.echo(f"would have deleted {fund_id}; nothing was done" if dry_run else f"deleted {fund_id}")


def _with(fields: Mapping[str, Any], given: list[str] | None) -> dict[str, Any]:
    """The fields with those that were given: dots lead into a mapping, no value takes a limit away."""
    made: dict[str, Any] = json.loads(json.dumps(dict(fields), default=str))
    for one in given or []:
        path, separator, value = one.partition("=")
        if not separator:
            raise InputError(f"{one!r} is not FIELD=VALUE", remedy="write it as capital=1000000, for example")
        *way, last = path.split(".")
        place: dict[str, Any] = made
        for step in way:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise InputError(f"{path} leads nowhere", remedy="see docs/limits.md for the limits")
        if way and not value:
            place.pop(last, None)
        else:
            place[last] = value if not way or value[:1] in "'\"" else yaml.safe_load(value)
    return made


def _flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in values.items():
        rows += _flat(value, f"{before}{name}.") if isinstance(value, Mapping) else [(before + name, value)]
    return rows
