"""Any interleaving of recommend, decide, expire, tighten and crash leaves one chain of approvals, and it is true."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event

from fund_pipeline.allocations.approval.refusals import RefusedError
from fund_pipeline.allocations.approval.request import Override, Verb
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.active import active_allocation, list_approvals, proven_decisions
from fund_pipeline.ledger.allocations import list_allocations
from fund_pipeline.ledger.approval_model import Decision
from fund_pipeline.ledger.audit_check import verify_audit
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.ledger.model import AllocationStatus
from fund_pipeline_tests.allocations.approval.world import World, build

POLICY = {"max_data_age_days": None, "max_age_hours": 10}
LIMITS: list[dict[str, Any]] = [{}, {"max_weight": 0.3}, {"cvar_limit": 0.005}, {"max_turnover": 0.3}]
EDITS = [{"A": Decimal("0.1")}, {"A": Decimal("0.2"), "B": Decimal("0.20")}, {"B": Decimal("0.7")}, {"C": Decimal(0)}]
DECIDED = {
    AllocationStatus.ACTIVE: Decision.APPROVED,
    AllocationStatus.ARCHIVED: Decision.APPROVED,
    AllocationStatus.REJECTED: Decision.REJECTED,
}
DICE = st.integers(0, 2**32)
CRASHES = st.one_of(st.none(), st.none(), st.integers(0, 70))
"""The statement or commit at which the process dies, if it does; a decision has some sixty."""


class CrashError(Exception):
    """The process died here."""


@contextmanager
def crash(ledger: Ledger, at: int | None) -> Iterator[None]:
    """Die at the so-manyth statement or commit: nothing after it happens, and the database rolls back."""
    left = at if at is not None else -1

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == -1:
            raise CrashError

    if at is None:
        yield
        return
    for name in ("before_cursor_execute", "commit"):
        event.listen(ledger.engine, name, count)
    try:
        with suppress(CrashError):
            yield
    finally:
        for name in ("before_cursor_execute", "commit"):
            event.remove(ledger.engine, name, count)


class LifeCycle(RuleBasedStateMachine):
    """A fund's allocations over some days."""

    template: World | None = None

    @initialize()
    def begin(self) -> None:
        """The same new ledger every time."""
        self.folder = Path(tempfile.mkdtemp(prefix="fund-life-"))
        if LifeCycle.template is None:
            LifeCycle.home = Path(tempfile.mkdtemp(prefix="fund-life-"))
            url = f"sqlite:///{LifeCycle.home / 'ledger.sqlite'}"
            upgrade(url)
            LifeCycle.template = build(open_ledger(url))
            LifeCycle.template.ledger.close()
        shutil.copy(LifeCycle.home / "ledger.sqlite", self.folder)
        ledger = open_ledger(f"sqlite:///{self.folder / 'ledger.sqlite'}")
        self.world = World(ledger, LifeCycle.template.security, LifeCycle.template.secrets)
        self.decisions: dict[str, Decision] = {}
        self.world.recommend(approval=POLICY)

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "world"):
            self.world.ledger.close()
            shutil.rmtree(self.folder)

    @precondition(lambda self: not list_allocations(self.world.ledger, "demo", AllocationStatus.PENDING_APPROVAL))
    @rule(limits=st.sampled_from(LIMITS), crash_at=CRASHES)
    def recommend(self, limits: dict[str, Any], crash_at: int | None) -> None:
        """The nightly run."""
        self.world.now += timedelta(minutes=1)
        with crash(self.world.ledger, crash_at):
            self.world.recommend(approval=POLICY, **limits)

    @rule(limits=st.sampled_from(LIMITS), recommend=st.booleans())
    def tighten(self, limits: dict[str, Any], recommend: bool) -> None:
        """Other limits, and what they recommend or what is pending as it was."""
        self.world.limits(approval=POLICY, **limits)
        if recommend:
            self.world.recommend(approval=POLICY, **limits)

    @rule()
    def wait(self) -> None:
        """Long enough that what is pending expires when somebody asks."""
        self.world.now += timedelta(hours=11)

    @rule(dice=DICE)
    def decide(self, dice: int) -> None:
        """Admins decide, mostly on what can be decided so, mostly with a right code, and sometimes half way."""
        chance = Random(f"{dice} at {self.world.now}")
        for _ in range(4):
            self._decide(chance)
            self.what_is_in_force_is_proven()

    def _decide(self, chance: Random) -> None:
        world = self.world
        verb = chance.choice([Verb.APPROVE, Verb.APPROVE, Verb.APPROVE_EDITED, Verb.BRING_BACK, Verb.REJECT])
        if verb is Verb.BRING_BACK and not list_allocations(world.ledger, "demo", AllocationStatus.ARCHIVED):
            verb = Verb.APPROVE
        wanted = AllocationStatus.ARCHIVED if verb is Verb.BRING_BACK else AllocationStatus.PENDING_APPROVAL
        if verb is not Verb.BRING_BACK and not list_allocations(world.ledger, "demo", wanted):
            world.recommend(approval=POLICY, **chance.choice(LIMITS))
        listed = list_allocations(world.ledger, "demo")
        fitting = [one for one in listed if one.status is wanted or chance.random() < 0.1] or listed
        asked: dict[str, Any] = {"weights": chance.choice(EDITS)} if verb is Verb.APPROVE_EDITED else {}
        if chance.random() < 0.6:
            asked["override"] = Override("for a test", "bob", world.code("bob", world.now + timedelta(minutes=1)))
        if chance.random() < 0.1:
            asked["code"] = "no code"
        crash_at = chance.randrange(5, 75) if chance.random() < 0.4 else None
        with crash(world.ledger, crash_at), suppress(RefusedError):
            world.ask(verb, chance.choice(fitting), **asked)

    @invariant()
    def what_is_in_force_is_proven(self) -> None:
        """At most one ACTIVE, at most one pending, and each decided one has the one decision that its state tells."""
        if not hasattr(self, "world"):
            return
        ledger = self.world.ledger
        allocations = list_allocations(ledger, "demo")
        by_status = {status: [one for one in allocations if one.status is status] for status in AllocationStatus}
        assert len(by_status[AllocationStatus.ACTIVE]) <= 1
        assert len(by_status[AllocationStatus.PENDING_APPROVAL]) <= 1
        active = active_allocation(ledger, "demo")
        assert ([active.allocation] if active else []) == by_status[AllocationStatus.ACTIVE]
        decisions = {one.allocation_id: one.decision for one in proven_decisions(ledger, "demo")}
        assert len(decisions) == len(list_approvals(ledger, "demo"))
        assert decisions == {one.allocation_id: DECIDED[one.status] for one in allocations if one.status in DECIDED}
        assert decisions.items() >= self.decisions.items()
        self.decisions = decisions
        verdict = verify_audit(ledger, self.folder)
        assert verdict.ok, verdict.message


LifeCycle.TestCase.settings = settings(
    max_examples=14,
    stateful_step_count=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLifeCycle = LifeCycle.TestCase
