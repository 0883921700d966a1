"""What came into a fund and left it, in total, up to the moment that each account's equity tells of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fund_pipeline.ledger.flow_model import CashFlow, FlowKind

_ZERO = Decimal(0)


class Totals(NamedTuple):
    """In the fund's currency: what clients brought and were paid, what the manager was paid, and what came by transfer
    less what went, which is 0 but for money on its way."""

    deposited: Decimal = _ZERO
    withdrawn: Decimal = _ZERO
    fees_paid: Decimal = _ZERO
    transferred: Decimal = _ZERO

    def plus(self, other: Totals) -> Totals:
        """Both."""
        return Totals(*(one + more for one, more in zip(self, other, strict=True)))


@dataclass
class _Account:
    moments: list[datetime] = field(default_factory=list)
    totals: list[Totals] = field(default_factory=list)


class FlowTotals:
    """Running totals of each account's flows."""

    def __init__(self, flows: Iterable[CashFlow]) -> None:
        self._accounts: dict[str, _Account] = {}
        for one in sorted(flows, key=lambda one: one.effective_at):
            if not one.is_capital_of_account:
                continue
            account = self._accounts.setdefault(one.account_id, _Account())
            before = account.totals[-1] if account.totals else Totals()
            account.moments.append(one.effective_at)
            account.totals.append(before.plus(_of(one)))

    def up_to(self, seen: Mapping[str, datetime]) -> Totals:
        """The fund's totals, of each account up to the moment (itself included) by its id. Money that an account's
        equity has not seen yet is in neither: it would look like a loss."""
        whole = Totals()
        for account_id, moment in seen.items():
            account = self._accounts.get(account_id)
            if account is not None and (place := bisect_right(account.moments, moment)):
                whole = whole.plus(account.totals[place - 1])
        return whole


def _of(flow: CashFlow) -> Totals:
    amount = flow.fund_amount
    if flow.kind.is_transfer:
        return Totals(transferred=amount)
    if flow.kind is FlowKind.PERFORMANCE_FEE:
        return Totals(fees_paid=-amount)
    if flow.kind is FlowKind.WITHDRAWAL:
        return Totals(withdrawn=-amount)
    return Totals(deposited=amount)
