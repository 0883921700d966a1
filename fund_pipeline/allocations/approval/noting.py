"""A refusal in the audit log: who asked and why not, in words that hold nothing a person typed in the wrong place."""

from __future__ import annotations

import re

from fund_pipeline.allocations.approval.refusals import RefusedError
from fund_pipeline.allocations.approval.wording import MOST_OF_CORRELATION, called, plain
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.approvals import note_refusal
from fund_pipeline.ledger.audit import Act

NAME = re.compile(r"[A-Za-z0-9_.:+-]{1,200}")
"""What can be the name of an allocation, with or without its digest."""


def named(shown: str) -> str:
    """The id in what was asked about, or `unreadable`: what cannot be a name is not repeated."""
    return shown.partition(":")[0][:128] if NAME.fullmatch(shown) else "unreadable"


def note(ledger: Ledger, decision: str, shown: str, asked_by: str, refused: RefusedError, act: Act) -> None:
    """Tell the audit log that a decision was refused; `act` says when and in which run, and by whose means."""
    detail = {"decision": decision, "by": called(ledger, asked_by), "message": plain(refused.message)}
    plainly = Act(act.actor, act.at, plain(act.correlation_id, MOST_OF_CORRELATION))
    note_refusal(ledger, named(shown), refused.reason.value, detail, plainly)
