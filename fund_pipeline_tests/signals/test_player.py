"""A list of signals is played in order: ids, times, passphrase and references filled in."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.signals import parse_json
from fund_pipeline.signals.player import Player, read_playlist
from fund_pipeline_tests.signals.payloads import NOW


def playing(*items: object) -> Player:
    return Player(read_playlist(json.dumps(items).encode()), "run-7", "open sesame")


def test_what_is_absent_is_filled_in_and_what_is_there_stays() -> None:
    bare = playing({"strategy_name": "S1", "passphrase": "<TEST_PASSPHRASE>", "wait": 1.5}).post(NOW)
    assert dict(bare.payload) == {
        "strategy_name": "S1",
        "signalID": "run-7-1",
        "signal_sent_EPOCH": int(NOW.timestamp()),
        "passphrase": "open sesame",
        "wait": Decimal("1.5"),
    }
    assert bare.wait_seconds == Decimal("1.5")
    given = {"signalID": "mine", "signal_sent_EPOCH": 5, "passphrase": "theirs", "entry_signal_id": "FUND-9"}
    assert dict(playing(given).post(NOW).payload) == given


def test_references_become_the_ids_that_were_answered() -> None:
    player = playing(
        {"entry_name": "$ENTRY_1"},
        {"entry_name": "$ENTRY_2"},
        {"entry_signal_id": "$ENTRY_1"},
        {"entry_signal_id": "$PREVIOUS"},
        {"entry_name": "$ENTRY_1"},
        {"entry_signal_id": "$ENTRY_1"},
    )
    references = []
    while not player.finished:
        references.append(player.post(NOW).payload.get("entry_signal_id"))
        player = player.answered(f"FUND-{len(references)}")
    assert references == [None, None, "FUND-1", "FUND-3", None, "FUND-5"]


def test_planning_again_before_the_answer_plans_the_same() -> None:
    player = playing({}, {})
    assert player.post(NOW) == player.post(NOW)
    assert player.post(NOW + timedelta(seconds=9)).payload["signalID"] == "run-7-1"


def test_the_body_has_numbers_as_they_were_written() -> None:
    player = Player(read_playlist(b'[{"price": 1.50, "n": 1e2}]'), "r", "p")
    body = player.post(NOW).body
    assert b'"price":1.50' in body
    assert parse_json(body)["n"] == 100


def test_a_finished_list_plans_nothing_more() -> None:
    done = playing({}).answered("FUND-1")
    assert done.finished
    with pytest.raises(ConflictError, match="to its end"):
        done.post(NOW)
    with pytest.raises(ConflictError, match="to its end"):
        done.answered("FUND-2")


def test_a_passphrase_is_not_shown_where_a_player_is_printed() -> None:
    player = playing({})
    assert "open sesame" not in f"{player!r} {player.post(NOW)!r}"


@pytest.mark.parametrize(
    ("items", "told"),
    [
        (b"{}", "JSON list"),
        (b"[1]", "JSON list"),
        (b"[{]", "not JSON"),
        (b'[{"a": 1, "a": 2}]', "stands in an object twice"),
        (b'[{"entry_signal_id": "$PREVIOUS"}]', r"\[0\].entry_signal_id"),
        (b'[{}, {"entry_signal_id": "$ENTRY_1"}]', r"\[1\].entry_signal_id.*\$ENTRY_1"),
        (b'[{"entry_signal_id": "$ENTRY_1", "entry_name": "$ENTRY_1"}]', r"\$ENTRY_1"),
        (b'[{"wait": -1}]', r"\[0\].wait"),
        (b'[{"wait": true}]', r"\[0\].wait"),
    ],
)
def test_a_list_that_cannot_be_played_is_refused_before_anything_is_posted(items: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_playlist(items)
