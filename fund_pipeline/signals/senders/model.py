"""A sender as the rest of the room sees it: who it is, and how it writes. Nothing here helps to become it."""

from __future__ import annotations

from dataclasses import dataclass

from fund_pipeline.ledger.signal_model import SenderRow, SenderStatus
from fund_pipeline.signals.options import SenderOptions
from fund_pipeline.terms import Environment


@dataclass(frozen=True)
class Sender:
    """A registered sender.

    Attributes
    ----------
    sender_id : what operators call it.
    environment : of signals that name none.
    allowed_networks : CIDR blocks it must send from; empty for anywhere.
    is_signed : whether it must sign what it sends.
    options : how it writes, and the strategies it may send for.
    """

    sender_id: str
    name: str
    status: SenderStatus
    environment: Environment
    allowed_networks: tuple[str, ...]
    is_signed: bool
    options: SenderOptions

    @classmethod
    def of(cls, row: SenderRow) -> Sender:
        """From the ledger's row."""
        return cls(
            row.sender_id,
            row.name,
            row.status,
            Environment(row.environment),
            row.allowed_networks,
            row.hmac_secret is not None,
            SenderOptions.from_values(row.options),
        )

    def may_send_for(self, strategy: str) -> bool:
        """Whether a strategy is among its own."""
        return strategy in self.options.strategies
