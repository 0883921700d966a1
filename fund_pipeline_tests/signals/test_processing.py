"""From what was received to what can be decided, or to a person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from fund_pipeline.errors import ConflictError, NotFoundError, TemporaryError
from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.audit import history
from fund_pipeline.ledger.model import StrategyStatus
from fund_pipeline.ledger.signal_model import Outcome, Pending, RawSignal, SenderRow
from fund_pipeline.ledger.signals import settle_pending
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline.signals import Environment, InstrumentMaster, Signal, from_values
from fund_pipeline.signals.inbox import (
    Counts,
    Explanation,
    InboxReason,
    Reader,
    SignalState,
    WayIn,
    adopt_document,
    explain,
    list_signals,
    process_pending,
    replay,
    store_at_any_rate,
)
from fund_pipeline.signals.senders import disable_sender
from fund_pipeline.terms import SizingMode
from fund_pipeline_tests.homes import ROOT
from fund_pipeline_tests.samples import strategy
from fund_pipeline_tests.signals.inboxes import (
    ACT,
    HERE,
    NOW,
    READER,
    arrival,
    entry,
    exit_of,
    hooked,
    post,
    register,
)

LATER = NOW + timedelta(seconds=1)


def _hook(ledger: Ledger, document: dict[str, object]) -> str:
    return store_at_any_rate(ledger, adopt_document(document, arrival(WayIn.HOOK))).signal_id


def _processed(ledger: Ledger, signal_id: str, reader: Reader = READER) -> Explanation:
    process_pending(ledger, reader, LATER)
    return explain(ledger, signal_id)


def _read(found: Explanation) -> Signal:
    assert found.signal.standardised is not None
    return from_values(found.signal.standardised)


def test_a_signal_is_standardised_and_its_change_recorded(ledger: Ledger) -> None:
    accepted = post(ledger, register(ledger), entry())
    assert process_pending(ledger, READER, LATER) == Counts(standardised=1)
    found = explain(ledger, accepted.signal_id)
    row = found.signal
    assert (row.state, row.type, row.format, row.environment, row.sent_at) == ("STANDARDISED", "ENTRY", "v1", HERE, NOW)
    assert (row.attempts, row.revision, row.updated_at, row.reason) == (1, 1, LATER, None)
    read = _read(found)
    assert (read.sender, read.strategy, read.legs[0].key) == ("tess", "S1", "STOCK:AAPL")
    (change,) = found.transitions
    assert (change.before, change.after, change.actor, change.at) == ("RECEIVED", "STANDARDISED", "inbox", LATER)


@pytest.mark.parametrize("sent", ["1969-12-31T23:59:59+00:00", "9999-12-31T23:30:00+00:00"])
def test_a_time_that_a_session_elsewhere_could_not_read_is_kept_among_the_plain_values_only(
    ledger: Ledger, sent: str
) -> None:
    accepted = post(ledger, register(ledger), entry(signal_sent_EPOCH=sent))
    found = _processed(ledger, accepted.signal_id)
    assert (found.signal.state, found.signal.sent_at) == (SignalState.STANDARDISED, None)
    assert _read(found).sent_at.isoformat() == sent


def test_processing_twice_changes_nothing(ledger: Ledger) -> None:
    accepted = post(ledger, register(ledger), entry())
    once = _processed(ledger, accepted.signal_id)
    assert process_pending(ledger, READER, LATER + timedelta(days=1)) == Counts()
    assert explain(ledger, accepted.signal_id) == once


def test_what_cannot_be_read_waits_with_field_value_and_remedy(ledger: Ledger) -> None:
    accepted = post(ledger, register(ledger), entry(signal_legs=[{"instrument": "AAPL", "action": "HOLD"}]))
    found = _processed(ledger, accepted.signal_id)
    assert (found.signal.state, found.signal.reason) == (SignalState.QUARANTINED, "UNKNOWN_ACTION")
    problem = found.signal.problem
    assert problem is not None
    assert (problem["field"], problem["value"]) == ("signal_legs[0].action", '"HOLD"')
    assert problem["remedy"] in found.words
    assert list_signals(ledger, state=SignalState.QUARANTINED) == (found.signal,)
    assert list_signals(ledger, state=SignalState.STANDARDISED) == ()


def test_an_entry_of_an_inactive_strategy_is_rejected_and_its_exit_goes_on(ledger: Ledger) -> None:
    sender = register(ledger)
    put_strategy(ledger, strategy("S1", status=StrategyStatus.INACTIVE), ACT)
    entered, left = post(ledger, sender, entry()), post(ledger, sender, exit_of("id-1"))
    unsaid = post(ledger, sender, entry("id-3", signal_type=None))
    assert process_pending(ledger, READER, LATER) == Counts(standardised=2, rejected=1)
    states = {name: explain(ledger, name.signal_id).signal for name in (entered, left, unsaid)}
    assert (states[entered].state, states[entered].reason) == (SignalState.REJECTED, InboxReason.STRATEGY_INACTIVE)
    assert states[entered].standardised is not None
    assert states[left].state is states[unsaid].state is SignalState.STANDARDISED


def test_an_entry_of_an_unknown_strategy_is_rejected_and_anything_else_waits_for_a_person(ledger: Ledger) -> None:
    sender = register(ledger, strategies=frozenset({"S1", "S9"}))
    names = [
        post(ledger, sender, payload | {"strategy_name": "S9"}).signal_id
        for payload in (entry(), exit_of("id-1"), entry("id-3", signal_type=None))
    ]
    process_pending(ledger, READER, LATER)
    rows = [explain(ledger, name).signal for name in names]
    assert [row.state for row in rows] == ["REJECTED", "QUARANTINED", "QUARANTINED"]
    assert {row.reason for row in rows} == {InboxReason.STRATEGY_UNKNOWN}


def test_a_signal_in_quarantine_is_read_again_after_a_fix(ledger: Ledger) -> None:
    sender = register(ledger, strategies=frozenset({"S9"}))
    signal_id = post(ledger, sender, exit_of("id-1", strategy_name="S9")).signal_id
    _processed(ledger, signal_id)
    again = replay(ledger, signal_id, READER, ACT)
    assert again.signal.reason == InboxReason.STRATEGY_UNKNOWN
    put_strategy(ledger, strategy("S9"), ACT)
    fixed = replay(ledger, signal_id, READER, ACT)
    assert (fixed.signal.state, fixed.signal.reason, fixed.signal.problem) == (SignalState.STANDARDISED, None, None)
    steps = [(change.number, change.before, change.after) for change in fixed.transitions]
    quarantined, received = ("RECEIVED", "QUARANTINED"), ("QUARANTINED", "RECEIVED")
    assert steps == [
        (1, *quarantined),
        (2, *received),
        (3, *quarantined),
        (4, *received),
        (5, "RECEIVED", "STANDARDISED"),
    ]
    assert [row.action for row in history(ledger, "signal", signal_id)] == ["signal_replayed"] * 2


def test_only_what_is_in_quarantine_is_replayed(ledger: Ledger) -> None:
    signal_id = post(ledger, register(ledger), entry()).signal_id
    for state in (SignalState.RECEIVED, SignalState.STANDARDISED):
        with pytest.raises(ConflictError, match=state.value):
            replay(ledger, signal_id, READER, ACT)
        process_pending(ledger, READER, LATER)
    for act in (lambda: replay(ledger, "sig-0", READER, ACT), lambda: explain(ledger, "sig-0")):
        with pytest.raises(NotFoundError, match="sig-0"):
            act()


def test_processes_at_once_settle_each_signal_once(ledger: Ledger, ledger_url: str) -> None:
    sender = register(ledger)
    names = [post(ledger, sender, entry(f"id-{number}")).signal_id for number in range(60)]
    others = [open_ledger(ledger_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as workers:
        counts = list(workers.map(lambda one: process_pending(one, READER, LATER, 30), others))
    for other in others:
        other.close()
    process_pending(ledger, READER, LATER)
    assert sum(count.total for count in counts) <= 60
    assert {len(explain(ledger, name).transitions) for name in names} == {1}
    assert {row.state for row in list_signals(ledger)} == {SignalState.STANDARDISED}


def test_a_crash_in_the_middle_leaves_all_to_be_read_again_once(ledger: Ledger) -> None:
    sender = register(ledger)
    names = [post(ledger, sender, entry(f"id-{number}")).signal_id for number in range(5)]
    seen: list[str] = []

    def crashing(pending: Pending, senders: tuple[SenderRow, ...]) -> Outcome:
        seen.append(pending.raw.signal_id)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return READER.read(pending, senders)

    with pytest.raises(KeyboardInterrupt):
        settle_pending(ledger, crashing, ACT, 10)  # type: ignore[arg-type]
    assert {row.state for row in list_signals(ledger)} == {SignalState.RECEIVED}
    assert process_pending(ledger, READER, LATER) == Counts(standardised=5)
    assert {len(explain(ledger, name).transitions) for name in names} == {1}


def test_a_signal_that_breaks_the_reader_does_not_stop_those_behind_it(ledger: Ledger) -> None:
    class Broken(InstrumentMaster):
        def candidates(self, symbol: str) -> tuple[object, ...]:  # type: ignore[override]
            if symbol == "MSFT":
                raise KeyError(symbol)
            return READER.master.candidates(symbol)

        def of_class(self, *wanted: object) -> object:  # type: ignore[override]
            return READER.master.of_class(*wanted)  # type: ignore[arg-type]

    sender = register(ledger)
    leg = {"instrument": "MSFT", "action": "BUY", "quantity": 1}
    broken = post(ledger, sender, entry("id-0", signal_legs=[leg]))
    post(ledger, sender, entry())
    assert process_pending(ledger, Reader(Broken((), {}), HERE), LATER) == Counts(standardised=1, quarantined=1)
    assert explain(ledger, broken.signal_id).signal.reason == InboxReason.UNREADABLE
    assert replay(ledger, broken.signal_id, READER, ACT).signal.state is SignalState.STANDARDISED


def test_an_entry_needs_no_quantity_where_its_strategy_sizes_by_capital(ledger: Ledger) -> None:
    sender = register(ledger)
    leg = {"instrument": "AAPL", "action": "BUY"}
    refused = post(ledger, sender, entry(signal_legs=[leg]))
    assert _processed(ledger, refused.signal_id).signal.reason == "MISSING_QUANTITY"
    put_strategy(ledger, strategy("S1", sizing=SizingMode.FULL_CAPITAL), ACT)
    assert replay(ledger, refused.signal_id, READER, ACT).signal.state is SignalState.STANDARDISED


def test_what_the_hook_passes_on_belongs_to_the_strategys_one_active_sender(ledger: Ledger) -> None:
    put_strategy(ledger, strategy("S1"), ACT)
    signal_id = _hook(ledger, hooked())
    found = _processed(ledger, signal_id)
    assert (found.signal.state, found.signal.reason) == (SignalState.QUARANTINED, InboxReason.SENDER_UNKNOWN)
    register(ledger)
    register(ledger, "theo", "another-long-passphrase")
    assert replay(ledger, signal_id, READER, ACT).signal.reason == InboxReason.SENDER_AMBIGUOUS
    disable_sender(ledger, "theo", ACT)
    fixed = replay(ledger, signal_id, READER, ACT)
    assert (fixed.signal.state, fixed.signal.sender_id, fixed.signal.type) == ("STANDARDISED", "tess", "UNSPECIFIED")


def test_a_reused_id_over_the_hook_is_kept_and_waits_for_a_person(ledger: Ledger) -> None:
    register(ledger)
    first, second = _hook(ledger, hooked()), _hook(ledger, hooked(timestamp="2026-03-02T15:00:01+00:00"))
    assert first != second
    process_pending(ledger, READER, LATER)
    assert explain(ledger, first).signal.state is SignalState.STANDARDISED
    assert explain(ledger, second).signal.reason == InboxReason.ID_REUSED


def test_the_whole_document_is_read_where_a_source_for_it_is_configured(ledger: Ledger) -> None:
    register(ledger)
    whole = hooked() | {"signal_type": "ENTRY", "account_equity": 500, "passphrase": "secret-of-a-document"}
    whole |= {"comment": "sent with secret-of-a-document", "more": [{"Secret": "secret-of-a-document"}]}
    reader = replace(READER, fuller=lambda raw: whole if raw.sender_signal_id == "id-1" else None)
    found = _processed(ledger, _hook(ledger, hooked()), reader)
    assert (found.signal.type, _read(found).sender_equity) == ("ENTRY", 500)
    assert "secret-of-a-document" not in (found.signal.supplement or "")
    unlike = _processed(ledger, _hook(ledger, hooked("id-2")), reader)
    assert (unlike.signal.type, unlike.signal.supplement) == ("UNSPECIFIED", None)


def test_what_cannot_be_looked_up_is_not_guessed_and_holds_up_no_other(ledger: Ledger) -> None:
    def silent(raw: RawSignal) -> None:
        if raw.sender_signal_id == "id-1":
            raise TemporaryError("the collector's database did not answer")

    register(ledger)
    first, second = _hook(ledger, hooked()), _hook(ledger, hooked("id-2"))
    process_pending(ledger, replace(READER, fuller=silent), LATER)
    waiting = explain(ledger, first).signal
    assert (waiting.state, waiting.reason) == (SignalState.QUARANTINED, InboxReason.SOURCE_AWAY)
    assert explain(ledger, second).signal.state is SignalState.STANDARDISED
    assert replay(ledger, first, READER, ACT).signal.state is SignalState.STANDARDISED


def test_a_signal_for_another_deployment_is_never_decided_here(ledger: Ledger) -> None:
    register(ledger)
    found = _processed(ledger, _hook(ledger, hooked()), replace(READER, deployed=Environment.PRODUCTION))
    assert (found.signal.state, found.signal.reason) == (SignalState.QUARANTINED, InboxReason.WRONG_ENVIRONMENT)


def test_every_reason_of_the_inbox_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert [reason for reason in InboxReason if f"`{reason}`" not in page] == []


def test_reading_stops_at_its_limit_and_begins_with_the_oldest(ledger: Ledger) -> None:
    sender = register(ledger)
    for number in range(4):
        post(ledger, sender, entry(f"id-{number}"))
    late = store_at_any_rate(
        ledger, replace(adopt_document(hooked("id-9"), arrival(WayIn.HOOK)), received_at=NOW - timedelta(days=1))
    )
    assert process_pending(ledger, READER, LATER, 3).total == 3
    assert explain(ledger, late.signal_id).signal.state is SignalState.STANDARDISED
    assert len(list_signals(ledger, state=SignalState.RECEIVED, newest=1)) == 1
    assert len(list_signals(ledger, state=SignalState.RECEIVED, strategy="S1")) == 2
