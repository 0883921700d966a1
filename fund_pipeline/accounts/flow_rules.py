"""What a cash flow is refused for: its place in time, and in its account's history."""

from __future__ import annotations

from datetime import datetime

from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.ledger.flow_model import CashFlow, FlowKind
from fund_pipeline.ledger.flows import CashBook


def refuse_misplaced(flow: CashFlow, book: CashBook, now: datetime) -> None:
    """InputError for a flow in the future or before its account had anything; ConflictError for a second opening."""
    if flow.effective_at > now:
        raise InputError(
            f"effective is {flow.effective_at.isoformat()}: in the future, it is {now.isoformat()}",
            remedy="record it when the money has moved",
        )
    standing = book.standing()
    opening = next((one for one in standing if one.kind is FlowKind.OPENING), None)
    if flow.kind is FlowKind.OPENING:
        _refuse_opening(flow, opening, standing)
        return
    if opening is not None and flow.effective_at < opening.effective_at:
        raise InputError(
            f"effective is {flow.effective_at.isoformat()}: before the inception of account {flow.account_id}, whose "
            f"opening balance of {opening.effective_at.isoformat()} holds it already",
            remedy=f"correct the time, or reverse the opening balance: `fund flows reverse {opening.flow_id}`",
        )
    began = min((one.effective_at for one in standing if one.kind.begins), default=None)
    if not flow.kind.begins and (began is None or flow.effective_at < began):
        had = "before the account had anything" if began is None else f"before its first money, {began.isoformat()}"
        raise InputError(
            f"effective is {flow.effective_at.isoformat()}: {had} (account {flow.account_id})",
            remedy="record its OPENING balance or first DEPOSIT, or correct the time",
        )


def _refuse_opening(flow: CashFlow, held: CashFlow | None, standing: list[CashFlow]) -> None:
    if held is not None:
        raise ConflictError(
            f"account {flow.account_id} has an opening balance already: {held.amount} {held.currency} at "
            f"{held.effective_at.isoformat()}",
            remedy=f"reverse it first: `fund flows reverse {held.flow_id}`",
        )
    first = min((one.effective_at for one in standing), default=None)
    if first is not None and first < flow.effective_at:
        raise InputError(
            f"effective is {flow.effective_at.isoformat()}: an OPENING comes before every other flow, and account "
            f"{flow.account_id} has one at {first.isoformat()}",
            remedy="record a DEPOSIT, or give the moment at which its books began",
        )
