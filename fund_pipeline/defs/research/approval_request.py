"""From the form in the Launchpad to the one function that decides."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from fund_pipeline.allocations.approval.decide import Decided, decide
from fund_pipeline.allocations.approval.noting import NAME, note
from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.allocations.approval.request import Override, Request, Verb
from fund_pipeline.allocations.approval.wording import plain
from fund_pipeline.defs.research.approval_config import DecisionConfig
from fund_pipeline.defs.research.resources import DeskResource
from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.allocations import get_allocation
from fund_pipeline.ledger.audit import Act
from fund_pipeline.users import Security, use_up_code

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
        security = Security.of(desk.settings, desk.ledger)
        return decide(desk.ledger, matrix, security, request, act.at, anchors=desk.settings.audit_anchors)
    finally:
        use_up_codes(desk, form, act)


def use_up_codes(desk: DeskResource, form: DecisionConfig, act: Act) -> None:
    """Make sure that no code of a form can be used, or used again, by whoever reads the run's config."""
    given = [(form.approved_by, form.code), (form.second_approved_by, form.second_code)]
    if not (given := [(user_id.strip(), code) for user_id, code in given if user_id.strip() and code.strip()]):
        return
    security = Security.of(desk.settings, desk.ledger)
    for user_id, code in given:
        use_up_code(desk.ledger, user_id, code, act.at, security, purpose=USED_UP, correlation_id=act.correlation_id)


def _request(ledger: Ledger, fund_id: str, form: DecisionConfig, act: Act, *, same_run: bool) -> Request:
    shown = form.allocation_id.strip()
    try:
        _refuse_other_fund(ledger, fund_id, shown)
        weights = _weights(form.weights)
    except RefusedError as refused:
        note(ledger, form.decision.value, shown, form.approved_by, refused, act)
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
    if not NAME.fullmatch(shown):
        return  # told by the function that decides
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
                f"the weight of {plain(name, 100)} is {plain(text, 40)!r}",
                remedy='write a decimal fraction of fund equity in quotes, such as "0.25"',
            ) from None
    return weights
