"""`fund signals`: what came in, what became of it, and what waits for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
    from fund_pipeline.signals.inbox import Explanation, Reader, RefusedSignal

app = typer.Typer(help="Signals: what came in, and what became of it.", no_args_is_help=True)
SignalId = Annotated[
    str, typer.Argument(metavar="ID", help="The id that the sender was answered, or a `ref-` id of `quarantine`.")
]
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
    """List what could not be read or was refused, and what to do about it; `fund signals replay ID` tries one again."""
    from fund_pipeline.signals.inbox import list_quarantine

    with ledger_of(start()) as ledger:
        waiting = list_quarantine(ledger, strategy=strategy, newest=newest)
    if as_json:
        print_json([asdict(one) for one in waiting])
        return
    shown = table("Quarantine", "signal", "state<", "received<", "sender<", "strategy<", "why, and what to do<")
    for one in waiting:
        received = f"{one.received_at:%Y-%m-%d %H:%M:%S}Z"
        why = f"{_problem(one.reason, one.problem)}\nTo fix: {one.remedy}\n"
        shown.add_row(one.signal_id, one.state.value, received, one.sender_id or "–", one.strategy or "–", why)
    console().print(shown)


@app.command("show")
def show(signal_id: SignalId, as_json: Json = False) -> None:
    """Show one signal: what was received, what was read, and each change of its state; or one that was refused."""
    from fund_pipeline.signals.inbox import explain, get_refused, is_refused

    with ledger_of(start()) as ledger:
        if is_refused(signal_id):
            _show_refused(get_refused(ledger, signal_id), as_json=as_json)
        else:
            _explain(explain(ledger, signal_id), as_json=as_json)


@app.command("replay")
def replay_command(signal_id: SignalId, as_json: Json = False) -> None:
    """Read a signal in quarantine again, as after a fix of its strategy, sender or instrument.

    One that was refused is judged as if it arrived now, and is a signal with an id of its own if it passes.
    """
    from fund_pipeline.signals.inbox import is_refused, replay, replay_refused

    with _desk() as (_, ledger, reader):
        again = replay_refused if is_refused(signal_id) else replay
        found = again(ledger, signal_id, reader, person())
    if is_refused(signal_id) and not as_json:
        typer.echo(f"{signal_id} is now signal {found.signal.signal_id}")
    _explain(found, as_json=as_json)


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
    from fund_pipeline.signals.readers import reader_of

    settings = start()
    reader = reader_of(settings)
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


def _show_refused(found: RefusedSignal, *, as_json: bool) -> None:
    from fund_pipeline.signals.inbox import waiting_of

    waiting = waiting_of(found)
    if as_json:
        print_json(asdict(waiting) | {"raw": asdict(found)})
        return
    shown = table(found.refused_id, "field", "value<")
    for name, value in (
        ("state", "REFUSED" if found.replayed_as is None else f"REFUSED, replayed as {found.replayed_as}"),
        ("sender", found.sender_id),
        ("strategy", waiting.strategy or "–"),
        ("sender's id", waiting.sender_signal_id or "–"),
        ("received", f"{found.received_at.isoformat()} over {found.way_in.value}"),
        ("request", found.request_id or "–"),
        ("why", _problem(waiting.reason, waiting.problem)),
        ("told", found.problem["remedy"]),
        ("to fix", waiting.remedy if found.replayed_as is None else "–"),
    ):
        shown.add_row(name, value)
    console().print(shown)
    typer.echo(f"\nreceived: {found.payload}")


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
    return "" if signal.problem is None else _problem(signal.reason or "", signal.problem)


def _problem(reason: str, problem: Mapping[str, Any]) -> str:
    """`REASON: field: what is wrong (found "what was there")`."""
    where = f"{problem['field']}: " if problem.get("field") else ""
    found = f" (found {problem['value']})" if problem.get("value") is not None else ""
    return f"{reason}: {where}{problem.get('message', '')}{found}"
