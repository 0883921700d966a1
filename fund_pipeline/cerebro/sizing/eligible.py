"""Which accounts may take part in an entry."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from fund_pipeline.cerebro.sizing.arithmetic import ONE, ZERO
from fund_pipeline.cerebro.sizing.facts import AccountFacts, Spreading
from fund_pipeline.cerebro.sizing.limits import ACCOUNT_LIMITS, EntryCase, Finding, MarginLimit
from fund_pipeline.cerebro.sizing.pricing import PricedLeg
from fund_pipeline.cerebro.sizing.reasons import DecisionReason
from fund_pipeline.cerebro.sizing.refused import Refused


def eligible_accounts(
    case: EntryCase, legs: Sequence[PricedLeg]
) -> tuple[tuple[AccountFacts, ...], list[dict[str, Any]]]:
    """The fund's permitted accounts that may take these legs together, and why others may not.

    Refused where there is none, with the reason of the account that passed most limits.
    """
    permitted = [case.world.accounts[a] for a in case.strategy.accounts if a in case.world.accounts]
    mine = [account for account in permitted if account.fund_id == case.fund.fund_id]
    if not mine:
        raise Refused(DecisionReason.NO_ACCOUNT, {"permitted": list(case.strategy.accounts)})
    fitting: list[AccountFacts] = []
    refused: list[tuple[int, Finding]] = []
    shown: list[dict[str, Any]] = []
    for account in mine:
        failed = _first_failed(case, account, legs)
        if failed is None:
            fitting.append(account)
            continue
        refused.append(failed)
        reason = failed[1].reason
        shown.append(
            {"account": account.account_id, "reason": reason.value if reason else None, **failed[1].as_figures()}
        )
    if not fitting:
        _, nearest = max(refused, key=lambda one: one[0])
        raise Refused(nearest.reason or DecisionReason.NO_ACCOUNT, {"accounts_refused": shown})
    return tuple(fitting), shown


def spreading_weights(
    case: EntryCase, accounts: Sequence[AccountFacts], margins: dict[str, MarginLimit]
) -> dict[str, Decimal]:
    """What each account takes in proportion to: its available margin in the fund's currency, or the same."""
    if len(accounts) == 1 or case.strategy.spreading is Spreading.EQUAL:
        return dict.fromkeys((account.account_id for account in accounts), ONE)
    weights = {}
    for account in accounts:
        rate = case.world.rate(account.currency, case.fund.currency)
        if rate is None:
            raise Refused(DecisionReason.NO_FX_RATE, {"from": account.currency, "to": case.fund.currency})
        available = account.available_margin
        if available is None:
            available = (account.equity or ZERO) - account.margin_used
        weights[account.account_id] = max(available - margins[account.account_id].pending, ZERO) * rate
    return weights


def _first_failed(case: EntryCase, account: AccountFacts, legs: Sequence[PricedLeg]) -> tuple[int, Finding] | None:
    for passed, limit in enumerate(ACCOUNT_LIMITS):
        finding = limit.validate(case, account, legs)
        if not finding.passed:
            return passed, finding
    return None
