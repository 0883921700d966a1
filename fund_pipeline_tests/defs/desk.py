"""A home of its own in which the demo has run, with admins and their phones: where a test may decide."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyotp
import pytest

from fund_pipeline.allocations.approval.decide import Decided, decide
from fund_pipeline.allocations.approval.request import Request, Verb
from fund_pipeline.clock import utc_now
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.allocations import list_allocations
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.digests import shown_id
from fund_pipeline.ledger.funds import get_fund, put_fund
from fund_pipeline.ledger.model import Allocation, AllocationStatus
from fund_pipeline.settings import load_settings
from fund_pipeline.users import Security, UserRole, add_user, enrol_totp
from fund_pipeline.warehouse import Warehouse
from fund_pipeline_tests.homes import Home

AHEAD_SECONDS = 25
"""The phones' clocks are ahead, within the tolerance, so that a code outlives a slow start of the run it is for."""

WRONG = "000000"


@dataclass(frozen=True)
class Desk:
    """The home, its ledger, and the phone of each admin by user id."""

    home: Home
    ledger: Ledger
    phones: Mapping[str, pyotp.TOTP]

    def code(self, admin: str) -> str:
        """What the phone of an admin shows."""
        return self.phones[admin].at(int(time.time()) + AHEAD_SECONDS)

    def pending(self) -> Allocation | None:
        """What waits for a person."""
        found = list_allocations(self.ledger, "demo", AllocationStatus.PENDING_APPROVAL)
        return found[0] if found else None

    def named(self) -> str:
        """How the aid names what is pending."""
        pending = self.pending()
        assert pending is not None
        return shown_id(pending.allocation_id, pending.digest)

    def approve(self, admin: str, **fields: object) -> dict[str, Any]:
        """The form of an admin who approves what is pending."""
        usual = {"decision": "approve", "allocation_id": self.named(), "approved_by": admin, "note": "seen"}
        return usual | ({} if "code" in fields else {"code": self.code(admin)}) | fields

    def approve_elsewhere(self, admin: str) -> Decided:
        """Approve what is pending, as a program does, outside of Dagster."""
        settings = load_settings()
        request = Request(Verb.APPROVE, self.named(), admin, self.code(admin), "seen")
        matrix = Warehouse(settings.warehouse).read_returns("strategy_returns")
        return decide(self.ledger, matrix, Security.of(settings, self.ledger), request, utc_now())

    def in_force(self) -> str | None:
        """What sizing would read: the id, or None."""
        found = active_allocation(self.ledger, "demo")
        return found.allocation.allocation_id if found else None

    def change_limits(self, **limits: object) -> None:
        """Give the fund other limits, on which it is recommended something else."""
        fund = get_fund(self.ledger, "demo")
        put_fund(self.ledger, replace(fund, risk_limits=fund.risk_limits | limits), Act("test", utc_now(), "corr-test"))


@contextmanager
def desk_in(demo: Home, folder: Path, *admins: str) -> Iterator[Desk]:
    """A copy of the demo's home; this process's settings are the copy's for as long as the block lasts."""
    shutil.copytree(demo.path, folder, ignore=shutil.ignore_patterns("run", "logs"))
    home = Home(folder)
    with pytest.MonkeyPatch.context() as patch:
        for key in ("FUND_AUDIT_KEY", "FUND_SECRETS_KEY", "FUND_DATABASE_URL", "FUND_DAGSTER_DATABASE_URL"):
            patch.delenv(key, raising=False)
        patch.setenv("FUND_HOME", str(folder))
        patch.setenv("DAGSTER_HOME", str(folder / "dagster"))
        ledger = open_ledger(load_settings().ledger_url)
        try:
            yield Desk(home, ledger, {name: _enrolled(ledger, name) for name in admins})
        finally:
            ledger.close()


def _enrolled(ledger: Ledger, name: str) -> pyotp.TOTP:
    act = Act("test", utc_now(), "corr-test")
    add_user(ledger, name, name.title(), UserRole.ADMIN, act)
    phone = pyotp.parse_uri(enrol_totp(ledger, name, Security.of(load_settings(), ledger).box, act))
    assert isinstance(phone, pyotp.TOTP)
    return phone
