"""What is refused before it is stored: bytes that are no clear JSON, envelopes that lack what every signal needs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.signals import (
    Environment,
    Problem,
    RejectionReason,
    SignalError,
    SignalKey,
    adopt,
    raw_text,
    without_passphrase,
)
from fund_pipeline.signals import RejectionReason as R
from fund_pipeline.signals.envelope import accepted_environment, passphrase_of, read_envelope
from fund_pipeline.signals.parse import MOST_BYTES, MOST_DEPTH, parse_json
from fund_pipeline_tests.signals.payloads import SENT_AT, head, order, over_the_wire, v0, v1

BY_THE_SERVICE = {R.NOT_ACCEPTED, R.NOT_ALLOWED, R.ID_REUSED, R.RATE_LIMITED, R.UNAVAILABLE}
"""Reasons that need the ledger or the sender, not the payload."""

BODIES: list[tuple[bytes, R, str]] = [
    (b"{" + b" " * MOST_BYTES, R.TOO_LARGE, ""),
    (b'{"a": "\xff"}', R.NOT_UTF8, ""),
    (b"", R.NOT_JSON, ""),
    (b'{"a": 1', R.NOT_JSON, ""),
    (b"{'a': 1}", R.NOT_JSON, ""),
    (b'{"a": 01}', R.NOT_JSON, ""),
    (b'{"a": 1} {}', R.NOT_JSON, ""),
    (b"[]", R.NOT_AN_OBJECT, ""),
    (b"null", R.NOT_AN_OBJECT, ""),
    (b'"text"', R.NOT_AN_OBJECT, ""),
    (b'{"a": 1, "a": 1}', R.DUPLICATE_KEY, "a"),
    (b'{"x": [{"a": 1, "\\u0061": 2}]}', R.DUPLICATE_KEY, "a"),
    (b'{"a":' * 20 + b"1" + b"}" * 20, R.TOO_DEEP, ".".join("a" * MOST_DEPTH)),
    (b"[" * 30_000 + b"]" * 30_000, R.TOO_DEEP, ""),
    (b'{"a": [NaN]}', R.NOT_FINITE, "a[0]"),
    (b'{"a": -Infinity}', R.NOT_FINITE, "a"),
    (b'{"a": 1e400}', R.NUMBER_TOO_LONG, "a"),
    (b'{"a": 1e99999999999999999999}', R.NUMBER_TOO_LONG, "a"),
    (b'{"a": 1e-41}', R.NUMBER_TOO_LONG, "a"),
    (b'{"a": ' + b"9" * 5000 + b"}", R.NUMBER_TOO_LONG, "a"),
    (b'{"a": 0.' + b"1" * 41 + b"}", R.NUMBER_TOO_LONG, "a"),
    (b'{"a": "x\\u0000y"}', R.BAD_TEXT, "a"),
    (b'{"a": {"\\ud800": 1}}', R.BAD_TEXT, 'a."\\ud800"'),
]


@pytest.mark.parametrize(("body", "reason", "field"), BODIES, ids=[f"{r}-{b[:16]!r}" for b, r, _ in BODIES])
def test_bytes_that_could_mean_two_things_are_refused(body: bytes, reason: R, field: str) -> None:
    with pytest.raises(SignalError) as error:
        parse_json(body)
    assert (error.value.problem.reason, error.value.problem.field) == (reason, field)
    assert error.value.problem.remedy


def test_numbers_are_read_as_they_are_written() -> None:
    raw = parse_json(b'\xef\xbb\xbf{"a": 0.1, "b": 12345678901234567890123, "c": 1.50, "d": 2e3}')
    assert raw == {"a": Decimal("0.1"), "b": 12345678901234567890123, "c": Decimal("1.5"), "d": Decimal(2000)}
    assert str(raw["c"]) == "1.50"


ENVELOPES: list[tuple[dict[str, object], R, str, str | None]] = [
    (head(strategy_name=None), R.MISSING_FIELD, "strategy_name", None),
    (head(signalID=""), R.MISSING_FIELD, "signalID", '""'),
    (head(signal_sent_EPOCH=None), R.MISSING_FIELD, "signal_sent_EPOCH", None),
    (head(signalID=5), R.WRONG_TYPE, "signalID", "5"),
    (head(strategy_name=["S1"]), R.WRONG_TYPE, "strategy_name", '["S1"]'),
    (head(signal_sent_EPOCH=True), R.WRONG_TYPE, "signal_sent_EPOCH", "true"),
    (head(environment=5), R.WRONG_TYPE, "environment", "5"),
    (head(signalID="x" * 201), R.BAD_ID, "signalID", f'"{"x" * 96}...'),
    (head(signalID="{{strategy.order.id}}"), R.PLACEHOLDER, "signalID", '"{{strategy.order.id}}"'),
    (head(signal_sent_EPOCH="{{timenow}}"), R.PLACEHOLDER, "signal_sent_EPOCH", '"{{timenow}}"'),
    (head(signal_sent_EPOCH=-1), R.BAD_TIME, "signal_sent_EPOCH", "-1"),
    (head(signal_sent_EPOCH=10**30), R.BAD_TIME, "signal_sent_EPOCH", str(10**30)),
    (head(signal_sent_EPOCH="soon"), R.BAD_TIME, "signal_sent_EPOCH", '"soon"'),
    (head(signal_sent_EPOCH="2025-11-03"), R.BAD_TIME, "signal_sent_EPOCH", '"2025-11-03"'),
    (head(signal_sent_EPOCH="0001-01-01T00:00+14:00"), R.BAD_TIME, "signal_sent_EPOCH", '"0001-01-01T00:00+14:00"'),
    (head(environment="live"), R.UNKNOWN_ENVIRONMENT, "environment", '"live"'),
    (v1(order(environment="prod")), R.UNKNOWN_ENVIRONMENT, "signal_legs[0].environment", '"prod"'),
    (v1(order(environment="production")), R.MIXED_ENVIRONMENTS, "signal_legs[0].environment", '"production"'),
    (v0(order(environment="production")), R.MIXED_ENVIRONMENTS, "signal.environment", '"production"'),
]


@pytest.mark.parametrize(("payload", "reason", "field", "value"), ENVELOPES, ids=[f"{r[1]}-{r[2]}" for r in ENVELOPES])
def test_an_envelope_that_lacks_what_every_signal_needs_is_refused(
    payload: dict[str, object], reason: R, field: str, value: str | None
) -> None:
    with pytest.raises(SignalError) as error:
        read_envelope(over_the_wire(payload))
    problem = error.value.problem
    assert (problem.reason, problem.field, problem.value) == (reason, field, value)


UNFIT = {
    "control": "a\tb",
    "zero width": "a\u200bb",
    "soft hyphen": "a\u00adb",
    "right to left override": "a\u202eb",
    "isolate": "a\u2066b",
    "no-break space": "a\u00a0b",
    "wide space": "a\u3000b",
    "ogham space": "a\u1680b",
    "line separator": "a\u2028b",
    "blank letter": "a\u3164b",
    "blank pattern": "a\u2800b",
    "variation": "a\ufe0fb",
    "tag": "a\U000e0041b",
    "private use": "a\ue000b",
    "decomposed": "caf\u0065\u0301",
    "full width": "\uff21BC",
    "ligature": "\ufb01sh",
    "leading space": " ab",
    "trailing space": "ab ",
}


@pytest.mark.parametrize("name", UNFIT)
@pytest.mark.parametrize("field", ["signalID", "strategy_name"])
def test_an_id_that_looks_like_another_is_refused(name: str, field: str) -> None:
    with pytest.raises(SignalError) as error:
        read_envelope(head(**{field: UNFIT[name]}))
    assert (error.value.problem.reason, error.value.problem.field) == (R.BAD_ID, field)
    assert (error.value.problem.value or "").isascii()


@pytest.mark.parametrize("fit", ["GC_ENTRY_001", "run 7/b", "café", "北京-1", "x" * 200, "😀"])
def test_an_id_may_hold_any_visible_character(fit: str) -> None:
    assert read_envelope(head(signalID=fit)).key == SignalKey("S1", fit)


def test_an_envelope_is_read_without_its_payload_and_passphrase() -> None:
    envelope = read_envelope(head())
    assert (envelope.strategy, envelope.sender_signal_id, envelope.sent_at) == ("S1", "id-1", SENT_AT)
    assert (envelope.environment, envelope.notes) == (Environment.STAGING, ())


def test_the_environment_is_the_stated_one_else_the_senders_and_must_be_this_deployments() -> None:
    staging, production = Environment.STAGING, Environment.PRODUCTION
    assert accepted_environment(None, staging, staging) is staging
    assert accepted_environment(staging, production, staging) is staging
    for stated, registered in ((staging, production), (None, staging)):
        with pytest.raises(SignalError) as error:
            accepted_environment(stated, registered, production)
        assert error.value.problem.reason is R.WRONG_ENVIRONMENT
        assert (error.value.problem.field, error.value.problem.value) == ("environment", '"staging"')


@pytest.mark.parametrize(
    ("passphrase", "reason"),
    [(None, R.MISSING_FIELD), ("", R.MISSING_FIELD), (["s3cret"], R.WRONG_TYPE), ("s3cret" * 200, R.WRONG_TYPE)],
)
def test_a_passphrase_that_is_none_is_refused_without_being_shown(passphrase: object, reason: R) -> None:
    with pytest.raises(SignalError) as error:
        passphrase_of({"passphrase": passphrase})
    assert error.value.problem == Problem(reason, "passphrase", None, reason.meaning, error.value.problem.remedy)
    assert "s3cret" not in str(error.value)


def test_a_passphrase_is_given_as_it_was_sent() -> None:
    assert passphrase_of({"passphrase": " open sesame "}) == " open sesame "


def test_every_reason_for_a_rejection_is_shown_here_or_by_the_service() -> None:
    shown = {reason for _, reason, _ in BODIES} | {reason for _, reason, *_ in ENVELOPES} | {R.WRONG_ENVIRONMENT}
    assert shown | BY_THE_SERVICE == set(RejectionReason)
    assert not shown & BY_THE_SERVICE


def test_what_the_hook_is_given_is_kept_whatever_it_is() -> None:
    loop: list[object] = []
    loop.append(loop)
    given_ = {
        "timestamp": datetime.fromisoformat("2025-11-03T15:00:00"),
        "at": datetime(2025, 11, 3, 15, 0, tzinfo=UTC),
        "signal": {"price": 0.1, "quantity": float("nan"), 5: "five", "id": object, "text": "a\0b", "n": 10},
        "loop": loop,
    }
    kept = adopt(given_)
    assert kept["timestamp"] == kept["at"] == "2025-11-03T15:00:00+00:00"
    assert kept["signal"]["price"] == Decimal("0.1")
    assert (kept["signal"]["quantity"], kept["signal"]["5"], kept["signal"]["n"]) == ("nan", "five", 10)
    assert kept["signal"]["text"] == "a\N{REPLACEMENT CHARACTER}b"
    assert "nested too deeply" in json.dumps(kept["loop"])


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.floats() | st.text() | st.booleans() | st.none()))
def test_what_is_adopted_can_always_be_stored_and_read_again(document: dict[str, object]) -> None:
    adopted = adopt(document)
    assert parse_json(raw_text(adopted).encode()) == without_passphrase(adopted)
