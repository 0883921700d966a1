"""Equity that comes or goes without a flow that explains it: capital is not sized by it until a person has looked."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from fund_pipeline.accounts.reconciliation.rules import Rules
from fund_pipeline.ledger.account_model import AccountSnapshot, EquityWord
from fund_pipeline.ledger.break_model import BreakKind, Difference
from fund_pipeline.ledger.flow_model import CashFlow, FlowKind

_ZERO = Decimal(0)


def unexplained(
    account_id: str, good: EquityWord, now: AccountSnapshot, flows: Iterable[CashFlow], rules: Rules
) -> Difference | None:
    """The break when equity has moved by more than the rule's share of the last good equity, less flows since.

    None when it has not, or when there was no equity to compare with.
    """
    brought = sum(
        (
            one.amount
            for one in flows
            if one.kind is not FlowKind.OPENING and good.as_of < one.effective_at <= now.as_of
        ),
        _ZERO,
    )
    expected = good.equity + brought
    if good.equity <= 0 or abs(now.equity - expected) <= rules.jump * good.equity:
        return None
    share = (now.equity - expected) / good.equity
    message = (
        f"equity went from {good.equity} to {now.equity} {now.currency}, {share:+.1%} beyond the flows of {brought}; "
        "capital is sized by the lesser of the two until it is explained"
    )
    detail = {"good": str(good.equity), "good_as_of": good.as_of.isoformat(), "snapshot": good.snapshot_id}
    return Difference(BreakKind.EQUITY_JUMP, "equity", message, None, expected, now.equity, detail)
