"""The inbox: a signal is stored before it is answered, once, and read to a standardised signal afterwards.

`accept` is for the request, `process_pending` for whoever works the inbox, `explain` for whoever asks; what was refused
is kept by `keep_refused`, and `list_quarantine` tells of all that waits for a person."""

from fund_pipeline.ledger.refused import RefusedSignal, get_refused
from fund_pipeline.ledger.signal_model import SignalState, WayIn
from fund_pipeline.ledger.signals import list_signals
from fund_pipeline.signals.inbox.accepting import accept, accept_or_spool, adopt_document, store_at_any_rate
from fund_pipeline.signals.inbox.draining import drain
from fund_pipeline.signals.inbox.model import Accepted, AcceptedStatus, Arrival, Counts, Explanation, ReusedIdError
from fund_pipeline.signals.inbox.processing import explain, process_pending, replay
from fund_pipeline.signals.inbox.quarantine import (
    Waiting,
    WaitingState,
    is_refused,
    list_quarantine,
    replay_refused,
    waiting_of,
)
from fund_pipeline.signals.inbox.reading import Reader
from fund_pipeline.signals.inbox.reasons import InboxReason
from fund_pipeline.signals.inbox.refusing import keep_refused

__all__ = [
    "Accepted",
    "AcceptedStatus",
    "Arrival",
    "Counts",
    "Explanation",
    "InboxReason",
    "Reader",
    "RefusedSignal",
    "ReusedIdError",
    "SignalState",
    "Waiting",
    "WaitingState",
    "WayIn",
    "accept",
    "accept_or_spool",
    "adopt_document",
    "drain",
    "explain",
    "get_refused",
    "is_refused",
    "keep_refused",
    "list_quarantine",
    "list_signals",
    "process_pending",
    "replay",
    "replay_refused",
    "store_at_any_rate",
    "waiting_of",
]
