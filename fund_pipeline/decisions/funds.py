"""A fund's facts: what it is worth, what a person approved for it, and what its day has cost so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.cerebro.sizing import FundFacts, SizingRules
from fund_pipeline.decisions.worth import Moment, worth_of
from fund_pipeline.errors import InputError, InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account, AccountStatus, Severity, Trouble
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.halts import state_of
from fund_pipeline.ledger.model import Fund, TradingMode


def fund_facts(ledger: Ledger, fund: Fund, accounts: Iterable[Account], moment: Moment) -> FundFacts:
    """The fund as of a moment: its accounts of either mode, its approved weights, its rules and its halts."""
    rules = rules_of(ledger, fund, moment.now)
    by_mode = open_by_mode(fund, accounts)
    worth = {mode: worth_of(ledger, fund, mode, mine, rules, moment)[0] for mode, mine in by_mode.items()}
    return FundFacts(
        fund_id=fund.fund_id,
        currency=fund.currency,
        weights=None if rules is None else _weights(ledger, fund.fund_id, moment.now),
        paper=worth[TradingMode.PAPER],
        live=worth[TradingMode.LIVE],
        halt=state_of(ledger, fund.fund_id),
        rules=rules,
    )


def open_by_mode(fund: Fund, accounts: Iterable[Account]) -> dict[TradingMode, tuple[Account, ...]]:
    """The fund's open accounts of each mode."""
    mine = [one for one in accounts if one.fund_id == fund.fund_id and one.status is AccountStatus.OPEN]
    return {mode: tuple(one for one in mine if one.mode is mode) for mode in TradingMode}


def _weights(ledger: Ledger, fund_id: str, now: datetime) -> Mapping[str, Decimal] | None:
    """The weights that a person approved; None where there are none, or where what is there is not proven."""
    try:
        found = active_allocation(ledger, fund_id)
    except InvariantError as unproven:
        raise_alert(ledger, _unproven(fund_id, unproven), now)
        return None
    return None if found is None else found.allocation.weights


def rules_of(ledger: Ledger, fund: Fund, now: datetime) -> SizingRules | None:
    """The fund's own rules; None where what is registered is none, so that nothing is entered, and exits go on."""
    try:
        return limits_of(fund.fund_id, fund.risk_limits).sizing.rules()
    except InputError as wrong:
        trouble = Trouble(
            severity=Severity.CRITICAL,
            kind="LIMITS_WRONG",
            entity="fund",
            entity_id=fund.fund_id,
            message=f"{wrong.message}; it enters nothing till then",
            remedy=wrong.remedy,
            fund_id=fund.fund_id,
        )
        raise_alert(ledger, trouble, now)
        return None


def _unproven(fund_id: str, why: InvariantError) -> Trouble:
    return Trouble(
        severity=Severity.CRITICAL,
        kind="ALLOCATION_UNPROVEN",
        entity="fund",
        entity_id=fund_id,
        message=f"{why.message}; no entry is sized by it",
        remedy=why.remedy,
        fund_id=fund_id,
    )
