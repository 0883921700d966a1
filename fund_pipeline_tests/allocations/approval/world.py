"""A fund, its recommendation, two admins and a quant with their phones, and a clock that only the test moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from sqlalchemy import text

from fund_pipeline.allocations.approval.decide import Decided, decide
from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.allocations.approval.request import Request, Verb
from fund_pipeline.allocations.eligibility import Eligibility
from fund_pipeline.allocations.pose import Backtests
from fund_pipeline.allocations.recommend import Recommendation, recommend
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.digests import shown_id
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import Allocation
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.ledger.tables import metadata
from fund_pipeline.users import Lockout, SecretBox, Security, UserRole, add_user, enrol_totp
from fund_pipeline_tests.allocations.made_up import NAMES, backtests
from fund_pipeline_tests.keys import SECRETS_KEY
from fund_pipeline_tests.samples import ACT, FUND, NOW, strategy

TIMELESS = {"max_data_age_days": None}
USERS = {"ada": UserRole.ADMIN, "bob": UserRole.ADMIN, "quinn": UserRole.QUANT}


@dataclass
class World:
    """What a test of approvals needs. Every `ask` is a minute after the last, so that each has its own code."""

    ledger: Ledger
    security: Security
    secrets: dict[str, str]
    now: datetime = NOW
    backtests: Backtests = field(default_factory=backtests)

    def code(self, user_id: str = "ada", at: datetime | None = None) -> str:
        """What the phone of a user shows, now or at another moment."""
        return pyotp.TOTP(self.secrets[user_id]).at(at or self.now)

    def limits(self, *, approval: Mapping[str, Any] = TIMELESS, **limits: Any) -> None:
        """Give the fund these limits and policy."""
        put_fund(self.ledger, replace(FUND, risk_limits={**limits, "approval": dict(approval)}), self.act)

    def recommend(self, *, approval: Mapping[str, Any] = TIMELESS, fund: str = "demo", **limits: Any) -> Recommendation:
        """Optimise under limits."""
        named = replace(FUND, fund_id=fund, name=fund, risk_limits={**limits, "approval": dict(approval)})
        put_fund(self.ledger, named, self.act)
        return recommend(self.ledger, named, self.backtests, Eligibility(NAMES, ()), self.act)

    def pending(self, **limits: Any) -> Allocation:
        """The allocation that is recommended under limits."""
        made = self.recommend(**limits).allocation
        assert made is not None
        return made

    def request(self, verb: Verb, shown: Allocation | str, **more: Any) -> Request:
        """A request as the admin `ada` would make it now, in a run of its own."""
        name = shown if isinstance(shown, str) else shown_id(shown.allocation_id, shown.digest)
        by = more.get("decided_by", "ada")
        code = more.pop("code", None) or (self.code(by) if by in self.secrets else "000000")
        return Request(verb, name, **{"decided_by": by, "correlation_id": "a-run-of-its-own", **more}, code=code)

    def ask(self, verb: Verb, shown: Allocation | str, **more: Any) -> Decided:
        """Decide."""
        self.now += timedelta(minutes=1)
        return self.send(self.request(verb, shown, **more))

    def send(self, request: Request) -> Decided:
        """Decide as the request says, now."""
        return decide(self.ledger, self.backtests.matrix, self.security, request, self.now)

    def refused(self, reason: Refusal, verb: Verb, shown: Allocation | str, **more: Any) -> RefusedError:
        """Ask, and check that it is refused for this reason, with a remedy, changing nothing that decides."""
        before = self.state()
        with pytest.raises(RefusedError) as caught:
            self.ask(verb, shown, **more)
        assert (caught.value.reason, bool(caught.value.remedy)) == (reason, True), str(caught.value)
        assert self.state() == before
        return caught.value

    def state(self) -> dict[str, list[Any]]:
        """All that is in the ledger but the audit log, and what wrong codes leave on a user."""
        with self.ledger.reading() as connection:
            rows = {
                name: connection.execute(text(f"SELECT * FROM {name}")) for name in metadata.tables.keys() - AUDITED
            }
            return {name: sorted(map(str, found.all())) for name, found in rows.items()}

    @property
    def act(self) -> Act:
        """An act of the nightly run."""
        return replace(ACT, at=self.now, correlation_id="nightly")


AUDITED = {"audit", "audit_head", "users"}


@dataclass(eq=False)
class Founding:
    """How the world begins; what is made of its copies are worlds too, whose users have the same phones."""

    secrets: dict[str, str] = field(default_factory=dict)

    def __call__(self, ledger: Ledger) -> None:
        """Found the world on an empty ledger."""
        self.secrets |= build(ledger).secrets

    def world(self, copy: Ledger) -> World:
        """The world on a copy of that ledger."""
        return World(copy, security(), self.secrets)


def security() -> Security:
    """What guards a world: fifty failures lock."""
    return Security(SecretBox([SECRETS_KEY]), Lockout(failures=50))


def build(ledger: Ledger) -> World:
    """The world on an empty ledger."""
    safe = security()
    put_fund(ledger, FUND, ACT)
    for name in NAMES:
        put_strategy(ledger, strategy(name), ACT)
    secrets = {}
    for user_id, role in USERS.items():
        add_user(ledger, user_id, user_id.title(), role, ACT)
        uri = enrol_totp(ledger, user_id, safe.box, ACT)
        secrets[user_id] = parse_qs(urlsplit(uri).query)["secret"][0]
    return World(ledger, safe, secrets)


def half(allocation: Allocation) -> dict[str, Decimal]:
    """Half of an allocation's weights, to eight decimals."""
    return {name: Decimal(f"{weight / 2:.8f}") for name, weight in allocation.weights.items()}
