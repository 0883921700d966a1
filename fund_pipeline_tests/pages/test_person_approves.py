"""A person approves in a real browser; and every way to have an allocation that nobody approved, on live services."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from fund_pipeline_tests.defs.desk import WRONG, Desk
from fund_pipeline_tests.defs.live import ACTIVE, CHECK, RECOMMENDED, Live, Run, form
from fund_pipeline_tests.waiting import wait_until

AUTOMATION, FOLLOWER = "release_approved_allocations", "follow_the_ledger"
LAUNCHPAD = "/locations/__repository__@research/jobs/approve_allocations/playground"


@pytest.fixture(scope="module")
def first(desk: Desk) -> str:
    """How the aid names what waits for a person at first."""
    return desk.named()


def launch(page: Page, live: Live, **fields: str) -> Run:
    """Fill in fields of the form that the Launchpad shows, launch it, and wait for the end of its run."""
    before = live.runs_of("approve_allocations")
    expect(page.locator(".CodeMirror")).to_contain_text("allocation_id")
    editor = "document.querySelector('.CodeMirror').CodeMirror"
    text = page.evaluate(f"{editor}.getValue()")
    for name, value in fields.items():
        text = re.sub(rf"( {name}: ).*", rf'\1"{value}"', text, count=1)
    page.evaluate(f"text => {editor}.setValue(text)", text)
    page.get_by_role("button", name="Launch Run").click()
    (run_id,) = wait_until(
        lambda: [run for run in live.runs_of("approve_allocations") if run not in before], seconds=60, what="the run"
    )
    return live.ended(run_id)


def refused(live: Live, run: Run, reason: str) -> str:
    """Check that the run failed its check as ERROR for this reason; the words."""
    found = live.check_of(run.run_id)
    assert (run.status, found.passed, found.severity) == ("FAILURE", False, "ERROR")
    assert found.told["refused"] == reason
    assert found.told["remedy"] in found.description
    return found.told["reason"]


def test_the_aid_leads_to_the_form_and_a_wrong_code_is_refused_with_its_reason(
    page: Page, live: Live, desk: Desk, first: str
) -> None:
    page.goto(f"{live.url}/assets/recommended_allocation/demo?view=checks&checkDetail=allocation_approved")
    expect(page.get_by_text("waits for a person").first).to_be_visible()
    expect(page.get_by_text(first).first).to_be_visible()
    page.get_by_role("row").filter(has_text="current_versus_recommended").get_by_text("[Show Markdown]").click()
    expect(page.get_by_role("dialog").get_by_role("row").filter(has_text="TS_Momentum")).to_contain_text("39.58 %")
    page.keyboard.press("Escape")
    with page.context.expect_page() as opened:
        page.locator('a[href*="playground/setup"]').first.click()
    run = launch(opened.value, live, approved_by="bob", code=WRONG, note="looks right")
    opened.value.close()
    assert refused(live, run, "CODE_REFUSED") == "the code of bob was refused: WRONG_CODE"
    expect(page.get_by_text("the code of bob was refused: WRONG_CODE").first).to_be_visible()
    assert desk.named() == first


@pytest.fixture(scope="module")
def tried(desk: Desk, live: Live, first: str) -> tuple[Run, Run]:
    """While nothing is approved: active_allocation by hand, and one launch that recommends and approves."""
    by_hand = live.launch(location="trading", assets=(ACTIVE,))
    same_run = live.launch(assets=(RECOMMENDED,), checks=(CHECK,), config=form(**desk.approve("ada")))
    return live.ended(by_hand), live.ended(same_run)


def test_materialising_the_active_allocation_by_hand_is_refused_while_none_is_approved(tried: tuple[Run, Run]) -> None:
    assert tried[0].status == "FAILURE"


def test_one_launch_cannot_recommend_and_approve(live: Live, tried: tuple[Run, Run]) -> None:
    assert "has just made the recommendation itself" in refused(live, tried[1], "SAME_RUN")


def test_nothing_is_in_force_or_released_after_all_that(
    desk: Desk, live: Live, first: str, tried: tuple[Run, Run]
) -> None:
    live.looked_again(AUTOMATION, FOLLOWER)
    assert desk.in_force() is None
    assert desk.named() == first
    assert live.materialised() == []
    assert live.started_by(AUTOMATION) == live.started_by(FOLLOWER) == []


def test_a_forged_report_of_the_check_puts_nothing_in_force(desk: Desk, live: Live, first: str) -> None:
    live.report_passed()
    (released,) = wait_until(lambda: live.started_by(AUTOMATION), seconds=120, what="the automation to be misled")
    assert live.ended(released).status == "FAILURE"
    assert desk.in_force() is None
    assert live.materialised() == []
    assert desk.named() == first


def test_a_person_approves_in_the_launchpad_and_exactly_that_is_released(
    page: Page, live: Live, desk: Desk, first: str
) -> None:
    page.goto(f"{live.url}{LAUNCHPAD}")  # it kept what was typed before
    run = launch(page, live, approved_by="bob", code=desk.code("bob"), note="looks right", allocation_id=first)
    assert run.status == "SUCCESS", live.check_of(run.run_id).description
    assert live.check_of(run.run_id).passed
    wait_until(live.materialised, seconds=120, what="the release")
    (shown,) = live.materialised()
    assert shown["allocation"] == desk.in_force() == first.partition(":")[0]
    assert shown["digest"].startswith(first.partition(":")[2])
    assert shown["run_id"] in live.started_by(AUTOMATION)
    page.goto(f"{live.url}/assets/active_allocation/demo")
    for words in ("bob", "looks right", shown["digest"]):
        expect(page.get_by_text(words).first).to_be_visible()


def test_after_another_optimisation_the_old_approval_stands_for_nothing_new(desk: Desk, live: Live, first: str) -> None:
    former = desk.in_force()
    desk.change_limits(cvar_limit=0.009)
    assert live.ended(live.launch(assets=(RECOMMENDED,))).status == "SUCCESS"
    newer = desk.named()
    assert newer != first

    stale = live.decide(**desk.approve("cleo", allocation_id=first))
    by_hand = live.ended(live.launch(location="trading", assets=(ACTIVE,)))
    assert "no longer pending" in refused(live, live.ended(stale), "ALREADY_DECIDED")
    assert by_hand.status == "SUCCESS"
    live.report_passed()
    live.looked_again(AUTOMATION)
    assert {shown["allocation"] for shown in live.materialised()} == {former} == {desk.in_force()}
    assert desk.named() == newer


def test_what_is_approved_outside_dagster_is_released_too(desk: Desk, live: Live) -> None:
    if desk.pending() is None:
        desk.change_limits(cvar_limit=0.008)
        live.ended(live.launch(assets=(RECOMMENDED,)))
    decided = desk.approve_elsewhere("dora")
    wait_until(
        lambda: live.materialised()[0]["allocation"] == decided.allocation.allocation_id,
        seconds=120,
        what="the release of what the ledger has in force",
    )
    assert live.materialised()[0]["replaces"] == decided.approval.replaces
