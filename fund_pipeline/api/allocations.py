"""What a fund holds, is recommended to hold, and what was decided."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Security
from fastapi.security import HTTPBasic

from fund_pipeline.accounts.limits import limits_of
from fund_pipeline.allocations.approval.deadline import deadline
from fund_pipeline.allocations.approval.standing import altered
from fund_pipeline.api.answers import (
    AllocationAnswer,
    ApprovalAnswer,
    DecidedAnswer,
    HistoryAnswer,
    RecommendationAnswer,
)
from fund_pipeline.api.context import Here
from fund_pipeline.api.problems import Problem, WrongParameterError
from fund_pipeline.errors import ConflictError, InvariantError, NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.active import active_allocation, proven_decisions
from fund_pipeline.ledger.allocations import get_run, list_allocations
from fund_pipeline.ledger.funds import get_fund, list_funds
from fund_pipeline.ledger.model import AllocationStatus, Fund
from fund_pipeline.ledger.recorded import proven_fund

PREFIX = "/api/portfolio/allocations"
PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "Not accepted: no admin with their password."},
    404: {"model": Problem, "description": "There is no such fund, or nothing of the kind."},
    409: {"model": Problem, "description": "What the ledger holds is not what was recorded: an operator must look."},
    422: {"model": Problem, "description": "A field or parameter is wrong; the answer names it."},
    503: {"model": Problem, "description": "The ledger does not answer; try again after `Retry-After` seconds."},
}
# The guard has checked it already, before anything of the request was read: this tells the description of the API.
LOGIN = Security(HTTPBasic(auto_error=False, description="User id and password of an admin."))

FundQuery = Annotated[
    str | None, Query(max_length=128, description="Fund id; may be left out where there is exactly one fund.")
]
router = APIRouter(prefix=PREFIX, tags=["allocations"], dependencies=[LOGIN], responses=PROBLEMS)


@router.get("/current", summary="What the fund holds")
def current(here: Here, fund: FundQuery = None) -> DecidedAnswer:
    """The allocation in force, with the approval that put it there. 404 before the first approval."""
    chosen = fund_of(here.ledger, fund)
    active = active_allocation(here.ledger, chosen.fund_id)
    if active is None:
        raise NotFoundError(
            f"fund {chosen.fund_id} has no allocation in force", remedy="approve a recommendation to put one in force"
        )
    return DecidedAnswer(allocation=AllocationAnswer.of(active.allocation), approval=ApprovalAnswer.of(active.approval))


@router.get("/latest-recommendation", summary="What waits for a decision")
def latest_recommendation(here: Here, fund: FundQuery = None) -> RecommendationAnswer:
    """The pending recommendation, with everything that helps to decide. 404 when none is pending.

    409 when it, or what its optimisation found, is not what was recorded.
    """
    chosen = fund_of(here.ledger, fund)
    pending = list_allocations(here.ledger, chosen.fund_id, AllocationStatus.PENDING_APPROVAL)
    if not pending:
        raise NotFoundError(
            f"no recommendation of fund {chosen.fund_id} is pending",
            remedy="wait for the nightly run, or run `fund nightly`",
        )
    if (why := altered(here.ledger, pending[0])) is not None:
        raise ConflictError(why.message, remedy=why.remedy)
    run = get_run(here.ledger, pending[0].run_id)
    policy = limits_of(chosen.fund_id, proven_fund(here.ledger, chosen.fund_id).risk_limits).approval
    return RecommendationAnswer.of_run(pending[0], run, deadline(pending[0], run, policy))


@router.get("/history", summary="What was decided")
def history(
    here: Here,
    fund: FundQuery = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many, the newest.")] = 100,
) -> HistoryAnswer:
    """Approvals and rejections, newest first: who, when, what was replaced, and why. 409 when they are not proven."""
    chosen = fund_of(here.ledger, fund)
    try:
        decisions = proven_decisions(here.ledger, chosen.fund_id)[:limit]
    except InvariantError as unproven:
        raise ConflictError(unproven.message, remedy=unproven.remedy) from None
    return HistoryAnswer(fund_id=chosen.fund_id, decisions=[ApprovalAnswer.of(one) for one in decisions])


def fund_of(ledger: Ledger, fund_id: str | None) -> Fund:
    """The fund that is asked about. NotFoundError if there is none of that id; InputError where one must be named."""
    if fund_id is not None:
        return get_fund(ledger, fund_id)
    funds = list_funds(ledger)
    if not funds:
        raise NotFoundError("there is no fund yet", remedy="add one with `fund registry import FILE`")
    if len(funds) > 1:
        names = ", ".join(fund.fund_id for fund in funds)
        raise WrongParameterError("fund", "fund is missing, and there is more than one", remedy=f"use one of: {names}")
    return funds[0]
