"""The proof after the trouble: what was answered 200 is in the ledger exactly once, and no secret is anywhere."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.tables import raw_signals, signals
from fund_pipeline_tests.front_door.load import Answers


def faults_of(ledger: Ledger, answers: Answers) -> list[str]:
    """What is wrong, in words; nothing if every accepted signal is stored once and was always answered alike."""
    with ledger.reading() as connection:
        query = select(raw_signals.c.sender_signal_id, raw_signals.c.signal_id)
        stored = connection.execute(query).all()
        to_read = set(connection.execute(select(signals.c.signal_id)).scalars())
    times = Counter(row[0] for row in stored)
    ours = {row[0]: row[1] for row in stored}
    found = [f"{name} is stored {number} times" for name, number in times.items() if number > 1]
    for name, given in answers.accepted.items():
        ids = {signal_id for signal_id, _ in given}
        if len(ids) > 1:
            found.append(f"{name} was answered {len(ids)} ids")
        if name not in ours:
            found.append(f"{name} was answered 200 and is lost")
        elif ids != {ours[name]}:
            found.append(f"{name} was answered another id than it has")
    found += [f"{row[1]} has no row to be read" for row in stored if row[1] not in to_read]
    return found
