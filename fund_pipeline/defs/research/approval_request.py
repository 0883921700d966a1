"""From the form in the Launchpad to the one function that decides."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from fund_pipeline.allocations.approval import Decided, Override, Refusal, RefusedError, Request, Verb, decide
from fund_pipeline.defs.research.approval_config import DecisionConfig
from fund_pipeline.defs.research.resources import DeskResource
from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import get_allocation
from fund_pipeline.ledger.approvals import note_refusal
from fund_pipeline.ledger.audit import Act
from fund_pipeline.users import Security, verify_code

USED_UP = "none: it is in a run's config, so it is used up"


def decide_as_asked(desk: DeskResource, fund_id: str, form: DecisionConfig, act: Act, *, same_run: bool) -> Decided:
    """Carry out what the form of a fund asks for.

    Every code in the form is used up, whatever comes of it: Dagster keeps run configs for all to read.

    Raises
    ------
    RefusedError : with its reason; nothing was changed but the audit log, and codes.
    """
    try:
        request = _request(desk.ledger, fund_id, form, act, same_run=same_run)
        matrix = desk.warehouse.read_returns("strategy_returns")
        return decide(desk.ledger, matrix, Security.of(desk.settings, desk.ledger), request, act.at)
    except RefusedError as refused:
        use_up_codes(desk, form, act, also_first=refused.reason is not Refusal.CODE_REFUSED)
        raise


def use_up_codes(desk: DeskResource, form: DecisionConfig, act: Act, *, also_first: bool) -> None:
    """Make sure that no code of a form that decided nothing can be used by whoever reads the run's config."""
    given = [(form.second_approved_by.strip(), form.second_code)]
    if also_first:
        given.append((form.approved_by.strip(), form.code))
    if not (given := [(user_id, code) for user_id, code in given if user_id and code.strip()]):
        return
    security = Security.of(desk.settings, desk.ledger)
    for user_id, code in given:
        verify_code(desk.ledger, user_id, code, act.at, security, purpose=USED_UP, correlation_id=act.correlation_id)


def _request(ledger: Ledger, fund_id: str, form: DecisionConfig, act: Act, *, same_run: bool) -> Request:
    shown = form.allocation_id.strip()
    try:
        _refuse_other_fund(ledger, fund_id, shown)
        weights = _weights(form.weights)
    except RefusedError as refused:
        named = shown.partition(":")[0][:128] or fund_id
        detail = {"decision": form.decision.value, "by": form.approved_by, "message": refused.message}
        note_refusal(ledger, named, refused.reason.value, detail, act)
        raise
    asks_override = form.override_reason or form.second_approved_by or form.second_code
    return Request(
        verb=Verb(form.decision.value),
        shown=shown,
        decided_by=form.approved_by.strip(),
        code=form.code,
        note=form.note,
        weights=weights,
        override=Override(form.override_reason, form.second_approved_by.strip(), form.second_code)
        if asks_override
        else None,
        same_run=same_run,
        correlation_id=act.correlation_id,
    )


def _refuse_other_fund(ledger: Ledger, fund_id: str, shown: str) -> None:
    try:
        allocation = get_allocation(ledger, shown.partition(":")[0])
    except NotFoundError:
        return  # told by the function that decides
    if allocation.fund_id != fund_id:
        raise RefusedError(
            Refusal.NOT_WHAT_WAS_SHOWN,
            f"{shown!r} is an allocation of fund {allocation.fund_id}, and this is the form of fund {fund_id}",
            remedy=f"decide on it in the form of fund {allocation.fund_id}",
        )


def _weights(given: Mapping[str, str]) -> dict[str, Decimal]:
    weights = {}
    for name, text in given.items():
        try:
            weights[name] = Decimal(text.strip())
        except InvalidOperation:
            raise RefusedError(
                Refusal.WRONG_WEIGHTS,
                f"the weight of {name} is {text!r}",
                remedy='write a decimal fraction of fund equity in quotes, such as "0.25"',
            ) from None
    return weights
