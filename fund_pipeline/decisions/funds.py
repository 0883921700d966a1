"""A fund's facts: what it is worth, what a person approved for it, and what its day has cost so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.accounts.snapshots import day_start_snapshot
from fund_pipeline.cerebro.sizing import FundFacts, SizingRules, World
from fund_pipeline.errors import InputError, InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.account_model import Account, AccountSnapshot, AccountStatus, Severity, Trouble
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.alerts import raise_alert
from fund_pipeline.ledger.halts import state_of
from fund_pipeline.ledger.model import Fund


def fund_facts(
    ledger: Ledger,
    fund: Fund,
    accounts: Iterable[Account],
    snapshots: Mapping[str, AccountSnapshot | None],
    world: World,
    zone: ZoneInfo,
    now: datetime,
) -> FundFacts:
    """The fund as of `now`, whose day is that of `zone`; `world` has the rates between currencies."""
    mine = [one for one in accounts if one.fund_id == fund.fund_id and one.status is AccountStatus.OPEN]
    began = {one.account_id: day_start_snapshot(ledger, one.account_id, now, zone) for one in mine}
    rules = _rules(ledger, fund, now)
    return FundFacts(
        fund_id=fund.fund_id,
        currency=fund.currency,
        equity=_sum([_fresh(snapshots[one.account_id], rules, now) for one in mine], fund.currency, world),
        weights=None if rules is None else _weights(ledger, fund.fund_id, now),
        halt=state_of(ledger, fund.fund_id),
        day_start_equity=_sum([began[one.account_id] for one in mine], fund.currency, world),
        rules=rules,
    )


def _fresh(snapshot: AccountSnapshot | None, rules: SizingRules | None, now: datetime) -> AccountSnapshot | None:
    """A broker's word that is young enough to size by; an old one is none."""
    limit = (rules or SizingRules()).state_age_seconds
    return snapshot if snapshot is not None and (now - snapshot.as_of).total_seconds() <= limit else None


def _sum(snapshots: Sequence[AccountSnapshot | None], currency: str, world: World) -> Decimal | None:
    """Equity over accounts in a currency; None where one account's, or one rate, is not known, or there is none."""
    total = Decimal(0)
    for one in snapshots:
        rate = None if one is None else world.rate(one.currency, currency)
        if one is None or rate is None:
            return None
        total += one.equity * rate
    return total if snapshots else None


def _weights(ledger: Ledger, fund_id: str, now: datetime) -> Mapping[str, Decimal] | None:
    """The weights that a person approved; None where there are none, or where what is there is not proven."""
    try:
        found = active_allocation(ledger, fund_id)
    except InvariantError as unproven:
        raise_alert(ledger, _unproven(fund_id, unproven), now)
        return None
    return None if found is None else found.allocation.weights


def _rules(ledger: Ledger, fund: Fund, now: datetime) -> SizingRules | None:
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
