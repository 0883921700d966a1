"""An admin's word on a recommendation. `decide` decides, here as in Dagster and at the terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from fastapi import APIRouter

from fund_pipeline.allocations.approval.request import Request, Verb
from fund_pipeline.api.allocations import LOGIN, PREFIX, PROBLEMS
from fund_pipeline.api.answers import AllocationAnswer, ApprovalAnswer, DecidedAnswer
from fund_pipeline.api.bodies import ApproveBody, CustomBody, RejectBody
from fund_pipeline.api.context import Asking, Context, Here, Who
from fund_pipeline.api.problems import NotYourselfError, Problem, Reason
from fund_pipeline.api.strict_json import StrictRoute
from fund_pipeline.clock import utc_now
from fund_pipeline.ledger.approvals import note_refusal
from fund_pipeline.ledger.audit import Act

REFUSALS: dict[int | str, dict[str, Any]] = {status: one for status, one in PROBLEMS.items() if status != 404} | {
    403: {"model": Problem, "description": "`approved_by` is not who is logged in."},
    409: {"model": Problem, "description": "Refused, and nothing was changed; `error` has the reason."},
    413: {"model": Problem, "description": "The body is too large."},
}
_ID = re.compile(r"[A-Za-z0-9_.+-]{1,128}")

router = APIRouter(prefix=PREFIX, tags=["decisions"], dependencies=[LOGIN], responses=REFUSALS, route_class=StrictRoute)


@router.post("/approve", summary="Approve what is recommended")
def approve(body: ApproveBody, here: Here, who: Who) -> DecidedAnswer:
    """Put a pending recommendation in force; the former allocation is archived with it."""
    _refuse_another_name(here, who, body)
    return _decided(here, replace(body.request(who, Verb.APPROVE), override=body.overriding()))


@router.post("/reject", summary="Reject what is recommended")
def reject(body: RejectBody, here: Here, who: Who) -> DecidedAnswer:
    """End a pending recommendation. The same inputs are not recommended again."""
    _refuse_another_name(here, who, body)
    return _decided(here, body.request(who, Verb.REJECT))


@router.put("/custom", summary="Approve other weights")
def custom(body: CustomBody, here: Here, who: Who) -> DecidedAnswer:
    """Put other weights in force than were recommended, measured against every limit first.

    `allocation_id` names the recommendation they answer.
    """
    _refuse_another_name(here, who, body)
    asked = body.request(who, Verb.APPROVE_EDITED)
    return _decided(here, replace(asked, override=body.overriding(), weights=body.weights))


def _refuse_another_name(here: Context, who: Asking, body: RejectBody) -> None:
    if body.approved_by == who.admin:
        return
    named = body.allocation_id.partition(":")[0]
    act = Act(f"user:{who.admin}", utc_now(), who.request_id)
    detail = {"by": who.admin, "message": "approved_by names somebody else"}
    entity_id = named if _ID.fullmatch(named) else "unreadable"
    note_refusal(here.ledger, entity_id, Reason.NOT_YOURSELF.value, detail, act)
    raise NotYourselfError


def _decided(here: Context, request: Request) -> DecidedAnswer:
    # Here, because its libraries take seconds to import, and signals cannot wait for them when this process starts.
    from fund_pipeline.allocations.approval.decide import decide

    anchors = here.settings.audit_anchors
    decided = decide(here.ledger, here.returns(), here.security(), request, utc_now(), anchors=anchors)
    return DecidedAnswer(
        allocation=AllocationAnswer.of(decided.allocation), approval=ApprovalAnswer.of(decided.approval)
    )
