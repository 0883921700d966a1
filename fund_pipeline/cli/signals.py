"""`fund signals`: what came in, what became of it, and what waits for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, ledger_of, person, print_json, start
from fund_pipeline.cli.tables import console, table
from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.signal_model import SignalState

if TYPE_CHECKING:
    from fund_pipeline.ledger import Ledger
    from fund_pipeline.ledger.signal_model import SignalRow
    from fund_pipeline.settings import Settings
    from fund_pipeline.signals.inbox import Explanation, Reader

app = typer.Typer(help="Signals: what came in, and what became of it.", no_args_is_help=True)
SignalId = Annotated[str, typer.Argument(metavar="ID", help="The id that the sender was answered.")]
Newest = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")]
OfStrategy = Annotated[str | None, typer.Option(help="Only of this strategy.")]


@app.command("list")
def list_command(
    state: Annotated[SignalState | None, typer.Option(case_sensitive=False, help="Only in this state.")] = None,
    strategy: OfStrategy = None,
    newest: Newest = 50,
    as_json: Json = False,
) -> None:
    """List signals, newest first."""
    _list(state, strategy, newest, as_json=as_json)


@app.command("quarantine")
def quarantine(strategy: OfStrategy = None, newest: Newest = 50, as_json: Json = False) -> None:
    """List what could not be read, with what to do about it. `fund signals replay ID` reads one again."""
    _list(SignalState.QUARANTINED, strategy, newest, as_json=as_json)


@app.command("show")
def show(signal_id: SignalId, as_json: Json = False) -> None:
    """Show one signal: what was received, what was read, and each change of its state."""
    from fund_pipeline.signals.inbox import explain

    with ledger_of(start()) as ledger:
        _explain(explain(ledger, signal_id), as_json=as_json)


@app.command("replay")
def replay_command(signal_id: SignalId, as_json: Json = False) -> None:
    """Read a signal in quarantine again, as after a fix of its strategy, sender or instrument."""
    from fund_pipeline.signals.inbox import replay

    with _desk() as (_, ledger, reader):
        _explain(replay(ledger, signal_id, reader, person()), as_json=as_json)


@app.command("process")
def process(
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 10_000, as_json: Json = False
) -> None:
    """Store what waits on the spool, then read what was received."""
    from fund_pipeline.signals.inbox import drain, process_pending
    from fund_pipeline.signals.spool import Spool

    with _desk() as (settings, ledger, reader):
        drained = drain(ledger, Spool(settings.spool))
        counts = process_pending(ledger, reader, utc_now(), limit)
    if as_json:
        print_json({"drained": drained} | asdict(counts))
        return
    if drained:
        typer.echo(f"{drained} from the spool")
    typer.echo(
        f"{counts.total} read: {counts.standardised} standardised, {counts.quarantined} quarantined, "
        f"{counts.rejected} rejected"
    )


@contextmanager
def _desk() -> Iterator[tuple[Settings, Ledger, Reader]]:
    from fund_pipeline.instruments import load_master
    from fund_pipeline.signals.inbox import Reader
    from fund_pipeline.terms import Environment

    settings = start()
    reader = Reader(load_master(settings.instruments), Environment(settings.environment))
    with ledger_of(settings) as ledger:
        yield settings, ledger, reader


def _list(state: SignalState | None, strategy: str | None, newest: int, *, as_json: bool) -> None:
    from fund_pipeline.signals.inbox import list_signals

    with ledger_of(start()) as ledger:
        signals = list_signals(ledger, state=state, strategy=strategy, newest=newest)
    if as_json:
        print_json([asdict(signal) for signal in signals])
        return
    shown = table("Signals", "signal", "received<", "sender<", "strategy<", "type<", "state<", "why<")
    for signal in signals:
        received = f"{signal.received_at:%Y-%m-%d %H:%M:%S}Z"
        shown.add_row(
            signal.signal_id,
            received,
            signal.sender_id or "–",
            signal.strategy,
            signal.type or "–",
            signal.state.value,
            _why(signal),
        )
    console().print(shown)


def _explain(found: Explanation, *, as_json: bool) -> None:
    if as_json:
        print_json(_values(found))
        return
    signal, raw = found.signal, found.raw
    shown = table(signal.signal_id, "field", "value<")
    for name, value in (
        ("state", signal.state.value),
        ("sender", signal.sender_id or "–"),
        ("strategy", signal.strategy),
        ("sender's id", signal.sender_signal_id),
        ("type", signal.type or "–"),
        ("received", f"{signal.received_at.isoformat()} over {raw.way_in.value}"),
        ("sent", "–" if signal.sent_at is None else signal.sent_at.isoformat()),
        ("closes", signal.reference or "–"),
    ):
        shown.add_row(name, value)
    console().print(shown)
    for change in found.transitions:
        why = f"  {change.reason}" if change.reason else ""
        typer.echo(f"{change.at:%Y-%m-%d %H:%M:%S}Z  {change.before} → {change.after}{why}  {change.actor}")
    if signal.problem is not None:
        typer.echo(found.words)
    typer.echo(f"\nreceived: {raw.payload}")
    if signal.standardised is not None:
        typer.echo(f"\nread as: {json.dumps(signal.standardised, indent=2)}")


def _values(found: Explanation) -> dict[str, Any]:
    transitions = [asdict(change) for change in found.transitions]
    return asdict(found.signal) | {"raw": asdict(found.raw), "words": found.words, "transitions": transitions}


def _why(signal: SignalRow) -> str:
    if signal.problem is None:
        return ""
    where = f"{signal.problem['field']}: " if signal.problem.get("field") else ""
    return f"{signal.reason}: {where}{signal.problem['message']}"
