"""Whatever is sent, the answer is a signal or a declared problem, and an entry never lacks what it needs."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fund_pipeline.signals import (
    Problem,
    QuantityMeans,
    QuarantineReason,
    RejectionReason,
    Signal,
    SignalError,
    as_values,
    entry_problem,
    from_values,
    parse_json,
    passphrase_of,
    read_envelope,
    standardise,
)
from fund_pipeline_tests.signals.json_values import ANYTHING, nearly_signals, to_bytes
from fund_pipeline_tests.signals.payloads import context

MANY = settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
CONTEXTS = st.builds(context, needs_quantity=st.booleans(), quantity_means=st.sampled_from(QuantityMeans))


def _rejected(call: Any, *arguments: Any) -> RejectionReason | None:
    try:
        call(*arguments)
    except SignalError as wrong:
        return RejectionReason[wrong.problem.reason]
    return None


@MANY
@given(st.binary(max_size=60) | ANYTHING.map(to_bytes))
def test_any_bytes_are_an_object_or_a_declared_rejection(body: bytes) -> None:
    if _rejected(parse_json, body) is None:
        raw = parse_json(body)
        _rejected(read_envelope, raw)
        _rejected(passphrase_of, raw)
        assert isinstance(standardise(raw, context()), Problem)


@MANY
@given(nearly_signals().map(to_bytes), CONTEXTS)
def test_whatever_is_nearly_a_signal_is_one_or_says_why_not(body: bytes, known: Any) -> None:
    if _rejected(parse_json, body) is not None:
        return
    raw = parse_json(body)
    found = standardise(raw, known)
    if isinstance(found, Problem):
        refused = _rejected(read_envelope, raw)
        assert isinstance(found.reason, QuarantineReason) or found.reason is refused
        assert found.message
        assert found.remedy
        return
    assert isinstance(found, Signal)
    assert from_values(as_values(found)) == found
    if found.type.opens:
        assert entry_problem(found, needs_quantity=known.needs_quantity) is None
    for leg in found.legs:
        assert leg.quantity is None or leg.quantity > 0
        assert leg.target_weight is None or abs(leg.target_weight) <= 1
        assert leg.quantity is None or leg.target_weight is None


@MANY
@given(nearly_signals().map(to_bytes), CONTEXTS)
def test_reading_again_gives_the_same(body: bytes, known: Any) -> None:
    if _rejected(parse_json, body) is None:
        assert standardise(parse_json(body), known) == standardise(parse_json(body), known)
