"""The last look before an order leaves: what was decided may not be true any more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fund_pipeline.ledger.account_model import AccountStatus
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.ledger.standings import Standing
from fund_pipeline.terms import HaltState


class DoorReason(StrEnum):
    """Why an order does not leave."""

    NOT_LIVE_TWICE = "NOT_LIVE_TWICE"
    BROKER_IS_LIVE = "BROKER_IS_LIVE"
    BROKER_IS_PAPER = "BROKER_IS_PAPER"
    MODE_MISMATCH = "MODE_MISMATCH"
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


@dataclass(frozen=True)
class Refusal:
    """Why not, for a person, and what to do."""

    reason: DoorReason
    message: str
    remedy: str


def refusal(standing: Standing, *, broker_is_live: bool) -> Refusal | None:
    """Why the order may not leave now, or None.

    Real money needs the strategy LIVE and the account LIVE, for exits too, and a broker connection that is what the
    account says. Closed accounts, a PAPER account behind a LIVE strategy and REDUCING stop entries only; HALTED stops
    everything that is new.
    """
    order, account = standing.order, standing.account
    if broker_is_live and account.mode is not TradingMode.LIVE:
        return Refusal(
            DoorReason.BROKER_IS_LIVE,
            f"account {account.account_id} is PAPER and its broker connection is live",
            "connect the account to the broker's paper environment",
        )
    if account.mode is TradingMode.LIVE and standing.strategy_mode is not TradingMode.LIVE:
        return Refusal(
            DoorReason.NOT_LIVE_TWICE,
            f"account {account.account_id} is LIVE and strategy {order.strategy} is not",
            f"set strategy {order.strategy} LIVE if that is meant; else close at the broker what it holds there",
        )
    if account.mode is TradingMode.LIVE and not broker_is_live:
        return Refusal(
            DoorReason.BROKER_IS_PAPER,
            f"account {account.account_id} is LIVE and its broker connection is not",
            "connect the account to the broker's live environment",
        )
    if standing.halt is HaltState.HALTED:
        return Refusal(DoorReason.HALTED, f"trading of fund {order.fund_id} is HALTED", "run `fund resume`")
    if order.role.closes:
        return None
    if standing.halt is HaltState.REDUCING:
        return Refusal(DoorReason.REDUCING, f"trading of fund {order.fund_id} is REDUCING", "run `fund resume`")
    if account.status is not AccountStatus.OPEN:
        return Refusal(
            DoorReason.ACCOUNT_CLOSED, f"account {account.account_id} is closed", "reopen it, or permit another"
        )
    if standing.strategy_mode is not account.mode:
        return Refusal(
            DoorReason.MODE_MISMATCH,
            f"strategy {order.strategy} is {standing.strategy_mode} and account {account.account_id} {account.mode}",
            "set both to the same mode",
        )
    return None
