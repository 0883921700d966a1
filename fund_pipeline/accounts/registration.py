"""What a program may change in the strategy registry. A person at the terminal may change all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from fund_pipeline.accounts.permissions import check_change
from fund_pipeline.accounts.registry import StrategyEntry
from fund_pipeline.errors import InputError, NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import Strategy, StrategyStatus, TradingMode
from fund_pipeline.ledger.strategies import add_strategy, change_strategy, note_strategy


class FieldError(InputError):
    """A field is wrong in a way that only the ledger tells."""

    def __init__(self, field: str, message: str, *, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.field = field


class LiveNeedsAPersonError(FieldError):
    """LIVE needs saying twice: no program alone can let a strategy trade real money. `field` would have done so."""


def register(ledger: Ledger, strategy: Strategy, act: Act) -> Strategy:
    """Add a strategy for a program.

    Raises
    ------
    ConflictError : its id is taken, or one of its accounts is not for it.
    FieldError : there is no such account.
    LiveNeedsAPersonError : it would be LIVE; that it was tried is audited.
    """
    with _refusal_audited(ledger, strategy.strategy_id, act):
        if strategy.trading_mode is TradingMode.LIVE:
            raise _not_live(strategy.strategy_id, "register it as PAPER, then run")
        _check_accounts(ledger, None, strategy)
        add_strategy(ledger, strategy, act)
    return strategy


def change(ledger: Ledger, strategy_id: str, fields: Mapping[str, Any], act: Act) -> Strategy:
    """Change what is given of a strategy for a program, all or nothing; the rest stays. Return what it is now.

    Raises
    ------
    NotFoundError : there is no such strategy.
    ValidationError : of pydantic, for what StrategyEntry does not take.
    ConflictError, FieldError, LiveNeedsAPersonError : as of `register`.
    """

    def changed(held: Strategy) -> Strategy:
        after = StrategyEntry.model_validate(asdict(held) | dict(fields)).to_strategy()
        _refuse_live(held, after)
        _check_accounts(ledger, held, after)
        return after

    with _refusal_audited(ledger, strategy_id, act):
        return change_strategy(ledger, strategy_id, changed, act)


def deactivate(ledger: Ledger, strategy_id: str, act: Act) -> Strategy:
    """Let a strategy open nothing any more; its exits go on. Return what it is now; twice changes nothing."""
    return change_strategy(ledger, strategy_id, lambda held: replace(held, status=StrategyStatus.INACTIVE), act)


def _refuse_live(before: Strategy, after: Strategy) -> None:
    if after.trading_mode is not TradingMode.LIVE:
        return
    if before.trading_mode is not TradingMode.LIVE:
        raise _not_live(after.strategy_id, "leave trading_mode out, then run")
    if after.status is StrategyStatus.ACTIVE and before.status is not StrategyStatus.ACTIVE:
        raise LiveNeedsAPersonError(
            "status",
            f"status is 'ACTIVE': strategy {after.strategy_id} is LIVE, and a key alone cannot let it trade again",
            remedy=f"run at the terminal: fund strategies set {after.strategy_id} status=ACTIVE",
        )
    if new := sorted(set(after.accounts) - set(before.accounts)):
        raise LiveNeedsAPersonError(
            "accounts",
            f"accounts has {new[0]!r}: strategy {after.strategy_id} is LIVE, and a key alone gives it no account",
            remedy=f"run at the terminal: fund accounts allow {after.strategy_id} {new[0]}",
        )


def _not_live(strategy_id: str, first: str) -> LiveNeedsAPersonError:
    return LiveNeedsAPersonError(
        "trading_mode",
        "trading_mode is 'LIVE': a key alone cannot make a strategy LIVE",
        remedy=f"{first} at the terminal: fund strategies set {strategy_id} trading_mode=LIVE",
    )


def _check_accounts(ledger: Ledger, before: Strategy | None, after: Strategy) -> None:
    try:
        check_change(ledger, before, after)
    except NotFoundError as unknown:
        raise FieldError("accounts", unknown.message, remedy=unknown.remedy) from None


@contextmanager
def _refusal_audited(ledger: Ledger, strategy_id: str, act: Act) -> Iterator[None]:
    try:
        yield
    except LiveNeedsAPersonError as refused:
        note_strategy(ledger, strategy_id, "strategy_change_refused", {"message": refused.message}, act)
        raise
