"""Two admins at the same moment, in threads and in processes: one decides."""

import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest

from fund_pipeline.allocations.approval import weights as weighing
from fund_pipeline.allocations.approval.decide import decide
from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.allocations.approval.request import Request, Verb
from fund_pipeline.allocations.measure import Measured
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.active import active_allocation, list_approvals
from fund_pipeline.ledger.allocations import list_allocations
from fund_pipeline.ledger.audit import list_audit
from fund_pipeline.ledger.model import Allocation, AllocationStatus
from fund_pipeline.users import Lockout, SecretBox, Security
from fund_pipeline_tests.allocations.approval.world import World, half
from fund_pipeline_tests.allocations.made_up import backtests
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.ledger_fixtures import url_of

LATE = {Refusal.DECIDED_MEANWHILE, Refusal.ALREADY_DECIDED, Refusal.SUPERSEDED}
PAIRS = [
    (Verb.APPROVE, Verb.APPROVE),
    (Verb.APPROVE, Verb.REJECT),
    (Verb.APPROVE, Verb.APPROVE_EDITED),
    (Verb.APPROVE_EDITED, Verb.APPROVE_EDITED),
    (Verb.APPROVE_EDITED, Verb.REJECT),
]


def _requests(world: World, pending: Allocation, verbs: tuple[Verb, Verb]) -> list[Request]:
    world.now += timedelta(minutes=1)
    edits: list[dict[str, Any]] = [{"weights": half(pending)}, {"weights": {"A": Decimal("0.1")}}]
    return [
        world.request(verb, pending, decided_by=by, **(edit if verb is Verb.APPROVE_EDITED else {}))
        for verb, by, edit in zip(verbs, ("ada", "bob"), edits, strict=True)
    ]


def _check(world: World, outcomes: list[str]) -> None:
    assert outcomes.count("decided") == 1, outcomes
    assert set(outcomes) - {"decided"} <= {reason.value for reason in LATE}, outcomes
    assert len(list_approvals(world.ledger, "demo")) == 1
    assert len(list_allocations(world.ledger, "demo", AllocationStatus.ACTIVE)) <= 1
    active_allocation(world.ledger, "demo")
    refusals = [row for row in list_audit(world.ledger) if row.entry.action == "decision_refused"]
    assert len(refusals) == 1


@pytest.mark.parametrize("verbs", PAIRS, ids=lambda pair: " and ".join(verb.value for verb in pair))
def test_of_two_who_have_both_seen_it_pending_one_decides(
    world: World, verbs: tuple[Verb, Verb], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are past every check that is made outside the transaction before either goes on to prove themselves."""
    pending = world.pending()
    requests = _requests(world, pending, verbs)
    both = Barrier(2, timeout=30)
    module = sys.modules[decide.__module__]
    prove = module._prove

    def wait_then_prove(*arguments: Any) -> None:
        both.wait()
        prove(*arguments)

    monkeypatch.setattr(module, "_prove", wait_then_prove)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda request: _outcome(world, request), requests))
    _check(world, outcomes)
    assert Refusal.DECIDED_MEANWHILE.value in outcomes


def test_of_two_who_bring_back_at_once_one_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = world.ask(Verb.APPROVE, world.pending()).allocation
    second = world.ask(Verb.APPROVE, world.pending(cvar_limit=0.005)).allocation
    world.ask(Verb.APPROVE, world.pending(cvar_limit=0.004))
    world.limits()
    world.now += timedelta(minutes=1)
    requests = [
        world.request(Verb.BRING_BACK, earlier, decided_by=by) for earlier, by in ((first, "ada"), (second, "bob"))
    ]
    both = Barrier(2, timeout=30)
    measured = weighing.measure

    def wait_then_measure(*arguments: Any, **more: Any) -> Measured:
        both.wait()
        return measured(*arguments, **more)

    monkeypatch.setattr(weighing, "measure", wait_then_measure)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda request: _outcome(world, request), requests))
    assert sorted(outcomes) == ["DECIDED_MEANWHILE", "decided"]
    assert len(list_approvals(world.ledger, "demo")) == 4
    assert active_allocation(world.ledger, "demo") is not None


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Two processes that share nothing with this one but the database."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_of_two_in_processes_of_their_own_one_decides(world: World, processes: ProcessPoolExecutor) -> None:
    pending = world.pending()
    requests = _requests(world, pending, (Verb.APPROVE, Verb.APPROVE_EDITED))
    asked = [processes.submit(decide_in_a_process, url_of(world.ledger), request, world.now) for request in requests]
    outcomes = [one.result(timeout=120) for one in asked]
    _check(world, outcomes)


def decide_in_a_process(url: str, request: Request, now: datetime) -> str:
    """What another process comes to; the keys are in its environment."""
    ledger = open_ledger(url)
    try:
        decide(ledger, backtests().matrix, Security(SecretBox([SECRETS_KEY]), Lockout()), request, now)
    except RefusedError as refused:
        return refused.reason.value
    finally:
        ledger.close()
    return "decided"


def _outcome(world: World, request: Request) -> str:
    try:
        world.send(request)
    except RefusedError as refused:
        return refused.reason.value
    return "decided"
