"""Which accepted signal an exit or a cancel names: by our id, which it was answered, or by the sender's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select, tuple_

from fund_pipeline.ledger import tables
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.signal_model import SignalState

CHUNK = 300

ACCEPTED = (SignalState.STANDARDISED, SignalState.CLAIMED, SignalState.DECIDED)


def resolve_references(ledger: Ledger, named: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """Our signal ids by (strategy, what was named); what names no accepted signal of that strategy is left out.

    Accepted is what was standardised or decided: not what was rejected or is quarantined, which opened nothing. Where a
    sender's id repeats, its newest accepted signal is meant.
    """
    table, asked = tables.raw_signals, sorted(set(named))
    signals = tables.signals
    accepted = (signals.c.signal_id == table.c.signal_id) & signals.c.state.in_([state.value for state in ACCEPTED])
    found: dict[tuple[str, str], str] = {}
    with ledger_away(), ledger.reading() as connection:
        for start in range(0, len(asked), CHUNK):
            chunk = asked[start : start + CHUNK]
            by_theirs = (
                select(table.c.strategy, table.c.sender_signal_id, table.c.signal_id)
                .where(tuple_(table.c.strategy, table.c.sender_signal_id).in_(chunk), accepted)
                .order_by(table.c.received_at, table.c.signal_id)
            )
            found |= {(row[0], row[1]): row[2] for row in connection.execute(by_theirs)}
            by_ours = select(table.c.strategy, table.c.signal_id).where(
                table.c.signal_id.in_([one for _, one in chunk]), accepted
            )
            ours = {(row[0], row[1]): row[1] for row in connection.execute(by_ours)}
            found |= {key: ours[key] for key in chunk if key in ours}
    return found
