"""Whatever is posted is answered with an id or a reason; nothing accepted is lost, and no secret rests anywhere."""

from __future__ import annotations

from pathlib import Path

from fund_pipeline_tests.front_door.anything import post_anything
from fund_pipeline_tests.front_door.described import ask_everything
from fund_pipeline_tests.front_door.homes import front_door


def test_whatever_is_posted_is_answered_and_nothing_accepted_is_lost(tmp_path: Path) -> None:
    with front_door(tmp_path / "home", FUND_SIGNAL_RATE="100000") as here:
        faults, summary = post_anything(here, first_seed=20261120, trials=300)
    assert faults == [], summary


def test_whatever_the_description_allows_or_forbids_is_answered_without_a_fault(tmp_path: Path) -> None:
    """The operations of senders and of programs; the campaign asks all of them."""
    with front_door(tmp_path / "home", FUND_SIGNAL_RATE="100000") as here:
        faults, summary = ask_everything(here, 20261120, 8, only=("/api/signals", "/api/v1/signals", "/api/strategies"))
    assert faults == [], summary
