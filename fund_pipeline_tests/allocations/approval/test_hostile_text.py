"""Whatever is typed, what comes back is an error of ours, and the audit log keeps no secret typed in a wrong field."""

from decimal import Decimal

import pytest

from fund_pipeline.allocations.approval.refusals import Refusal
from fund_pipeline.allocations.approval.request import Override, Verb
from fund_pipeline.errors import FundError
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.audit import list_audit
from fund_pipeline_tests.allocations.approval.world import World

UNKEEPABLE = {
    "nul": "\0",
    "escape": "\x1b[2J",
    "half a character": "\ud800",
    "ten thousand": "x" * 10_000,
}
SQL = "'; DROP TABLE approvals; --"
HTML = "<script>alert('1')</script>"
HOSTILE = UNKEEPABLE | {"sql": SQL, "html": HTML, "nothing": "", "other letters": "Ада"}


@pytest.mark.parametrize("where", ["shown", "decided_by", "second_by", "code"])
def test_hostile_text_where_a_name_or_code_belongs_is_refused_and_audited(world: World, where: str) -> None:
    pending = world.pending()
    for number, text in enumerate(HOSTILE.values(), start=1):
        before = world.state()
        asked = {"decided_by": text} if where == "decided_by" else {}
        if where == "second_by":
            asked["override"] = Override("because", text, text)
            world.limits(max_weight=0.1)
            before = world.state()
        shown = text if where == "shown" else pending
        if where == "code":
            asked["code"] = text or " "
        with pytest.raises(FundError):
            world.ask(Verb.APPROVE, shown, **asked)
        assert world.state() == before
        refusals = [row for row in list_audit(world.ledger) if row.entry.action == "decision_refused"]
        assert len(refusals) == number


@pytest.mark.parametrize("text", UNKEEPABLE.values(), ids=UNKEEPABLE)
def test_a_note_or_reason_that_cannot_be_kept_is_refused(world: World, text: str) -> None:
    pending = world.pending()
    world.refused(Refusal.WRONG_TEXT, Verb.APPROVE, pending, note=text)
    world.refused(Refusal.WRONG_TEXT, Verb.REJECT, pending, note=text)
    world.refused(Refusal.WRONG_TEXT, Verb.APPROVE, pending, override=Override(text))
    world.refused(Refusal.WRONG_TEXT, Verb.APPROVE, pending, correlation_id=text)


def test_a_note_is_kept_letter_by_letter_whatever_language_it_is_in(world: World) -> None:
    note = f"{SQL} {HTML} \\ % 😀 Übergewicht\n\tзавтра"
    done = world.ask(Verb.APPROVE, world.pending(), note=note)
    active = active_allocation(world.ledger, "demo")
    assert active is not None
    assert active.approval.note == done.approval.note == note


def test_a_strategys_name_that_cannot_be_kept_is_refused(world: World) -> None:
    pending = world.pending()
    for text in HOSTILE.values():
        world.refused(Refusal.WRONG_WEIGHTS, Verb.APPROVE_EDITED, pending, weights={text: Decimal("0.1")})


@pytest.mark.parametrize("typed", ["hunter2", "Correct-Horse-Battery", "123456"])
def test_a_password_or_code_typed_as_a_name_is_not_written_down(embedded: World, typed: str) -> None:
    """`hunter2` could be a user id: only that nobody has it tells."""
    pending = embedded.pending()
    refused = embedded.refused(Refusal.CODE_REFUSED, Verb.APPROVE, pending, decided_by=typed)
    assert typed not in str(refused)
    assert not any(typed in str(row.entry) for row in list_audit(embedded.ledger))
