"""The inbox: a signal is stored before it is answered, once, and read to a standardised signal afterwards.

`accept` is for the request, `process_pending` for whoever works the inbox, `explain` for whoever asks."""

from fund_pipeline.ledger.signal_model import SignalState, WayIn
from fund_pipeline.ledger.signals import list_signals
from fund_pipeline.signals.inbox.accepting import accept, accept_or_spool, adopt_document, store_at_any_rate
from fund_pipeline.signals.inbox.draining import drain
from fund_pipeline.signals.inbox.model import Accepted, AcceptedStatus, Arrival, Counts, Explanation, ReusedIdError
from fund_pipeline.signals.inbox.processing import explain, process_pending, replay
from fund_pipeline.signals.inbox.reading import Reader
from fund_pipeline.signals.inbox.reasons import InboxReason

__all__ = [
    "Accepted",
    "AcceptedStatus",
    "Arrival",
    "Counts",
    "Explanation",
    "InboxReason",
    "Reader",
    "ReusedIdError",
    "SignalState",
    "WayIn",
    "accept",
    "accept_or_spool",
    "adopt_document",
    "drain",
    "explain",
    "list_signals",
    "process_pending",
    "replay",
    "store_at_any_rate",
]
