"""The collector's hook passes on a part; the whole that comes in after it completes the signal and doubles nothing."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.claims import claim, settle
from fund_pipeline.ledger.senders import insert_sender
from fund_pipeline.ledger.signal_model import Passphrase, SenderRow, SenderStatus, Verdict
from fund_pipeline.signals.inbox import (
    Explanation,
    ReusedIdError,
    SignalState,
    WayIn,
    accept,
    adopt_document,
    explain,
    process_pending,
    store_at_any_rate,
)
from fund_pipeline_tests.signals.inboxes import (
    ACT,
    HERE,
    NOW,
    READER,
    SECRET,
    arrival,
    body,
    entry,
    everything_in,
    exit_of,
    post,
    register,
    repeating,
    stored_ids,
)

LATER = NOW + timedelta(seconds=1)
NOT_HOOK = [WayIn.WEBHOOK, WayIn.MONGODB, WayIn.REPLAY]


def _hook(ledger: Ledger, whole: dict[str, Any]) -> str:
    """The five fields, with nothing for what the whole has not."""
    passed = {name: whole.get(name) for name in ("timestamp", "signalID", "signal_sent_EPOCH", "strategy_name")}
    document = passed | {"signal": whole.get("signal", {})}
    return store_at_any_rate(ledger, adopt_document(document, arrival(WayIn.HOOK))).signal_id


def _processed(ledger: Ledger, signal_id: str) -> Explanation:
    process_pending(ledger, READER, LATER)
    return explain(ledger, signal_id)


def _steps(found: Explanation) -> list[SignalState]:
    return [step.after for step in found.transitions]


@pytest.mark.parametrize("way_in", NOT_HOOK)
def test_the_whole_after_the_hooks_part_is_read_in_its_place(ledger: Ledger, way_in: WayIn) -> None:
    sender = register(ledger)
    first = _hook(ledger, entry())
    assert _processed(ledger, first).signal.state is SignalState.QUARANTINED  # it has no legs
    second = accept(ledger, sender, body(entry(note=f"{SECRET}!")), arrival(way_in, received_at=LATER), HERE)
    assert (second.signal_id, second.duplicate, stored_ids(ledger)) == (first, True, [first])
    found = _processed(ledger, first)
    assert (found.signal.type, found.signal.state) == ("ENTRY", SignalState.STANDARDISED)
    assert _steps(found) == [SignalState.QUARANTINED, SignalState.RECEIVED, SignalState.STANDARDISED]
    assert SECRET not in everything_in(ledger)


def test_what_was_read_from_the_part_alone_is_read_again(ledger: Ledger) -> None:
    sender = register(ledger)
    order = {"ticker": "AAPL", "instrument_type": "STOCK", "action": "SELL", "quantity": 10}
    whole = exit_of("id-1", signal=order)
    del whole["signal_legs"]
    first = _hook(ledger, whole)
    assert _processed(ledger, first).signal.type == "UNSPECIFIED"
    post(ledger, sender, whole)
    found = _processed(ledger, first).signal
    assert (found.type, found.reference, found.state) == ("EXIT", "id-1", SignalState.STANDARDISED)


def test_what_was_not_read_yet_is_read_whole_at_once(ledger: Ledger) -> None:
    sender = register(ledger)
    first = _hook(ledger, entry())
    post(ledger, sender, entry())
    assert _steps(_processed(ledger, first)) == [SignalState.STANDARDISED]


def test_a_second_whole_must_be_equal_to_the_first(ledger: Ledger) -> None:
    sender = register(ledger)
    first = _hook(ledger, entry())
    post(ledger, sender, entry(note=f"word {SECRET}", account_equity=1000))
    again = post(ledger, sender, entry(note=f"word {SECRET}", account_equity=1000.0))
    assert (again.signal_id, again.duplicate) == (first, True)
    with pytest.raises(ReusedIdError):
        post(ledger, sender, entry(note=f"word {SECRET}", account_equity=2000))
    assert stored_ids(ledger) == [first]


def test_of_different_wholes_at_once_one_is_kept_and_read(ledger: Ledger) -> None:
    sender = register(ledger)
    first = _hook(ledger, entry())

    def send(equity: int) -> int | None:
        try:
            assert post(ledger, sender, entry(account_equity=equity)).signal_id == first
        except ReusedIdError:
            return None
        process_pending(ledger, READER, LATER)
        return equity

    with ThreadPoolExecutor(6) as clients:
        kept = [equity for equity in clients.map(send, range(1, 13)) if equity is not None]
    process_pending(ledger, READER, LATER)  # a reader passes over a row that another copy's post has in hand
    found = explain(ledger, first).signal
    assert (len(kept), stored_ids(ledger), found.state) == (1, [first], SignalState.STANDARDISED)
    assert f'"account_equity":{kept[0]},' in (found.supplement or "")


def test_an_environment_that_only_one_whole_states_makes_no_other_signal(ledger: Ledger) -> None:
    sender = register(ledger)
    stated = entry()
    unstated = {name: value for name, value in stated.items() if name != "environment"}
    first = _hook(ledger, stated)
    copies = [adopt_document(one, arrival(WayIn.MONGODB)) for one in (unstated, stated)]
    answers = [post(ledger, sender, stated), *(store_at_any_rate(ledger, copy) for copy in copies)]
    assert {answer.signal_id for answer in answers} == {first}


def test_where_ids_repeat_other_content_is_another_signal_and_each_is_known_again(ledger: Ledger) -> None:
    sender = repeating(ledger)
    first = _hook(ledger, entry())
    answers = [post(ledger, sender, entry(account_equity=equity)) for equity in (1000, 2000, 1000, 2000)]
    assert [answer.duplicate for answer in answers] == [True, False, True, True]
    assert [answer.signal_id == first for answer in answers] == [True, False, True, False]
    assert _hook(ledger, entry()) == first
    assert len(stored_ids(ledger)) == 2


def test_other_content_that_cannot_be_refused_waits_for_a_person(ledger: Ledger) -> None:
    sender = register(ledger)
    first = _hook(ledger, entry())
    post(ledger, sender, entry())
    spooled = adopt_document(entry(account_equity=2000), arrival(WayIn.WEBHOOK), sender.sender_id)
    second = store_at_any_rate(ledger, spooled).signal_id
    assert _processed(ledger, second).signal.reason == "ID_REUSED"
    assert explain(ledger, first).signal.state is SignalState.STANDARDISED


def test_a_whole_that_is_just_the_part_changes_nothing_but_is_remembered(ledger: Ledger) -> None:
    sender = register(ledger)
    bare = {name: entry()[name] for name in ("signalID", "signal_sent_EPOCH", "strategy_name")} | {"timestamp": None}
    first = _hook(ledger, bare)
    _processed(ledger, first)
    assert post(ledger, sender, bare | {"signal": {}}).signal_id == first
    assert _steps(_processed(ledger, first)) == [SignalState.QUARANTINED]
    with pytest.raises(ReusedIdError):
        post(ledger, sender, entry())


@pytest.mark.parametrize("is_decided", [False, True])
def test_a_whole_that_comes_too_late_is_kept_and_told(
    ledger: Ledger, is_decided: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sender = register(ledger)
    order = {"ticker": "AAPL", "instrument_type": "STOCK", "action": "BUY", "quantity": 10}
    whole = entry(signal=order)
    del whole["signal_legs"]
    first = _hook(ledger, whole)
    _processed(ledger, first)
    (held,) = claim(ledger, "run-1", LATER, timedelta(minutes=5), 10)
    if is_decided:
        with ledger.writing() as connection:
            settle(connection, "run-1", [(held, Verdict(SignalState.DECIDED))], LATER)
    before = explain(ledger, first)
    with caplog.at_level(logging.WARNING, logger="fund_pipeline"):
        assert post(ledger, sender, whole).signal_id == first
        post(ledger, sender, whole)
    after = explain(ledger, first)
    assert (after.signal.state, after.signal.standardised) == (before.signal.state, before.signal.standardised)
    assert (after.transitions, after.signal.claimed_by) == (before.transitions, before.signal.claimed_by)
    assert '"signal_type":"ENTRY"' in (after.signal.supplement or "")
    assert [record.getMessage() for record in caplog.records].count(
        "the whole of a signal came in after its part was claimed or decided"
    ) == 1


def test_the_whole_says_whose_a_signal_is_that_several_may_send(ledger: Ledger) -> None:
    sender = register(ledger)
    row = SenderRow("ann", "ann", SenderStatus.ACTIVE, HERE.value, (), None, sender.options.as_values(), NOW)
    insert_sender(ledger, row, Passphrase("0" * 64, "ann", "none"), ACT)
    first = _hook(ledger, entry())
    assert _processed(ledger, first).signal.reason == "SENDER_AMBIGUOUS"
    post(ledger, sender, entry())
    found = _processed(ledger, first).signal
    assert (found.sender_id, found.state) == ("tess", SignalState.STANDARDISED)


def test_an_ordinary_signal_is_asked_for_once(ledger: Ledger) -> None:
    sender = register(ledger)
    asked: list[str] = []
    event.listen(ledger.engine, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
    post(ledger, sender, entry())
    post(ledger, sender, entry())
    about = [one for one in asked if one.startswith("SELECT") and ("raw_signals" in one or "FROM signals" in one)]
    assert len(about) == 2


@pytest.mark.parametrize("name", ["User-Agent", "Content-Type"])
def test_a_passphrase_across_the_end_of_a_kept_header_leaves_no_part(ledger: Ledger, name: str) -> None:
    header = "x" * (200 - len(SECRET) + 1) + SECRET
    stored = accept(ledger, register(ledger), body(entry()), arrival(headers={name: header}), HERE)
    (kept,) = explain(ledger, stored.signal_id).raw.headers.values()
    assert (SECRET[:4] in kept, len(kept) <= 200, kept.rstrip("*")) == (False, True, header[: -len(SECRET)])
