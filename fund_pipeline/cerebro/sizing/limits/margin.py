"""The margin limit of an account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import ZERO, text
from fund_pipeline.cerebro.sizing.facts import AccountFacts
from fund_pipeline.cerebro.sizing.limits.finding import Finding
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.world import World


class MarginLimit:
    """Margin that the broker reports + of orders it does not count yet + decided before + this ≤ the cap of equity."""

    def __init__(self, account: AccountFacts, world: World) -> None:
        self.account = account
        self.pending = world.working.margin.get(account.account_id, ZERO)
        self.limit = (account.equity or ZERO) * world.rules.margin_cap

    @property
    def before(self) -> Decimal:
        """Margin before this order, in the account's currency."""
        return self.account.margin_used + self.pending

    @property
    def room(self) -> Decimal:
        """What is left under the limit, never below 0."""
        return max(self.limit - self.before, ZERO)

    def validate(self, margin: Decimal) -> Finding:
        """MARGIN_LIMIT where that margin is more than there is room for; the part says how much of it fits."""
        if margin <= self.room:
            return Finding(limit="margin", figures=self.as_figures(margin))
        part = self.room / margin
        return Finding(limit="margin", reason=DecisionReason.MARGIN_LIMIT, part=part, figures=self.as_figures(margin))

    def as_figures(self, margin: Decimal) -> dict[str, Any]:
        """Margin before and after, and the limit, as a decision records them."""
        return {
            "equity": text(self.account.equity),
            "currency": self.account.currency,
            "margin_used": text(self.account.margin_used),
            "margin_pending": text(self.pending),
            "margin_before": text(self.before),
            "margin_new": text(margin),
            "margin_after": text(self.before + margin),
            "margin_limit": text(self.limit),
        }
