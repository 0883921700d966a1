"""What accepting and explaining a signal come to, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger.signal_model import RawSignal, SignalRow, SignalState, Transition, WayIn
from fund_pipeline.signals.errors import Problem


class AcceptedStatus(StrEnum):
    """Where an accepted signal is: in the ledger, or on disk until the ledger is back."""

    RECEIVED = "RECEIVED"
    SPOOLED = "SPOOLED"


@dataclass(frozen=True)
class Accepted:
    """The answer to a signal that is kept.

    `duplicate` is for the log only: the sender is answered the same.
    """

    signal_id: str
    status: AcceptedStatus
    duplicate: bool = False


@dataclass(frozen=True)
class Arrival:
    """How, when and with what a signal came in.

    Attributes
    ----------
    way_in : over which way.
    received_at : UTC.
    request_id : up to 64 characters; empty where there is none.
    headers : of the request; of these only the harmless ones are kept.
    """

    way_in: WayIn
    received_at: datetime
    request_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class ReusedIdError(ConflictError):
    """The sender must look again: the id came before with other content, and nothing was stored."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.field}: {problem.message}", remedy=problem.remedy)
        self.problem = problem


@dataclass(frozen=True)
class Counts:
    """How many signals were read, and what they came to."""

    standardised: int = 0
    quarantined: int = 0
    rejected: int = 0

    @classmethod
    def of(cls, states: list[SignalState]) -> Counts:
        """From the states they are in now."""
        wanted = (SignalState.STANDARDISED, SignalState.QUARANTINED, SignalState.REJECTED)
        return cls(*(states.count(state) for state in wanted))

    @property
    def total(self) -> int:
        """All of them."""
        return self.standardised + self.quarantined + self.rejected


@dataclass(frozen=True)
class Explanation:
    """What became of a signal.

    Attributes
    ----------
    signal : as it stands.
    raw : what was received.
    transitions : each change of its state, in order.
    """

    signal: SignalRow
    raw: RawSignal
    transitions: tuple[Transition, ...]

    @property
    def words(self) -> str:
        """Where it is now, in one line for a person."""
        problem = self.signal.problem
        if problem is None:
            return self.signal.state.value
        where = f"{problem['field']}: " if problem.get("field") else ""
        return f"{self.signal.state.value}, {self.signal.reason}: {where}{problem['message']}. {problem['remedy']}"
