"""Entries of our own among the executions: a fill is never changed, what is wrong with it is booked beside it."""

from __future__ import annotations

import hashlib
from enum import StrEnum

MARK = "fp:"
LONGEST = 100


class EntryKind(StrEnum):
    """What an entry of ours does to the execution that it names.

    COMMISSION : adds to its commission. UNDO, REDO : takes it back, and books it anew with other figures.
    OUT, IN : takes it from one strategy and gives it to another. SPLIT_OUT, SPLIT_IN : closes a position, and opens it
    in new units, at the same cost.
    """

    COMMISSION = "commission"
    UNDO = "undo"
    REDO = "redo"
    OUT = "out"
    IN = "in"
    SPLIT_OUT = "splitout"
    SPLIT_IN = "splitin"


AMENDMENTS = (EntryKind.COMMISSION, EntryKind.UNDO)


def amended_id(kind: EntryKind, number: int, execution_id: str) -> str:
    """The id of the `number`-th entry of a kind about an execution; unique in its account, the same when made again."""
    return f"{MARK}{kind.value}:{number}:{about(execution_id)}"


def about(execution_id: str) -> str:
    """How entries name an execution: by its id, or a digest of one that is too long."""
    if len(execution_id) <= LONGEST:
        return execution_id
    return "#" + hashlib.sha256(execution_id.encode()).hexdigest()


def read_id(execution_id: str) -> tuple[EntryKind | None, str]:
    """The kind of an entry of ours and what it is about; None, and how entries name it, for a broker's execution."""
    if not execution_id.startswith(MARK):
        return None, about(execution_id)
    kind, _, named = execution_id.removeprefix(MARK).split(":", 2)
    return EntryKind(kind), named
