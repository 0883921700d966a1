"""What is typed into the Launchpad stays in Dagster for all to read: no code of it is good afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fund_pipeline.allocations.approval.decide import Decided
from fund_pipeline.allocations.approval.refusals import RefusedError
from fund_pipeline.clock import utc_now
from fund_pipeline.defs.research.approval_aid import ALTERED
from fund_pipeline.defs.research.approval_config import DecisionConfig
from fund_pipeline.defs.research.approval_request import decide_as_asked
from fund_pipeline.defs.research.resources import DeskResource
from fund_pipeline.errors import ConflictError
from fund_pipeline.ledger.allocations import get_run
from fund_pipeline.ledger.anchors import FILE
from fund_pipeline.ledger.audit import Act, list_audit
from fund_pipeline.ledger.digests import allocation_digest
from fund_pipeline.ledger.funds import get_fund, put_fund
from fund_pipeline.ledger.users import UNKNOWN
from fund_pipeline.settings import load_settings
from fund_pipeline.users import CodeVerdict, Security, new_recovery_codes, verify_code
from fund_pipeline.warehouse import Warehouse
from fund_pipeline_tests.defs.desk import Desk, desk_in
from fund_pipeline_tests.defs.test_approval_check import evaluate
from fund_pipeline_tests.homes import Home
from fund_pipeline_tests.ledger.approving import falsify

SECRET = "correct horse battery"


@pytest.fixture
def desk(demo_home: tuple[Home, str], tmp_path: Path) -> Iterator[Desk]:
    with desk_in(demo_home[0], tmp_path / "home", "ada", "bob") as found:
        yield found


def send(desk: Desk, fund: str = "demo", warehouse: Path | None = None, **fields: Any) -> Decided:
    """What the check does with a form."""
    settings = load_settings()
    opened = SimpleNamespace(
        settings=settings, ledger=desk.ledger, warehouse=Warehouse(warehouse or settings.warehouse)
    )
    act = Act("dagster:approve_allocations", utc_now(), "run-1")
    given = DecisionConfig(**fields)
    return decide_as_asked(cast(DeskResource, opened), fund, given, act, same_run=False)


def verdict(desk: Desk, admin: str, code: str) -> CodeVerdict:
    """What the code that somebody read in the run's config is worth."""
    security = Security.of(load_settings(), desk.ledger)
    return verify_code(desk.ledger, admin, code, utc_now(), security, consume=False).verdict


def test_a_second_code_that_was_not_needed_is_used_up_with_the_decision(desk: Desk) -> None:
    code = desk.code("bob")
    send(desk, **desk.approve("ada", second_approved_by="bob", second_code=code))
    assert desk.in_force() is not None
    assert verdict(desk, "bob", code) is CodeVerdict.REUSED


def test_so_is_one_beside_a_rejection(desk: Desk) -> None:
    code = desk.code("bob")
    send(desk, **desk.approve("ada", decision="reject", second_approved_by="bob", second_code=code))
    assert verdict(desk, "bob", code) is CodeVerdict.REUSED


def test_codes_are_used_up_when_the_decision_fails_for_any_other_reason(desk: Desk, tmp_path: Path) -> None:
    form = desk.approve("ada", second_approved_by="bob", second_code=desk.code("bob"))
    with pytest.raises(ConflictError) as caught:
        send(desk, warehouse=tmp_path / "there is none", **form)
    assert not isinstance(caught.value, RefusedError)
    assert verdict(desk, "ada", form["code"]) is CodeVerdict.REUSED
    assert verdict(desk, "bob", form["second_code"]) is CodeVerdict.REUSED


def test_a_recovery_code_in_a_form_is_used_up_even_while_its_owner_is_locked_out(desk: Desk) -> None:
    security = Security.of(load_settings(), desk.ledger)
    recovery = new_recovery_codes(desk.ledger, "ada", security.box, Act("test", utc_now()))[0]
    for _ in range(5):
        verify_code(desk.ledger, "ada", "000000", utc_now(), security)
    assert verdict(desk, "ada", recovery) is CodeVerdict.LOCKED
    with pytest.raises(RefusedError):
        send(desk, **desk.approve("ada", code=recovery))
    later = utc_now().replace(year=utc_now().year + 1)
    assert verify_code(desk.ledger, "ada", recovery, later, security).verdict is CodeVerdict.WRONG_CODE


@pytest.mark.parametrize("typed", [SECRET, f"{SECRET}\0", "\ud800"], ids=["password", "NUL", "half a character"])
def test_what_was_typed_where_a_name_belongs_is_not_kept_in_the_audit_log(desk: Desk, typed: str) -> None:
    wrong = {"decision": "approve_edited", "weights": {"TS_Momentum": "half"}}
    with pytest.raises(RefusedError):
        send(desk, **desk.approve("ada", **wrong) | {"approved_by": typed})
    entry = list_audit(desk.ledger, entity="allocation")[-1].entry
    assert (entry.action, entry.detail["by"]) == ("decision_refused", UNKNOWN)
    assert SECRET not in str(list_audit(desk.ledger))


@pytest.mark.parametrize("shown", ["demo-1\0:abc", "\ud800:1", "x" * 5000], ids=["NUL", "half a character", "long"])
def test_a_name_that_can_be_none_is_refused_as_one(desk: Desk, shown: str) -> None:
    put_fund(desk.ledger, replace(get_fund(desk.ledger, "demo"), fund_id="other", name="Other"), Act("test", utc_now()))
    with pytest.raises(RefusedError):
        send(desk, fund="other", **desk.approve("ada", allocation_id=shown))
    assert list_audit(desk.ledger, entity="allocation")[-1].entry.entity_id == "unreadable"


def test_a_decision_is_anchored_outside_the_database(desk: Desk) -> None:
    anchors = load_settings().audit_anchors / FILE
    before = anchors.read_text().count("\n")
    send(desk, **desk.approve("ada"))
    assert anchors.read_text().count("\n") == before + 1


def test_the_aid_shows_no_figures_of_what_was_altered_and_fails_as_an_error(desk: Desk) -> None:
    pending = desk.pending()
    assert pending is not None
    digest = allocation_digest(get_run(desk.ledger, pending.run_id).inputs_digest, {"TS_Momentum": Decimal("0.3")})
    falsify(
        desk.ledger,
        "DELETE FROM allocation_weights",
        "INSERT INTO allocation_weights (allocation_id, strategy_id, weight) VALUES (:id, 'TS_Momentum', '0.3')",
        "UPDATE allocations SET digest = :digest WHERE allocation_id = :id",
        id=pending.allocation_id,
        digest=digest,
    )
    found = evaluate()
    assert (found.passed, found.severity.value) == (False, "ERROR")
    assert "not those that were recorded" in str(found.metadata[ALTERED].value)
    assert not {"current_versus_recommended", "decide", "ready_to_paste"} & set(found.metadata)
    shown = desk.home.fund("allocations", "show", pending.allocation_id)
    assert (shown.returncode, "not those that were recorded" in shown.stdout + shown.stderr) == (70, True)


def test_what_a_person_edited_is_shown_with_its_own_weights(desk: Desk) -> None:
    send(desk, **desk.approve("ada", decision="approve_edited", weights={"TS_Momentum": "0.125"}))
    shown = desk.home.fund("allocations", "show", desk.in_force() or "")
    assert (shown.returncode, "12.50 %" in shown.stdout, "39.58 %" in shown.stdout) == (0, True, False)


def test_a_history_that_is_not_proven_is_not_shown(desk: Desk) -> None:
    send(desk, **desk.approve("ada"))
    assert desk.home.fund("allocations", "history").returncode == 0
    falsify(desk.ledger, "UPDATE approvals SET decided_by = 'mallory', note = 'forged'")
    told = desk.home.fund("allocations", "history")
    assert (told.returncode, "mallory" in told.stdout, "true seal" in told.stderr) == (70, False, True)


def test_the_command_says_when_no_code_was_used_up_and_takes_no_recovery_code_as_an_option(desk: Desk) -> None:
    wrong = f"{desk.named()[:-4]}zzzz"
    refused = desk.home.fund("allocations", "approve", wrong, "--by", "ada", "--code", "000000")
    assert (refused.returncode, "No code was used up" in refused.stderr) == (4, True)
    after = desk.home.fund("allocations", "approve", desk.named(), "--by", "ada", "--code", "000000")
    assert (after.returncode, "No code was used up" in after.stderr) == (4, False)
    recovery = "ABCD-EFGH-JKMN-PQRS"
    seen = desk.home.fund("allocations", "approve", desk.named(), "--by", "ada", "--code", recovery)
    assert (seen.returncode, "looks like a recovery code" in seen.stderr, recovery in seen.stderr) == (2, True, False)
