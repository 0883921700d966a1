"""The check in which a person decides, run in this process on a home in which the demo has run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from dagster import AssetCheckEvaluation, AssetKey, DagsterInstance, validate_run_config

from fund_pipeline.clock import utc_now
from fund_pipeline.defs.research.definitions import research_definitions
from fund_pipeline.ledger.active import list_approvals
from fund_pipeline.ledger.allocations import get_allocation
from fund_pipeline.ledger.approval_model import Decision
from fund_pipeline.ledger.approvals import expire
from fund_pipeline.ledger.audit import Act, history
from fund_pipeline.ledger.funds import get_fund, put_fund
from fund_pipeline.ledger.model import AllocationStatus
from fund_pipeline_tests.defs.desk import WRONG, Desk, desk_in
from fund_pipeline_tests.defs.live import form
from fund_pipeline_tests.homes import Home

JOB = research_definitions(("demo",)).resolve_job_def("approve_allocations")
FIELDS = (
    *("decision", "allocation_id", "weights", "approved_by", "code", "note"),
    *("override_reason", "second_approved_by", "second_code"),
)


@pytest.fixture
def desk(demo_home: tuple[Home, str], tmp_path: Path) -> Iterator[Desk]:
    with desk_in(demo_home[0], tmp_path / "home", "ada", "bob") as found:
        yield found


def evaluate(**fields: object) -> AssetCheckEvaluation:
    """Run the job with this form; a failed check fails the run only as an ERROR."""
    with DagsterInstance.get() as instance:
        result = JOB.execute_in_process(
            run_config=form(**fields) if fields else {}, instance=instance, raise_on_error=False
        )
    (found,) = result.get_asset_check_evaluations()
    assert result.success is (found.passed or found.severity.value == "WARN")
    return found


def told(found: AssetCheckEvaluation, label: str) -> Any:
    return found.metadata[label].value


def refused(found: AssetCheckEvaluation, reason: str) -> str:
    assert (found.passed, found.severity.value, told(found, "refused")) == (False, "ERROR", reason)
    assert told(found, "remedy")
    return str(told(found, "reason"))


def test_without_a_decision_the_aid_says_all_there_is_to_know_and_nothing_changes(desk: Desk) -> None:
    found = evaluate()
    assert (found.passed, found.severity.value) == (False, "WARN")
    assert told(found, "allocation_id") == desk.named()
    assert "| TS_Momentum | 0.00 % | 39.58 % | 39.58 % | the fund holds nothing yet |" in told(
        found, "current_versus_recommended"
    )
    assert "| TS_Momentum | 39.58 % |" in told(found, "risk_contributions")
    assert "2008 financial crisis" in told(found, "risk_contributions")
    assert "| cvar | – | – | 1.00 % |" in told(found, "figures")
    assert "2020 Covid crash" in told(found, "stress_losses")
    assert "| cvar_limit | 4.76" in told(found, "binding_limits")
    assert "[histories_contain_the_crises](/assets/strategy_statistics?view=checks)" in told(found, "data_warnings")
    assert "| expires |" in told(found, "age")
    assert told(found, "efficient_frontier").startswith("![Efficient frontier, demo](data:image/png")
    assert desk.named() == told(found, "allocation_id")


def test_the_link_opens_a_form_that_needs_but_a_person_and_a_code(desk: Desk) -> None:
    found = evaluate()
    address = urlsplit(told(found, "decide"))
    assert address.path == "/locations/__repository__@research/jobs/approve_allocations/playground/setup"
    config = yaml.safe_load(parse_qs(address.query)["config"][0])
    assert config == form(
        **dict.fromkeys(FIELDS, "") | {"decision": "approve", "allocation_id": desk.named(), "weights": {}}
    )
    assert f"```yaml\n{parse_qs(address.query)['config'][0]}```" == told(found, "ready_to_paste")
    assert validate_run_config(JOB, config)


def test_the_job_opens_with_every_field_and_each_says_what_it_is() -> None:
    (fields,) = [step["config"] for step in JOB.run_config["ops"].values()]
    assert tuple(fields) == ("decision", *FIELDS[1:])
    assert fields["decision"] == "wait"
    schema = JOB.get_job_snapshot().config_schema_snapshot.all_config_snaps_by_key.values()
    described = {field.name: field.description for snap in schema for field in snap.fields or ()}
    assert all(described[name] for name in FIELDS)


def test_an_approval_passes_and_shows_who_approved_what(desk: Desk) -> None:
    named = desk.named()
    found = evaluate(**desk.approve("ada"))
    assert found.passed
    assert told(found, "note") == "seen"
    assert told(found, "in_force") == desk.in_force() == named.partition(":")[0]
    assert "decide" not in found.metadata
    again = evaluate()
    assert again.passed
    assert "was approved by ada (code)" in (again.description or "")


def test_a_rejection_is_carried_out_and_releases_nothing(desk: Desk) -> None:
    named = desk.named()
    found = evaluate(**desk.approve("ada", decision="reject", note="not this one"))
    assert (found.passed, found.severity.value) == (False, "WARN")
    rejected = get_allocation(desk.ledger, named.partition(":")[0])
    assert rejected.status is AllocationStatus.REJECTED
    assert desk.in_force() is None
    assert "REJECTED: it was never approved" in (evaluate().description or "")


def test_edited_weights_are_what_is_in_force_and_the_check_passes(desk: Desk) -> None:
    found = evaluate(**desk.approve("ada", decision="approve_edited", weights={"TS_Momentum": "0.25"}))
    assert found.passed
    active = get_allocation(desk.ledger, desk.in_force() or "")
    assert dict(active.weights) == {"TS_Momentum": Decimal("0.25")}
    assert "with edited weights" in (evaluate().description or "")


def test_an_override_needs_its_reason_and_a_second_admin(desk: Desk) -> None:
    heavy = {"decision": "approve_edited", "weights": {"TS_Momentum": "0.6"}}
    assert "max_weight" in refused(evaluate(**desk.approve("ada", **heavy, code=WRONG)), "LIMIT_BROKEN")
    found = evaluate(
        **desk.approve("ada", **heavy, override_reason="for a week"),
        second_approved_by="bob",
        second_code=desk.code("bob"),
    )
    assert found.passed, found.description
    newest = list_approvals(desk.ledger, "demo")[0]
    assert (newest.second_by, newest.override_reason) == ("bob", "for a week")


@pytest.mark.parametrize(
    ("fields", "reason", "words"),
    [
        ({"allocation_id": ""}, "UNKNOWN_ALLOCATION", "no allocation's name"),
        ({"allocation_id": "demo-1:abc"}, "UNKNOWN_ALLOCATION", "demo-1"),
        ({"approved_by": "nobody"}, "CODE_REFUSED", "UNKNOWN_USER"),
        ({"decision": "approve_edited", "weights": {"TS_Momentum": "half"}}, "WRONG_WEIGHTS", "'half'"),
        ({"decision": "approve_edited", "weights": {"TS": "0.1"}}, "WRONG_WEIGHTS", "TS"),
    ],
)
def test_a_form_filled_in_wrong_is_refused_with_its_reason_audited_and_changes_nothing(
    desk: Desk, fields: dict[str, Any], reason: str, words: str
) -> None:
    named = desk.named()
    assert words in refused(evaluate(**desk.approve("ada", **fields)), reason)
    assert (desk.named(), desk.in_force()) == (named, None)
    about = fields.get("allocation_id", named).partition(":")[0]
    entries = [*history(desk.ledger, "allocation", about), *history(desk.ledger, "allocation", "unreadable")]
    entries += history(desk.ledger, "allocation", "demo")
    assert [entry.detail["reason"] for entry in entries if entry.action == "decision_refused"] == [reason]


def test_what_stands_in_the_form_of_one_fund_cannot_decide_for_another(desk: Desk) -> None:
    put_fund(desk.ledger, replace(get_fund(desk.ledger, "demo"), fund_id="other", name="Other"), _act())
    job = research_definitions(("demo", "other")).resolve_job_def("approve_allocations")
    config = {"ops": {"allocation_approved__other": {"config": desk.approve("ada")}}}
    with DagsterInstance.get() as instance:
        result = job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)
    found = {one.asset_key: one for one in result.get_asset_check_evaluations()}
    reason = refused(found[AssetKey(["recommended_allocation", "other"])], "NOT_WHAT_WAS_SHOWN")
    assert "this is the form of fund other" in reason
    assert desk.in_force() is None


def test_a_code_in_the_config_of_a_run_that_decided_nothing_is_used_up(desk: Desk) -> None:
    code = desk.code("ada")
    refused(evaluate(**desk.approve("ada", code=code, allocation_id=f"{desk.named()[:-1]}x")), "NOT_WHAT_WAS_SHOWN")
    assert refused(evaluate(**desk.approve("ada", code=code)), "CODE_REFUSED").endswith("REUSED")
    waited = desk.code("bob")
    assert evaluate(approved_by="bob", code=waited).severity.value == "WARN"
    assert refused(evaluate(**desk.approve("bob", code=waited)), "CODE_REFUSED").endswith("REUSED")


def test_what_expired_is_told_and_offers_no_form(desk: Desk) -> None:
    named = desk.named().partition(":")[0]
    expire(desk.ledger, named, "a test says so", _act())
    found = evaluate()
    assert (found.passed, found.severity.value) == (False, "WARN")
    assert f"{named} is EXPIRED" in (found.description or "")
    assert not {"decide", "ready_to_paste", "allocation_id"} & set(found.metadata)


def test_an_allocation_in_force_without_approval_fails_the_check_as_an_error(desk: Desk) -> None:
    with desk.ledger.writing() as connection:
        connection.exec_driver_sql("UPDATE allocations SET status = 'ACTIVE'")
    found = evaluate()
    assert (found.passed, found.severity.value) == (False, "ERROR")
    assert "no approval in force names it" in (found.description or "")
    assert Decision.APPROVED not in {approval.decision for approval in list_approvals(desk.ledger, "demo")}


def _act() -> Act:
    return Act("test", utc_now(), "corr-test")
