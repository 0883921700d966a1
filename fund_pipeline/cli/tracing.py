"""`fund signals trace`: when a signal came to which point of its path, and how long each stretch took."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from fund_pipeline.cli.context import Json, ledger_of, print_json, start
from fund_pipeline.cli.signals import SignalId
from fund_pipeline.cli.tables import console, headed, table

if TYPE_CHECKING:
    from datetime import datetime


def trace(signal_id: SignalId, as_json: Json = False) -> None:
    """Show when a signal was received, read, claimed, decided, submitted, acknowledged and filled (UTC)."""
    from fund_pipeline.ledger.signal_times import times_of
    from fund_pipeline.signals.latency import Stretch, stretches_of

    with ledger_of(start()) as ledger:
        times = times_of(ledger, signal_id)
    seconds = stretches_of(times)
    if as_json:
        print_json(asdict(times) | {"seconds": seconds})
        return
    shown = table("", "point", "at<", "seconds since the point before")
    points: tuple[tuple[str, datetime | None, Stretch | None], ...] = (
        ("received", times.received_at, None),
        ("read", times.read_at, Stretch.READ),
        ("claimed", times.claimed_at, Stretch.CLAIMED),
        ("decided", times.decided_at, Stretch.DECIDED),
        ("submitted", times.submitted_at, Stretch.SUBMITTED),
        ("acknowledged", times.acknowledged_at, Stretch.ACKNOWLEDGED),
        ("filled", times.filled_at, Stretch.FILLED),
    )
    for name, at, stretch in points:
        taken = "" if stretch is None or stretch not in seconds else f"{seconds[stretch]:.3f}"
        shown.add_row(name, "–" if at is None else f"{at:%Y-%m-%d %H:%M:%S.%f}Z", taken)
    terminal = console()
    terminal.print(headed(times.signal_id, f" of {times.strategy}: {times.state}"))
    terminal.print(shown)
    if Stretch.TOTAL in seconds:
        terminal.print(f"{seconds[Stretch.TOTAL]:.3f} s from receipt to acknowledgement")
    if times.read_again:
        terminal.print("it was read again, by a replay or once its whole was there: its times say nothing of speed")
