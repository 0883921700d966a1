"""Finding a signal that still waits on the spool."""

from __future__ import annotations

from fund_pipeline.ledger.signal_model import RawSignal
from fund_pipeline.signals.spool import DRAINING, FILE, Spool, decode

MOST_BYTES = 16 * 1024 * 1024
"""Of each file, so that asking stays cheap after a long outage; a signal beyond is told about once it is drained."""


def spooled(spool: Spool, signal_id: str) -> RawSignal | None:
    """The signal of this id that waits, or None."""
    wanted = signal_id.encode()
    for name in (DRAINING, FILE):
        try:
            with (spool.folder / name).open("rb") as handle:
                lines = [line for line in handle.readlines(MOST_BYTES) if wanted in line]
        except FileNotFoundError:
            continue
        for raw in filter(None, map(decode, lines)):
            if raw.signal_id == signal_id:
                return raw
    return None
