"""Approval without a person, of changes so small that the fund's policy allows it. Off unless the policy says so."""

from __future__ import annotations

from decimal import Decimal

from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.allocations.measure import measure
from fund_pipeline.allocations.verify import is_proven
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.approval_model import Approval, ApprovalMethod, Decision
from fund_pipeline.ledger.approvals import put_in_force
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.model import Allocation
from fund_pipeline.ledger.recorded import proven_fund, proven_run
from fund_pipeline.logs import get_logger

log = get_logger(__name__)

POLICY = "policy"
"""Who decided, in the record."""


def approve_by_policy(ledger: Ledger, pending: Allocation, matrix: ReturnsMatrix, act: Act) -> Approval | None:
    """Approve a pending recommendation if it is within the policy's band around the ACTIVE allocation.

    Within it: turnover Σ|new − active| and |CVaR new − CVaR active|, both on the returns of the recommendation, are at
    most what the policy allows, every present limit is obeyed, and the optimum is proven. A fund's first allocation,
    and one after weights in a strategy that no longer takes part, are always a person's to decide.

    Returns
    -------
    The approval, or None when it stays pending. A person who decides at the same moment comes first.

    Raises
    ------
    ConflictError : the returns are no longer those the recommendation was made on.
    InvariantError : the fund's limits, or the run, are not what the audit log recorded of them.
    """
    fund = proven_fund(ledger, pending.fund_id)
    policy = limits_of(fund.fund_id, fund.risk_limits).approval
    if policy.auto_max_turnover is None or policy.auto_max_cvar_change is None:
        return None
    active = active_allocation(ledger, pending.fund_id)
    run = proven_run(ledger, pending.run_id)
    if active is None or not set(active.allocation.weights) <= set(run.inputs["backtests"]) or not is_proven(run):
        return None
    limits = limits_of(fund.fund_id, fund.risk_limits)
    new = measure(pending.weights, run, limits, matrix)
    old = measure(active.allocation.weights, run, limits, matrix)
    turnover = sum(
        abs(pending.weights.get(name, Decimal(0)) - active.allocation.weights.get(name, Decimal(0)))
        for name in pending.weights.keys() | active.allocation.weights.keys()
    )
    cvar_change = abs(new.portfolio.cvar - old.portfolio.cvar)
    if new.breaches or turnover > policy.auto_max_turnover or cvar_change > policy.auto_max_cvar_change:
        log.info("outside the policy's band", allocation=pending.allocation_id, turnover=float(turnover))
        return None
    note = (
        f"turnover {float(turnover):.6f} of at most {policy.auto_max_turnover:g}, "
        f"CVaR change {cvar_change:.6f} of at most {policy.auto_max_cvar_change:g}"
    )
    approval = Approval(
        fund_id=pending.fund_id,
        allocation_id=pending.allocation_id,
        digest=pending.digest,
        decision=Decision.APPROVED,
        method=ApprovalMethod.POLICY,
        decided_by=POLICY,
        second_by=None,
        note=note,
        override_reason="",
        breaches=(),
        replaces=None,
        decided_at=act.at,
        correlation_id=act.correlation_id,
    )
    try:
        return put_in_force(ledger, pending, approval, act)
    except ConflictError as meanwhile:
        log.warning("decided meanwhile", allocation=pending.allocation_id, problem=str(meanwhile))
        return None
