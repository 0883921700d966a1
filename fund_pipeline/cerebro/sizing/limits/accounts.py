"""Limits of an account: whether it may take part in an entry at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fund_pipeline.cerebro.sizing.arithmetic import text
from fund_pipeline.cerebro.sizing.facts import AccountFacts
from fund_pipeline.cerebro.sizing.limits.finding import EntryCase, Finding
from fund_pipeline.cerebro.sizing.pricing import PricedLeg, is_stale
from fund_pipeline.cerebro.sizing.reasons import DecisionReason


class AccountLimit(Protocol):
    """A rule that lets an account take part in an entry or not."""

    def validate(self, case: EntryCase, account: AccountFacts, legs: Sequence[PricedLeg]) -> Finding:
        """What it found for the legs that would be placed there together."""
        ...


class PermittedClass:
    """Accounts trade only their asset classes."""

    def validate(self, case: EntryCase, account: AccountFacts, legs: Sequence[PricedLeg]) -> Finding:
        """ASSET_CLASS_NOT_PERMITTED."""
        outside = sorted({leg.asset_class.value for leg in legs if leg.asset_class not in account.asset_classes})
        reason = DecisionReason.ASSET_CLASS_NOT_PERMITTED if outside else None
        return Finding(limit="asset_class", reason=reason, figures={"outside": outside})


class SameMode:
    """LIVE needs saying twice: strategy and account are both LIVE, or both PAPER."""

    def validate(self, case: EntryCase, account: AccountFacts, legs: Sequence[PricedLeg]) -> Finding:
        """MODE_MISMATCH."""
        reason = DecisionReason.MODE_MISMATCH if case.strategy.live != account.live else None
        figures = {"strategy_live": case.strategy.live, "account_live": account.live}
        return Finding(limit="mode", reason=reason, figures=figures)


class AccountOpen:
    """Only open accounts take entries."""

    def validate(self, case: EntryCase, account: AccountFacts, legs: Sequence[PricedLeg]) -> Finding:
        """ACCOUNT_CLOSED."""
        return Finding(limit="account_open", reason=None if account.is_open else DecisionReason.ACCOUNT_CLOSED)


class FreshState:
    """No entries on a state of the account that is too old, or of the future."""

    def validate(self, case: EntryCase, account: AccountFacts, legs: Sequence[PricedLeg]) -> Finding:
        """STALE_STATE."""
        rules = case.world.rules
        age = account.age_seconds
        stale = age is None or is_stale(age, rules.state_age_seconds, rules)
        figures = {"age_seconds": age, "limit_seconds": rules.state_age_seconds}
        return Finding(limit="account_state", reason=DecisionReason.STALE_STATE if stale else None, figures=figures)


class AccountEquity:
    """An account without equity takes nothing."""

    def validate(self, case: EntryCase, account: AccountFacts, legs: Sequence[PricedLeg]) -> Finding:
        """NO_EQUITY."""
        reason = DecisionReason.NO_EQUITY if account.equity is None or account.equity <= 0 else None
        return Finding(limit="account_equity", reason=reason, figures={"equity": text(account.equity)})


class Reconciled:
    """No entries where books and broker differ: the whole account, or an instrument that a break locks."""

    def validate(self, case: EntryCase, account: AccountFacts, legs: Sequence[PricedLeg]) -> Finding:
        """NOT_RECONCILED."""
        locked = sorted({leg.key for leg in legs} & account.locked)
        reason = None if account.reconciled and not locked else DecisionReason.NOT_RECONCILED
        return Finding(limit="reconciled", reason=reason, figures={"books": account.reconciled, "locked": locked})


ACCOUNT_LIMITS: tuple[AccountLimit, ...] = (
    PermittedClass(),
    SameMode(),
    AccountOpen(),
    FreshState(),
    AccountEquity(),
    Reconciled(),
)
