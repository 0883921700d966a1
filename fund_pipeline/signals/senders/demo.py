"""The demo's own senders, who exist in a demo's home only. Nobody keeps their passphrases: each run makes new ones."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.signal_model import SenderStatus
from fund_pipeline.signals.options import QuantityMeans, SenderOptions
from fund_pipeline.signals.senders.administration import (
    NewSender,
    add_sender,
    enable_sender,
    list_senders,
    rotate_sender,
)
from fund_pipeline.signals.senders.vault import Vault
from fund_pipeline.terms import Environment

NAME = "The demo's sender"
"""What an operator cannot give a sender: `fund senders add` names it after its id."""

DEMO_SENDERS: Mapping[str, SenderOptions] = {
    "demo-sender": SenderOptions(
        strategies=frozenset({"XS_Reversal5", "LowVol_Long", "Pairs_MeanRev", "TS_Momentum", "XS_Momentum"})
    ),
    "demo-weights": SenderOptions(
        quantity_means=QuantityMeans.TARGET_WEIGHT, strategies=frozenset({"Factor_Rotation"})
    ),
}
"""Who sends the lists of data/signals, by id: one for all whose quantities are units, one whose are weights."""


def demo_passphrases(ledger: Ledger, vault: Vault, environment: Environment, act: Act) -> dict[str, str]:
    """A new passphrase for each sender of the demo, by id; an earlier one stops working.

    Senders that are not there are added. ConflictError when a real sender has the id of one.
    """
    known = {sender.sender_id: sender for sender in list_senders(ledger)}
    made = {sender_id: secrets.token_urlsafe(32) for sender_id in DEMO_SENDERS}
    for sender_id, passphrase in made.items():
        held = known.get(sender_id)
        if held is None:
            new = NewSender(sender_id, environment, DEMO_SENDERS[sender_id], name=NAME)
            add_sender(ledger, new, passphrase, vault, act)
            continue
        if held.name != NAME:
            raise ConflictError(f"{sender_id} is a real sender here", remedy="run the demo on a home of its own")
        rotate_sender(ledger, sender_id, passphrase, vault, act, timedelta(0))
        if held.status is not SenderStatus.ACTIVE:
            enable_sender(ledger, sender_id, act)
    return made


def demo_sender_of(strategy: str) -> str:
    """The id of the demo's sender for a strategy. ConflictError where none sends for it."""
    for sender_id, options in DEMO_SENDERS.items():
        if strategy in options.strategies:
            return sender_id
    raise ConflictError(f"no sender of the demo sends for {strategy!r}", remedy="add the strategy to DEMO_SENDERS")
