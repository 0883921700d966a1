"""What a limit is asked about, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import ONE
from fund_pipeline.cerebro.sizing.facts import EquityFacts, FundFacts, StrategyFacts
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.signal_facts import SignalFacts
from fund_pipeline.cerebro.sizing.world import World


@dataclass(frozen=True, kw_only=True)
class EntryCase:
    """An entry in one fund."""

    signal: SignalFacts
    strategy: StrategyFacts
    fund: FundFacts
    world: World

    @property
    def worth(self) -> EquityFacts:
        """What the fund's accounts of the strategy's mode are worth."""
        return self.fund.worth(self.strategy)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A limit's answer.

    Attributes
    ----------
    limit : its name, as a decision's figures show it.
    reason : why it refuses or cuts; None where all that is wanted may be ordered.
    part : the greatest part of what is wanted that may be ordered, 0 to 1.
    figures : what it compared.
    """

    limit: str
    reason: DecisionReason | None = None
    part: Decimal = ONE
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing was refused or cut."""
        return self.reason is None

    def as_figures(self) -> dict[str, Any]:
        """Its figures, as a decision records them."""
        return {"limit": self.limit, "passed": self.passed, **self.figures}
