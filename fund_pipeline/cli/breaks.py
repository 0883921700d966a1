"""`fund breaks`: where books and brokers differ, and what a person says about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import InputError
from fund_pipeline.ledger.break_model import ExternalPolicy

if TYPE_CHECKING:
    from fund_pipeline.ledger.break_model import Break

app = typer.Typer(help="Where our books and a broker differ.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The break, by its id or how that begins.")]


@app.command("list")
def list_command(
    account: Annotated[str | None, typer.Option(metavar="ID", help="Only this account.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 200,
    as_json: Json = False,
) -> None:
    """List the breaks that stand, the oldest first."""
    from fund_pipeline.ledger.breaks import list_breaks

    with ledger_of(start()) as ledger:
        found = list_breaks(ledger, account_id=account, only_open=not everything, newest=limit)
    if as_json:
        print_json([_values(one) for one in found])
        return
    shown = table("Breaks", "break", "account<", "kind<", "severity<", "age", "what<", "over<")
    for one in found:
        over = "–" if one.cleared_because is None else one.cleared_because.value
        cells = (one.break_id[:12], one.account_id, one.found.kind.value, one.severity.value)
        shown.add_row(*cells, _age(one), one.found.message, over)
    console().print(shown)


@app.command("show")
def show(break_id: Id, as_json: Json = False) -> None:
    """Show one break: both sides, the difference, and since when."""
    from fund_pipeline.ledger.breaks import get_break

    with ledger_of(start()) as ledger:
        one = get_break(ledger, break_id)
    if as_json:
        print_json(_values(one))
        return
    for name, value in _values(one).items():
        typer.echo(f"{name:16} {'–' if value is None else value}")


@app.command("adopt")
def adopt(
    break_id: Id,
    note: Annotated[str, typer.Option(help="Why, for the record.")],
    strategy: Annotated[str, typer.Option(help="Whose an external trade is.")] = "EXTERNAL",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would book, and book nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Say that a break is as the broker has it: an external trade, a changed or busted fill, a split, a jump."""
    from fund_pipeline.accounts.reconciliation import adopting

    if not note.strip():
        raise InputError("a note is missing", remedy="say with --note why it is right")
    act = person()
    with ledger_of(start()) as ledger:
        plan = adopting.plan_adoption(ledger, break_id, strategy, act)
        done = plan.found if dry_run else adopting.adopt(ledger, plan, note.strip(), act)
    if as_json:
        booked = [one.broker_execution_id for one in plan.entries]
        print_json(_values(done) | {"does": plan.words, "entries": booked, "dry_run": dry_run})
        return
    typer.echo(f"{'would be so' if dry_run else 'adopted'}: {plan.words}; {len(plan.entries)} entries")


@app.command("policy")
def policy(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account.")],
    external: Annotated[ExternalPolicy, typer.Option(help="ASK a person, or ADOPT external trades at once.")],
    as_json: Json = False,
) -> None:
    """Say what becomes of trades in an account that no order of ours made."""
    from fund_pipeline.ledger.account_books import set_policy

    with ledger_of(start()) as ledger:
        set_policy(ledger, account, external, person())
    if as_json:
        print_json({"account": account, "external": external.value})
    else:
        typer.echo(f"{account}: external trades, {external.value}")


def _values(one: Break) -> dict[str, Any]:
    values = asdict(one)
    found = values.pop("found")
    more = {"difference": one.found.difference, "locks": one.found.kind.locks, "age": _age(one)}
    return {"break_id": values.pop("break_id"), **found, **more, **values}


def _age(one: Break) -> str:
    seconds = int(((one.cleared_at or utc_now()) - one.first_seen).total_seconds())
    days, rest = divmod(max(seconds, 0), 86_400)
    return f"{days} d {rest // 3600} h" if days else f"{rest // 3600} h {rest % 3600 // 60} min"
