"""The registry of strategies, for programs with a key. The rules are those of the terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Body, Depends, Path, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from fund_pipeline.accounts.registration import change, deactivate, register
from fund_pipeline.accounts.registry import ID_PATTERN, StrategyEntry
from fund_pipeline.api.answerable import AnswerableError
from fund_pipeline.api.context import Context, Here
from fund_pipeline.api.dagster_runs import DagsterRuns
from fund_pipeline.api.guard import Door
from fund_pipeline.api.key_door import BEARER, KEY_HEADER, Asker, Program, key_door
from fund_pipeline.api.problems import RETRY_SECONDS, Problem, Reason, WrongParameterError
from fund_pipeline.api.strategy_answers import StrategiesAnswer, StrategyAnswer, SyncAnswer, change_schema
from fund_pipeline.api.strict_json import StrictRoute
from fund_pipeline.backtests import ingestion
from fund_pipeline.errors import NotFoundError
from fund_pipeline.ledger.key_model import Scope
from fund_pipeline.ledger.model import StrategyStatus
from fund_pipeline.ledger.strategies import get_strategy, list_strategies, note_strategy
from fund_pipeline.logs import CORRELATION_TAG
from fund_pipeline.signals.senders import Throttle

PREFIX = "/api/strategies"
ASKED_BY_TAG = "fund/asked_by"
LONGEST_TOLD = 80
STARTS_AT_ONCE = 2
MOST_STARTS_WAITING = 10
"""Runs of Dagster being started, and asked for meanwhile: when it hangs, nothing else has to wait for it."""
NONE: dict[int | str, dict[str, Any]] = {404: {"model": Problem, "description": "There is no such strategy."}}
WRONG: dict[int | str, dict[str, Any]] = {
    413: {"model": Problem, "description": "The body is too large."},
    422: {
        "model": Problem,
        "description": "A field is wrong; the answer names it, its value and what it takes. Or `LIVE_NEEDS_A_PERSON`: "
        "no key alone lets a strategy trade real money; the remedy is the command that a person runs.",
    },
}
TAKEN: dict[int | str, dict[str, Any]] = {
    409: {
        "model": Problem,
        "description": "The id is taken, or an account is closed or not for a strategy of its mode.",
    }
}
FAILS: dict[int | str, dict[str, Any]] = {502: {"model": Problem, "description": "Dagster refused; it says why."}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "Not accepted: no key that is in force."},
    403: {"model": Problem, "description": "The key lacks the scope that the message names."},
    429: {"model": Problem, "description": "Not accepted too many times; wait `Retry-After` seconds."},
    503: {"model": Problem, "description": "The ledger, or Dagster, does not answer; try again after `Retry-After`."},
}

router = APIRouter(
    prefix=PREFIX,
    tags=["strategies"],
    dependencies=[BEARER, KEY_HEADER],
    responses=RESPONSES,
    route_class=StrictRoute,
)


def doors() -> Mapping[tuple[str, str], Door]:
    """Who may come in here: whoever has a key with the scope to read, or to write."""
    throttle = Throttle()
    reading, writing = (key_door(scope, throttle) for scope in (Scope.STRATEGIES_READ, Scope.STRATEGIES_WRITE))
    return {
        (method, path): reading if method == "GET" else writing
        for method in ("GET", "POST", "PUT", "DELETE")
        for path in (PREFIX, f"{PREFIX}/*")
    }


def _possible_id(strategy_id: Annotated[str, Path(description="Id of the strategy.")]) -> str:
    """The id, or NotFoundError for one that no strategy can have: a database may refuse to look for it."""
    if re.fullmatch(ID_PATTERN, strategy_id) is None:
        raise NotFoundError(
            f"strategy {strategy_id[:LONGEST_TOLD]!r} is not in the registry", remedy=f"GET {PREFIX} lists them"
        )
    return strategy_id


StrategyId = Annotated[str, Depends(_possible_id)]
Change = Annotated[dict[str, Any], Body()]


@router.get("", summary="The registry")
def list_all(
    here: Here,
    status: Annotated[StrategyStatus | None, Query(description="Only those that are so.")] = None,
) -> StrategiesAnswer:
    """Every strategy, by id. Wants the scope `strategies:read`."""
    found = [one for one in list_strategies(here.ledger) if status in (None, one.status)]
    return StrategiesAnswer(strategies=[StrategyAnswer.of(one) for one in found])


@router.get("/{strategy_id}", summary="One strategy", responses=NONE)
def show(strategy_id: StrategyId, here: Here) -> StrategyAnswer:
    """A strategy as the registry has it. Wants the scope `strategies:read`."""
    return StrategyAnswer.of(get_strategy(here.ledger, strategy_id))


@router.post("", summary="Register a strategy", status_code=201, responses=WRONG | TAKEN)
def add(body: StrategyEntry, here: Here, asker: Asker, response: Response) -> StrategyAnswer:
    """Add a strategy. It starts as TESTING on PAPER unless told otherwise; LIVE is a person's to say.

    Amounts are decimals in strings. Of several requests with one id, one is answered 201 and the others 409. Wants the
    scope `strategies:write`.
    """
    added = register(here.ledger, body.to_strategy(), asker.act())
    response.headers["Location"] = f"{PREFIX}/{added.strategy_id}"
    return StrategyAnswer.of(added)


@router.put(
    "/{strategy_id}",
    summary="Change a strategy",
    responses=WRONG | NONE | TAKEN,
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": change_schema()}}}},
)
def put(strategy_id: StrategyId, body: Change, here: Here, asker: Asker) -> StrategyAnswer:
    """Change what is given; a field that is left out stays as it is, so that no setting is lost by not being told.

    All of it is done or none. The same again changes nothing. Wants the scope `strategies:write`.
    """
    if body.get("strategy_id", strategy_id) != strategy_id:
        raise WrongParameterError(
            "strategy_id",
            f"strategy_id is not {strategy_id}, which the path names",
            remedy="an id cannot be changed: leave it out",
        )
    try:
        return StrategyAnswer.of(change(here.ledger, strategy_id, body, asker.act()))
    except ValidationError as invalid:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in invalid.errors()]) from None


@router.delete("/{strategy_id}", summary="Deactivate a strategy", responses=NONE)
def delete(strategy_id: StrategyId, here: Here, asker: Asker) -> StrategyAnswer:
    """Make a strategy INACTIVE: it opens nothing any more, its exits go on, and its history stays.

    The same again changes nothing. Wants the scope `strategies:write`.
    """
    return StrategyAnswer.of(deactivate(here.ledger, strategy_id, asker.act()))


@router.post(
    "/{strategy_id}/sync-backtest", summary="Read a strategy's backtest again", status_code=202, responses=NONE | FAILS
)
async def sync_backtest(strategy_id: StrategyId, here: Here, asker: Asker) -> SyncAnswer:
    """Start the Dagster job that reads the strategy's file from the backtests folder again, changed or not.

    The answer does not wait for it. The run fails, and says why, when the file is refused or there is none. Wants the
    scope `strategies:write`.
    """
    if here.starting.statistics().tasks_waiting >= MOST_STARTS_WAITING:
        raise AnswerableError(
            503,
            Reason.DAGSTER_AWAY,
            "Dagster's web server is slow, and others wait for it",
            remedy="send the request again in a few seconds",
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    return await anyio.to_thread.run_sync(_start, strategy_id, here, asker, limiter=here.starting)


def _start(strategy_id: str, here: Context, asker: Program) -> SyncAnswer:
    get_strategy(here.ledger, strategy_id)
    note_strategy(here.ledger, strategy_id, "backtest_sync_asked", {"job": ingestion.JOB}, asker.act())
    run = DagsterRuns.of(here.settings).start(
        ingestion.LOCATION,
        ingestion.JOB,
        ingestion.config_for(strategy_id),
        {CORRELATION_TAG: asker.request_id, ingestion.STRATEGY_TAG: strategy_id, ASKED_BY_TAG: asker.act().actor},
    )
    return SyncAnswer(strategy_id=strategy_id, run_id=run.run_id, url=run.url)
