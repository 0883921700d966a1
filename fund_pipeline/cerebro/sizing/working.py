"""What orders at work come to, summed once: a batch of many must not add all of them up again for each signal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from fund_pipeline.cerebro.sizing.arithmetic import ZERO, sign
from fund_pipeline.cerebro.sizing.facts import OrderFacts
from fund_pipeline.terms import OrderRole


@dataclass(frozen=True)
class WorkingSums:
    """Sums over live orders, and those that a batch has planned.

    Attributes
    ----------
    notional : (strategy, account) -> instrument -> notional of entries, in the fund's currency.
    signed : (strategy, account, instrument) -> quantity of entries and exits, sales below 0; stops and targets, which
        may never fill, are left out.
    margin : account -> margin that the broker does not count yet, in the account's currency.
    planned : strategy -> how many entries the batch has planned.
    """

    notional: Mapping[tuple[str, str], Mapping[str, Decimal]] = field(default_factory=dict)
    signed: Mapping[tuple[str, str, str], Decimal] = field(default_factory=dict)
    margin: Mapping[str, Decimal] = field(default_factory=dict)
    planned: Mapping[str, int] = field(default_factory=dict)

    def and_of(self, orders: Iterable[OrderFacts]) -> WorkingSums:
        """The sums with these orders too."""
        notional, signed = dict(self.notional), dict(self.signed)
        margin, planned = dict(self.margin), dict(self.planned)
        for one in orders:
            if one.role is OrderRole.ENTRY:
                place = one.strategy, one.account_id
                before = notional.get(place, {})
                notional[place] = {**before, one.instrument_key: before.get(one.instrument_key, ZERO) + one.notional}
                planned[one.strategy] = planned.get(one.strategy, 0) + (one.client_order_id is None)
            if not one.role.is_attached:
                what = one.strategy, one.account_id, one.instrument_key
                signed[what] = signed.get(what, ZERO) + sign(one.side) * one.quantity
            if not one.counted_by_broker:
                margin[one.account_id] = margin.get(one.account_id, ZERO) + one.reserved_margin
        return WorkingSums(notional, signed, margin, planned)
