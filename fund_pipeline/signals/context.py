"""What reading a signal needs to know besides the signal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fund_pipeline.errors import InvariantError
from fund_pipeline.instruments import InstrumentMaster
from fund_pipeline.signals.notes import Note, NoteCode
from fund_pipeline.signals.options import SenderOptions
from fund_pipeline.terms import Environment, SignalType


@dataclass(frozen=True)
class Context:
    """What is known beside the payload.

    Attributes
    ----------
    sender : name in the registry of senders.
    received_at : time of receipt, UTC.
    environment : the sender's registered one, for signals that state none.
    master : the instrument master.
    options : how the sender writes.
    needs_quantity : False where the strategy's sizing mode takes no quantity from its entries.
    """

    sender: str
    received_at: datetime
    environment: Environment
    master: InstrumentMaster
    options: SenderOptions = field(default_factory=SenderOptions)
    needs_quantity: bool = True

    def __post_init__(self) -> None:
        if self.received_at.tzinfo is None:
            raise InvariantError("the time of receipt must have a zone", remedy="pass it in UTC")


@dataclass(frozen=True)
class Reading:
    """One signal while it is read: what it is, and the notes taken on the way."""

    context: Context
    type: SignalType
    sent_at: datetime
    notes: list[Note] = field(default_factory=list)

    def note(self, code: NoteCode, path: str, words: str) -> None:
        """Say something that was inferred, defaulted, ignored or flagged; the same thing only once."""
        if (note := Note(code, path, words)) not in self.notes:
            self.notes.append(note)
