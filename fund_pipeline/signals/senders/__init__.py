"""Who may send, how they prove it, and what an operator may change about them.

`Gate.authenticate` is the question that every request asks."""

from fund_pipeline.ledger.signal_model import SenderStatus
from fund_pipeline.signals.senders.administration import (
    ChangedSender,
    NewSender,
    SenderChange,
    add_sender,
    change_sender,
    disable_sender,
    enable_sender,
    get_sender,
    list_senders,
    rotate_sender,
)
from fund_pipeline.signals.senders.gate import Gate, Request, TooManyStrangersError
from fund_pipeline.signals.senders.model import Sender
from fund_pipeline.signals.senders.throttle import Limits, Throttle
from fund_pipeline.signals.senders.vault import Vault

__all__ = [
    "ChangedSender",
    "Gate",
    "Limits",
    "NewSender",
    "Request",
    "Sender",
    "SenderChange",
    "SenderStatus",
    "Throttle",
    "TooManyStrangersError",
    "Vault",
    "add_sender",
    "change_sender",
    "disable_sender",
    "enable_sender",
    "get_sender",
    "list_senders",
    "rotate_sender",
]
