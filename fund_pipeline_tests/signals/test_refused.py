"""What an accepted sender sent but was refused is kept, without its passphrase, and can be judged again after a fix."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fund_pipeline.errors import ConfigurationError, ConflictError, NotFoundError, TemporaryError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit import Act, history
from fund_pipeline.signals import (
    NoteCode,
    Problem,
    RejectionReason,
    SenderOptions,
    SignalError,
    adopt,
    from_values,
    parse_json,
    without_passphrase,
)
from fund_pipeline.signals.errors import refusal
from fund_pipeline.signals.inbox import (
    ReusedIdError,
    WaitingState,
    WayIn,
    get_refused,
    keep_refused,
    list_quarantine,
    process_pending,
    replay_refused,
    waiting_of,
)
from fund_pipeline.signals.inbox.refusing import refused_row
from fund_pipeline.signals.senders import Sender, SenderChange, SenderStatus, change_sender, disable_sender
from fund_pipeline_tests.signals.inboxes import (
    ACT,
    HERE,
    NOW,
    READER,
    SECRET,
    VAULT,
    arrival,
    away,
    entry,
    everything_in,
    post,
    register,
    stored_ids,
)
from fund_pipeline_tests.signals.json_values import OBJECTS

LATER = Act("user:ada", NOW + timedelta(hours=1), "corr-9")
FORBIDDEN = {"strategy_name": "S2"}
TESS = Sender("tess", "Tess", SenderStatus.ACTIVE, HERE, (), False, SenderOptions())
NOT_ALLOWED = refusal(RejectionReason.NOT_ALLOWED, "strategy_name", "S2").problem


def _refuse(ledger: Ledger, sender: Sender, **fields: Any) -> str:
    """Post what is refused, and keep it as the service does."""
    payload = entry(**fields)
    with pytest.raises((SignalError, ReusedIdError)) as refused:
        post(ledger, sender, payload)
    return keep_refused(ledger, sender, payload, refused.value.problem, arrival())  # type: ignore[union-attr]


def _allow(ledger: Ledger, **change: Any) -> None:
    change_sender(ledger, "tess", SenderChange(**change), VAULT, ACT)


def test_a_refused_signal_is_kept_with_field_value_and_remedy(ledger: Ledger) -> None:
    sender = register(ledger)
    came = arrival(request_id="r-1")
    kept = get_refused(ledger, keep_refused(ledger, sender, entry(**FORBIDDEN), NOT_ALLOWED, came))
    assert (kept.sender_id, kept.reason, kept.way_in, kept.received_at) == ("tess", "NOT_ALLOWED", WayIn.WEBHOOK, NOW)
    assert (kept.request_id, kept.problem, kept.replayed_as) == ("r-1", NOT_ALLOWED.as_values(), None)
    assert json.loads(kept.payload) == {name: v for name, v in entry(**FORBIDDEN).items() if name != "passphrase"}
    assert SECRET not in everything_in(ledger)
    for statement in ("UPDATE refused_signals SET reason = 'x'", "DELETE FROM refused_signals"):
        with pytest.raises(DBAPIError, match="append-only"), ledger.writing() as connection:
            connection.execute(text(statement))
    with pytest.raises(NotFoundError):
        get_refused(ledger, "ref-0")


HOLDING: tuple[tuple[str, dict[str, Any]], ...] = (
    (SECRET, {"note": f"my word is {SECRET}!", "signal_legs": [{"PassPhrase": SECRET}]}),
    (SECRET, {SECRET: {f"a {SECRET}": 1}}),
    ("271828182845904", {"quantity": 271828182845904, "price": 0.271828182845904}),
    ('a "quoted" \\ señor', {"note": 'here: a "quoted" \\ señor'}),
    ("1,2,3,4,5,6,7", {"list": [1, 2, 3, 4, 5, 6, 7]}),
)


@pytest.mark.parametrize(("passphrase", "fields"), HOLDING)
def test_the_passphrase_is_nowhere_in_it_wherever_it_stood(passphrase: str, fields: dict[str, Any]) -> None:
    told = Problem(RejectionReason.BAD_ID, f"at.{passphrase}", json.dumps(passphrase), passphrase, passphrase)
    payload = entry(**fields) | {"passphrase": passphrase}
    row = refused_row(TESS, payload, told, arrival(request_id=f"r {passphrase}"))
    kept = f"{row.payload} {row.request_id} {json.dumps(row.problem)} {'; '.join(map(str, row.problem.values()))}"
    assert [form for form in (passphrase, json.dumps(passphrase)[1:-1]) if form in kept] == []


@pytest.mark.parametrize("cut", [5, 30, len(SECRET) + 60])
def test_no_beginning_of_the_passphrase_is_left_where_a_value_was_cut(cut: int) -> None:
    signal_id = "x" * (97 - cut) + SECRET + "x" * 200
    told = refusal(RejectionReason.BAD_ID, "signalID", signal_id).problem
    row = refused_row(TESS, entry(signal_id), told, arrival())
    assert SECRET[:4] not in json.dumps(row.problem)


def test_what_was_found_in_a_key_of_that_name_is_not_shown() -> None:
    told = refusal(RejectionReason.WRONG_TYPE, "strategy_name", {"Passphrase": "a former one"}).problem
    assert "former" not in json.dumps(refused_row(TESS, entry(), told, arrival()).problem)


@given(OBJECTS)
def test_whatever_it_holds_it_reads_back_as_it_was_sent(payload: dict[str, Any]) -> None:
    sent = adopt(payload)
    row = refused_row(TESS, payload | {"passphrase": SECRET}, NOT_ALLOWED, arrival())
    assert parse_json(row.payload.encode()) == without_passphrase(sent)


def test_what_json_has_not_is_kept_as_its_text() -> None:
    odd: Any = {1: 10**5000, "nan": float("nan"), "half": "\ud800\0", "object": object(), "passphrase": 7}
    row = refused_row(TESS, odd, NOT_ALLOWED, arrival(request_id="\0"))
    assert parse_json(row.payload.encode())["1"] == "1" + "0" * 5000
    assert "\0" not in row.request_id


def test_the_same_refused_again_is_one_row_however_many_come_at_once(ledger: Ledger) -> None:
    sender = register(ledger)
    others = [
        (sender, entry("id-2", **FORBIDDEN), NOT_ALLOWED),
        (sender, entry(**FORBIDDEN), refusal(RejectionReason.BAD_TIME, "").problem),
        (register(ledger, "theo", "another-long-passphrase-42"), entry(**FORBIDDEN), NOT_ALLOWED),
    ]
    with ThreadPoolExecutor(10) as clients:
        same = set(
            clients.map(
                lambda _: keep_refused(ledger, sender, entry(**FORBIDDEN), NOT_ALLOWED, arrival(request_id="r")),
                range(30),
            )
        )
    found = {keep_refused(ledger, *other, arrival()) for other in others}
    assert (len(same), len(found | same), len(list_quarantine(ledger))) == (1, 4, 4)


def test_while_the_ledger_is_away_it_says_so() -> None:
    with away() as nowhere, pytest.raises(TemporaryError):
        keep_refused(nowhere, TESS, entry(), NOT_ALLOWED, arrival())


def test_quarantine_shows_what_could_not_be_read_beside_what_was_refused(ledger: Ledger) -> None:
    sender = register(ledger)
    refused = _refuse(ledger, sender, **FORBIDDEN)
    stored = post(ledger, sender, entry("id-2", signal_legs=[{"instrument": "AAPL"}])).signal_id
    process_pending(ledger, READER, NOW)
    found = {one.signal_id: one for one in list_quarantine(ledger)}
    assert {name: one.state for name, one in found.items()} == {
        refused: WaitingState.REFUSED,
        stored: WaitingState.QUARANTINED,
    }
    assert (found[refused].strategy, found[refused].sender_signal_id, found[refused].sender_id) == (
        "S2",
        "id-1",
        "tess",
    )
    assert "fund senders set tess --add-strategy S2" in found[refused].remedy
    assert found[stored].problem["field"].startswith("signal_legs[0]")
    assert [one.signal_id for one in list_quarantine(ledger, strategy="S2")] == [refused]
    assert [one.signal_id for one in list_quarantine(ledger, strategy="S1")] == [stored]
    assert list_quarantine(ledger, strategy="s2") == ()
    assert len(list_quarantine(ledger, newest=1)) == 1


def test_a_strategy_is_quoted_in_what_a_person_will_copy_to_a_shell() -> None:
    row = refused_row(TESS, entry(strategy_name="S2; rm -rf ~"), NOT_ALLOWED, arrival())
    assert "--add-strategy 'S2; rm -rf ~'`" in waiting_of(row).remedy


def test_a_refused_signal_becomes_one_when_it_is_replayed_after_a_fix(ledger: Ledger) -> None:
    refused = _refuse(ledger, register(ledger), **FORBIDDEN)
    _allow(ledger, more_strategies=("S2",))
    found = replay_refused(ledger, refused, READER, LATER)
    assert (found.signal.strategy, found.raw.way_in, found.raw.received_at) == ("S2", WayIn.REPLAY, LATER.at)
    assert found.signal.standardised is not None
    signal = from_values(found.signal.standardised)
    assert (signal.sent_at, NoteCode.STALE in {note.code for note in signal.inferred}) == (NOW, True)
    (told,) = history(ledger, "signal", refused)
    assert (told.actor, told.correlation_id) == ("user:ada", "corr-9")
    assert (told.action, told.detail) == ("refused_replayed", {"signal_id": found.signal.signal_id})
    assert get_refused(ledger, refused).replayed_as == found.signal.signal_id
    assert refused not in {one.signal_id for one in list_quarantine(ledger)}
    with pytest.raises(ConflictError, match=found.signal.signal_id):
        replay_refused(ledger, refused, READER, LATER)


FIXES: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"account_equity": 2000}, {"options": {"duplicate_policy": "ids_repeat"}}),
    (FORBIDDEN, {"more_strategies": ("S2",)}),
)


def test_it_is_judged_by_what_its_sender_may_do_now(ledger: Ledger) -> None:
    sender = register(ledger)
    post(ledger, sender, entry())
    for stored, (fields, fix) in enumerate(FIXES, start=1):
        refused = _refuse(ledger, sender, **fields)
        with pytest.raises(ConflictError, match="refused still") as still:
            replay_refused(ledger, refused, READER, LATER)
        assert "fund senders set tess" in still.value.remedy
        assert (len(stored_ids(ledger)), history(ledger, "signal", refused)) == (stored, ())
        _allow(ledger, **fix)
        replay_refused(ledger, refused, READER, LATER)
        assert len(stored_ids(ledger)) == stored + 1


def test_a_replay_of_a_disabled_sender_or_that_cannot_be_audited_stores_nothing(
    ledger: Ledger, ledger_url: str
) -> None:
    refused = _refuse(ledger, register(ledger), **FORBIDDEN)
    _allow(ledger, more_strategies=("S2",))

    def no_keys() -> Any:
        raise ConfigurationError("no audit key")

    keyless = open_ledger(ledger_url, no_keys)
    with pytest.raises(ConfigurationError, match="no audit key"):
        replay_refused(keyless, refused, READER, LATER)
    keyless.close()
    disable_sender(ledger, "tess", ACT)
    with pytest.raises(ConflictError, match="DISABLED"):
        replay_refused(ledger, refused, READER, LATER)
    assert stored_ids(ledger) == []
