"""Accounts over HTTP, for admins: where the funds' money is, and the broker's last word on it."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import ValidationError

from fund_pipeline.accounts import accounts
from fund_pipeline.accounts.accounts import AccountEntry
from fund_pipeline.accounts.limits import first_problem
from fund_pipeline.accounts.snapshots import latest
from fund_pipeline.api.account_answers import (
    AccountAnswer,
    AccountsAnswer,
    AccountStateAnswer,
    ChangedAccountBody,
    NewAccountBody,
    ReplacedAccountBody,
)
from fund_pipeline.api.allocations import LOGIN, PROBLEMS
from fund_pipeline.api.context import Asking, Context, Here, Who
from fund_pipeline.api.problems import Problem, WrongParameterError
from fund_pipeline.api.strict_json import StrictRoute
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger.account_model import Account
from fund_pipeline.ledger.accounts import get_account, list_accounts
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.funds import get_fund, list_funds
from fund_pipeline.ledger.strategies import list_strategies

PREFIX = "/api/v1/accounts"
TOLD: dict[int | str, dict[str, Any]] = PROBLEMS | {
    404: {"model": Problem, "description": "There is no such account or fund, or no word of the broker on it yet."},
    409: {"model": Problem, "description": "Its state does not allow this, and nothing was changed."},
    413: {"model": Problem, "description": "The body is too large."},
}
AccountId = Annotated[str, Path(max_length=64, description="The account.")]
router = APIRouter(prefix=PREFIX, tags=["accounts"], dependencies=[LOGIN], responses=TOLD, route_class=StrictRoute)


@router.get("", summary="The accounts")
def list_all(
    here: Here, fund: Annotated[str | None, Query(max_length=128, description="Only this fund's.")] = None
) -> AccountsAnswer:
    """Every account, or those of one fund, by id. 404 when there is no such fund."""
    if fund is not None:
        get_fund(here.ledger, fund)
    return AccountsAnswer(accounts=[_answer(here, account) for account in list_accounts(here.ledger, fund)])


@router.get("/{account_id}", summary="One account")
def show(account_id: AccountId, here: Here) -> AccountAnswer:
    """The account with the strategies that may use it."""
    return _answer(here, get_account(here.ledger, account_id))


@router.get("/{account_id}/state", summary="What an account is worth")
def state(account_id: AccountId, here: Here) -> AccountStateAnswer:
    """The newest snapshot: equity, cash, margin, positions, and how old it is. 404 before the first."""
    get_account(here.ledger, account_id)
    snapshot = latest(here.ledger, account_id)
    if snapshot is None:
        raise NotFoundError(
            f"the broker has not told anything of account {account_id} yet",
            remedy="wait for the next snapshot; `fund accounts show` tells when there is one",
        )
    return AccountStateAnswer.of(snapshot, utc_now())


@router.post("", summary="Add an account", status_code=201)
def add(body: NewAccountBody, here: Here, who: Who) -> AccountAnswer:
    """Register an account, OPEN. A LIVE one wants its id again as `confirm_live`. 409 when id or number is taken."""
    account = _checked(here, body, body.account_id)
    accounts.add_account(here.ledger, account, _act(who), said_live=body.confirm_live)
    return _answer(here, account)


@router.put("/{account_id}", summary="Change an account")
def replace(account_id: AccountId, body: ReplacedAccountBody, here: Here, who: Who) -> AccountAnswer:
    """Make an account what is sent, all of it. Of one with history only name, asset classes and status can change."""
    get_account(here.ledger, account_id)
    account = dataclasses.replace(_checked(here, body, account_id), status=body.status)
    accounts.change_account(here.ledger, account, _act(who), said_live=body.confirm_live)
    return _answer(here, account)


@router.delete("/{account_id}", summary="Remove an account", status_code=204)
def delete(account_id: AccountId, here: Here, who: Who) -> Response:
    """Remove an account that was never used. 409 when it was: close it instead."""
    accounts.delete_account(here.ledger, account_id, _act(who))
    return Response(status_code=204)


def _checked(here: Context, body: ChangedAccountBody, account_id: str) -> Account:
    try:
        entry: AccountEntry = body.entry(account_id)
    except ValidationError as invalid:
        raise WrongParameterError("mode", first_problem(invalid), remedy="correct the request") from None
    if all(fund.fund_id != entry.fund_id for fund in list_funds(here.ledger)):
        raise WrongParameterError("fund_id", "there is no fund of that id", remedy="run `fund funds list`")
    return entry.to_account()


def _answer(here: Context, account: Account) -> AccountAnswer:
    strategies = list_strategies(here.ledger)
    return AccountAnswer.of(account, [one.strategy_id for one in strategies if account.account_id in one.accounts])


def _act(who: Asking) -> Act:
    return Act(f"user:{who.admin}", utc_now(), who.request_id)
