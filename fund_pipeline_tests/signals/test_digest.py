"""What makes two deliveries the same signal, and what is kept of a payload."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fund_pipeline.signals import (
    DuplicatePolicy,
    DuplicateVerdict,
    SignalError,
    adopt,
    content_digest,
    duplicate_verdict,
    hook_digest,
    parse_json,
    raw_text,
    without_passphrase,
)
from fund_pipeline_tests.signals.json_values import OBJECTS, to_bytes
from fund_pipeline_tests.signals.payloads import head, order, over_the_wire, v0, v1


def _is_read(value: dict[str, Any]) -> bool:
    try:
        parse_json(to_bytes(value))
    except SignalError:
        return False
    return True


FITTING = OBJECTS.filter(_is_read)


def _reversed(value: Any) -> Any:
    match value:
        case dict():
            return {key: _reversed(value[key]) for key in reversed(value)}
        case list():
            return [_reversed(item) for item in value]
        case _:
            return value


@given(FITTING, st.text("abc \u00e9\u4eac", min_size=1))
def test_order_of_keys_white_space_and_passphrase_do_not_matter(value: dict[str, Any], passphrase: str) -> None:
    digest = content_digest(parse_json(to_bytes(value)))
    spaced = json.dumps(_reversed(value) | {"passphrase": passphrase}, indent=3).encode()
    assert content_digest(parse_json(spaced)) == digest


@given(FITTING, st.text("abc_", min_size=1, max_size=6), st.integers(0, 99) | st.booleans() | st.text("ab"))
def test_any_other_field_matters(value: dict[str, Any], key: str, added: object) -> None:
    changed = over_the_wire(value | {key: ["added", added]})
    assume(over_the_wire(value).get(key) != changed[key])
    assert content_digest(changed) != content_digest(over_the_wire(value))


@pytest.mark.parametrize("field", ["signal_sent_EPOCH", "signalID", "strategy_name", "environment", "account_equity"])
def test_every_field_of_the_envelope_matters(field: str) -> None:
    one = head() | {"signal_sent_EPOCH": 1}
    assert content_digest(over_the_wire(one | {field: "5"})) != content_digest(over_the_wire(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": True}),
        ({"a": 0}, {"a": None}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": [12]}, {"a": [1, 2]}),
        ({"a": {}}, {"a": []}),
        ({"a": {"b": 1}}, {"a": 1, "b": 1}),
        ({"a": 1}, {"a": 10}),
        ({"a": 1}, {"a": -1}),
        ({"a": "10000000000000000000001"}, {"a": "10000000000000000000002"}),
        ({"a": "e\u0301"}, {"a": "\u00e9"}),
    ],
)
def test_different_values_have_different_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert content_digest(over_the_wire(one)) != content_digest(over_the_wire(other))


def test_the_way_a_number_is_written_does_not_matter() -> None:
    digests = {content_digest(parse_json(b'{"a": %s}' % way)) for way in (b"10", b"10.0", b"1e1", b"1.0E+1")}
    assert len(digests) == 1


def test_a_float_has_no_digest_because_it_is_not_what_was_written() -> None:
    with pytest.raises(TypeError, match="float"):
        content_digest({"a": 0.5})


def test_digits_beyond_a_floats_matter() -> None:
    one, other = (parse_json(b'{"a": 0.1%s}' % tail) for tail in (b"0000000000000000000000000000001", b""))
    assert content_digest(one) != content_digest(other)


def test_the_receive_time_does_not_matter() -> None:
    assert content_digest(head(received_at="2025-11-03T15:00:00Z")) == content_digest(head())


def test_the_digest_stays_what_it_is() -> None:
    """Digests are stored: another way to find them would let every old signal in again."""
    raw = parse_json(b'{"signalID": "a\\u00e9", "n": [1.50, -0, null, true], "passphrase": "x"}')
    text = rb'{"n":[15e-1,0,null,true],"signalID":"a\u00e9"}'
    assert content_digest(raw) == hashlib.sha256(text).hexdigest()


def test_no_passphrase_is_kept_wherever_it_stands() -> None:
    raw = over_the_wire(
        v1(order(passphrase="s3cret"), passphrase="s3cret", PassPhrase="s3cret", a=[[{"PASSPHRASE": 1}]])
    )
    kept = raw_text(raw)
    assert "s3cret" not in kept
    assert "passphrase" not in kept.lower()
    assert parse_json(kept.encode()) == without_passphrase(raw)


@given(FITTING)
def test_what_is_stored_reads_back_the_same_to_the_last_digit(value: dict[str, Any]) -> None:
    raw = parse_json(to_bytes(value))
    again = parse_json(raw_text(raw).encode())
    assert again == without_passphrase(raw)
    assert raw_text(again) == raw_text(raw)
    assert content_digest(again) == content_digest(raw)


def test_a_signal_that_comes_over_the_hook_too_is_known_again() -> None:
    sent = v0({"ticker": "AAPL", "action": "BUY", "price": 150.5, "quantity": 10}, passphrase="x", test=True)
    passed_on = {key: sent[key] for key in ("signalID", "signal_sent_EPOCH", "strategy_name", "signal")}
    assert hook_digest(adopt(passed_on)) == hook_digest(over_the_wire(sent))
    assert content_digest(adopt(passed_on)) != content_digest(over_the_wire(sent))
    assert hook_digest(adopt(passed_on | {"timestamp": None})) == hook_digest(adopt(passed_on))


@pytest.mark.parametrize(
    ("known", "policy", "verdict"),
    [
        ((), DuplicatePolicy.IDS_UNIQUE, DuplicateVerdict.NEW),
        (("d",), DuplicatePolicy.IDS_UNIQUE, DuplicateVerdict.SAME),
        (("e",), DuplicatePolicy.IDS_UNIQUE, DuplicateVerdict.CONFLICT),
        (("e",), DuplicatePolicy.IDS_REPEAT, DuplicateVerdict.NEW),
        (("e", "d"), DuplicatePolicy.IDS_REPEAT, DuplicateVerdict.SAME),
    ],
)
def test_a_known_id_is_the_same_signal_a_conflict_or_another_signal(
    known: tuple[str, ...], policy: DuplicatePolicy, verdict: DuplicateVerdict
) -> None:
    assert duplicate_verdict(known, "d", policy) is verdict
