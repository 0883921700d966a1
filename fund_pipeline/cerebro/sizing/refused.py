"""How one fund's decision ends, and how it stops before there are orders. Inside the package only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fund_pipeline.cerebro.sizing.model import Action, PlannedOrder
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.errors import InputError
from fund_pipeline.terms import DecisionOutcome, SignalType

_DROPS = frozenset(
    {
        DecisionReason.DROPPED_STALE,
        DecisionReason.DROPPED_SLIPPAGE,
        DecisionReason.ALPHA_UNKNOWN,
        DecisionReason.NO_CHANGE,
        DecisionReason.NO_POSITION,
        DecisionReason.ALREADY_CLOSING,
        DecisionReason.NOTHING_TO_CANCEL,
    }
)


def outcome_of(reason: DecisionReason) -> DecisionOutcome:
    """DROPPED where the signal is right and comes too late or has nothing to do; else REJECTED."""
    return DecisionOutcome.DROPPED if reason in _DROPS else DecisionOutcome.REJECTED


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one fund does with a signal."""

    kind: SignalType
    outcome: DecisionOutcome
    reason: DecisionReason
    orders: tuple[PlannedOrder, ...] = ()
    actions: tuple[Action, ...] = ()


class Refused(InputError):
    """One fund does not follow the signal."""

    def __init__(self, reason: DecisionReason, figures: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason.meaning, remedy=reason.remedy)
        self.reason = reason
        self.figures = dict(figures or {})


class Quarantined(InputError):
    """The signal itself can mean more than one thing, whatever the fund."""

    def __init__(self, because: str, figures: Mapping[str, Any]) -> None:
        super().__init__(because, remedy=DecisionReason.AMBIGUOUS.remedy)
        self.figures = {"because": because, **figures}
