"""`fund halt`, `fund resume`, `fund halts`: what may be sent to brokers at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.errors import InputError
from fund_pipeline.ledger.account_model import EVERYWHERE
from fund_pipeline.terms import HaltState

if TYPE_CHECKING:
    from fund_pipeline.accounts.halts import Effect
    from fund_pipeline.ledger.fund_day_model import FundDay

Fund = Annotated[str | None, typer.Option(metavar="F", help="This fund.")]
All = Annotated[bool, typer.Option("--all", help="Every fund.")]
Note = Annotated[str, typer.Option(help="Why, for the record.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would change, and change nothing.")]


def halt(
    note: Note,
    fund: Fund = None,
    everything: All = False,
    reducing: Annotated[bool, typer.Option("--reducing", help="Let exits go; only entries stop.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send nothing more but cancels; with --reducing, exits and cancels. Positions stay as they are."""
    from fund_pipeline.accounts import halts

    state = HaltState.REDUCING if reducing else HaltState.HALTED
    with ledger_of(start()) as ledger:
        effects = halts.halt(ledger, _scope(fund, everything=everything), state, note, person(), dry_run=dry_run)
    _tell(effects, as_json=as_json, dry_run=dry_run)


def resume(
    note: Note,
    fund: Fund = None,
    everything: All = False,
    reducing: Annotated[bool, typer.Option("--reducing", help="Of what is HALTED: let exits go, no entries.")] = False,
    drawdown: Annotated[
        bool, typer.Option("--drawdown", help="End a drawdown stop instead; the peak is counted anew from then on.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Send again what a halt held back. A fund's own halt outlasts that of all funds, and the other way round."""
    from fund_pipeline.accounts import halts

    if drawdown and reducing:
        raise InputError("--drawdown and --reducing are both given", remedy="end the halt and the stop one by one")
    if drawdown:
        with ledger_of(start()) as ledger:
            scope = _scope(fund, everything=everything)
            stops = halts.lift_drawdown(ledger, scope, note, person(), dry_run=dry_run)
        _tell_stops(stops, as_json=as_json, dry_run=dry_run)
        return
    state = HaltState.REDUCING if reducing else HaltState.ACTIVE
    with ledger_of(start()) as ledger:
        effects = halts.resume(ledger, _scope(fund, everything=everything), state, note, person(), dry_run=dry_run)
    _tell(effects, as_json=as_json, dry_run=dry_run)


def halts(as_json: Json = False) -> None:
    """Show what each fund may send, and who said so."""
    from fund_pipeline.accounts.halts import ALLOWED, standing
    from fund_pipeline.ledger.fund_days import drawdown_stops

    with ledger_of(start()) as ledger:
        (said, states), stops = standing(ledger), drawdown_stops(ledger)
    if as_json:
        halted = [asdict(one) for one in said]
        print_json({"funds": states, "halts": halted, "drawdown_stops": [_stop(one) for one in stops]})
        return
    shown = table("Funds", "fund", "state<", "may send<")
    for fund_id, state in states.items():
        shown.add_row(fund_id, state.value, ALLOWED[state])
    console().print(shown)
    if said:
        rows = table("Said", "scope", "state<", "by<", "at<", "note<")
        for one in said:
            scope = "all funds" if one.scope == EVERYWHERE else one.scope
            rows.add_row(scope, one.state.value, one.changed_by, f"{one.changed_at:%Y-%m-%d %H:%M:%S}Z", one.note)
        console().print(rows)
    if stops:
        _show_stops("No entries after a drawdown", stops)


def _scope(fund: str | None, *, everything: bool) -> str:
    if (fund is None) != everything:
        raise InputError("give either --fund F or --all", remedy="name the fund, or mean all of them")
    return EVERYWHERE if fund is None else fund


def _tell_stops(stops: Sequence[FundDay], *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "lifted": [_stop(one) for one in stops]})
        return
    _show_stops("It would end" if dry_run else "Ended", stops)
    if dry_run:
        typer.echo("nothing was changed")


def _show_stops(title: str, stops: Sequence[FundDay]) -> None:
    rows = table(title, "fund", "mode<", "since<")
    for one in stops:
        rows.add_row(one.fund_id, one.mode.value, f"{one.drawdown_stopped_at:%Y-%m-%d %H:%M:%S}Z")
    console().print(rows)


def _stop(one: FundDay) -> dict[str, Any]:
    return {"fund_id": one.fund_id, "mode": one.mode, "since": one.drawdown_stopped_at}


def _tell(effects: list[Effect], *, as_json: bool, dry_run: bool) -> None:
    from fund_pipeline.accounts.halts import ALLOWED

    if as_json:
        print_json({"dry_run": dry_run, "effects": [asdict(one) for one in effects]})
        return
    shown = table("It would be" if dry_run else "It is", "fund", "was<", "is<", "may send<")
    for one in effects:
        shown.add_row(one.fund_id, one.before.value, one.after.value, ALLOWED[one.after])
    console().print(shown)
    if dry_run:
        typer.echo("nothing was changed")
