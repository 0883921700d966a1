"""What cannot be read is refused with its reason, the field as the sender wrote it, the value and a remedy."""

from __future__ import annotations

from typing import Any

import pytest

from fund_pipeline.signals import (
    Problem,
    QuantityMeans,
    QuarantineReason,
    RejectionReason,
    SignalType,
    adopt,
    entry_problem,
    standardise,
)
from fund_pipeline.signals import QuarantineReason as Q
from fund_pipeline_tests.signals.payloads import (
    context,
    gold,
    head,
    option,
    order,
    read,
    refused,
    shares,
    signal,
    spread,
    v0,
    v1,
    wing,
)

TESLA = {"action": "BUY", "quantity": 1, "signal_type": "ENTRY"}
COMBINED = {"signal_type": "ENTRY"}

ENTRIES: list[tuple[dict[str, Any], Q, str, str | None]] = [
    (head(), Q.UNKNOWN_FORMAT, "", None),
    (v1(order(), signal=order()), Q.TWO_PAYLOADS, "", None),
    (v0([1], signal_type="ENTRY"), Q.WRONG_TYPE, "signal", "[1]"),
    (head(signal_legs={}, signal_type="ENTRY"), Q.WRONG_TYPE, "signal_legs", "{}"),
    (v0(spread() | {"legs": "two"}, **COMBINED), Q.WRONG_TYPE, "signal.legs", '"two"'),
    (v1(5), Q.WRONG_TYPE, "signal_legs[0]", "5"),
    (v1(order(quantity=True)), Q.WRONG_TYPE, "signal_legs[0].quantity", "true"),
    (v1(order(instrument=7)), Q.WRONG_TYPE, "signal_legs[0].instrument", "7"),
    (v1(order(quantity="ten")), Q.BAD_NUMBER, "signal_legs[0].quantity", '"ten"'),
    (v1(order(quantity="NaN")), Q.BAD_NUMBER, "signal_legs[0].quantity", '"NaN"'),
    (v1(order(price="95,000")), Q.BAD_NUMBER, "signal_legs[0].price", '"95,000"'),
    (v1(order(action="{{strategy.order.action}}")), Q.PLACEHOLDER, "signal_legs[0].action",
     '"{{strategy.order.action}}"'),
    (v1(order(), kind="OPEN"), Q.UNKNOWN_SIGNAL_TYPE, "signal_type", '"OPEN"'),
    (v1(order(), kind="UNSPECIFIED"), Q.UNKNOWN_SIGNAL_TYPE, "signal_type", '"UNSPECIFIED"'),
    (v0(order(signal_type="EXIT"), signal_type="ENTRY"), Q.CONTRADICTION, "signal.signal_type", '"EXIT"'),
    (v1(order(action="SELL_ALL")), Q.CONTRADICTION, "signal_legs[0].action", '"SELL_ALL"'),
    (v1(order(action="BUY_CALL")), Q.CONTRADICTION, "signal_legs[0].instrument_type", '"STOCK"'),
    (v1(option(action="BUY_CALL", right="P")), Q.CONTRADICTION, "signal_legs[0].right", '"P"'),
    (v1(order(), order(instrument="NVDA"), target_allocation=5), Q.CONTRADICTION, "target_allocation", None),
    (v1(order(limit_price=149, order_type=None)), Q.CONTRADICTION, "signal_legs[0].limit_price", "149"),
    (v1(order(limit_price=149, stop_price=151, order_type="LIMIT"), kind="EXIT"), Q.CONTRADICTION,
     "signal_legs[0].stop_price", "151"),
    (v1(gold(expiry=None), gold(expiry=None, action="SELL"), kind="EXIT"), Q.SAME_INSTRUMENT_TWICE, "signal_legs[1]",
     '"GC"'),
    (v1(order(ticker="NVDA")), Q.CONTRADICTION, "signal_legs[0].ticker", '"NVDA"'),
    (v1(), Q.NO_LEGS, "signal_legs", None),
    (v1(*[order(instrument=f"A{chr(65 + n)}") for n in range(21)]), Q.TOO_MANY_LEGS, "signal_legs", "21"),
    (v0(spread(*[wing("BUY", 1, n + 1) for n in range(21)]), **COMBINED), Q.TOO_MANY_LEGS, "signal.legs", "21"),
    (v1(order(), order(action="SELL")), Q.SAME_INSTRUMENT_TWICE, "signal_legs[1]", '"STOCK:AAPL"'),
    (v1(order(), kind="CANCEL"), Q.MISSING_REFERENCE, "entry_signal_id", None),
    (v1(order(), entry_signal_id=5), Q.BAD_REFERENCE, "entry_signal_id", "5"),
    (v1(order(), entry_signal_id="a\u202eb"), Q.BAD_REFERENCE, "entry_signal_id", '"a\\u202eb"'),
    (v1(order(instrument=None)), Q.MISSING_INSTRUMENT, "signal_legs[0].instrument", None),
    (v1(order(instrument="APPLE INC")), Q.UNKNOWN_INSTRUMENT, "signal_legs[0].instrument", '"APPLE INC"'),
    (v1(order(instrument="\u0410APL")), Q.UNKNOWN_INSTRUMENT, "signal_legs[0].instrument", '"\\u0410APL"'),
    (v1(order(instrument="VOD", exchange="LSE")), Q.UNKNOWN_INSTRUMENT, "signal_legs[0].instrument", '"VOD"'),
    (v1(gold(instrument="ZB", exchange="CBOT")), Q.UNKNOWN_INSTRUMENT, "signal_legs[0].instrument", '"ZB"'),
    (v1(order(instrument="USDUSD", instrument_type="FOREX")), Q.UNKNOWN_INSTRUMENT, "signal_legs[0].instrument",
     '"USDUSD"'),
    (v1(order(instrument_type="STK")), Q.UNKNOWN_INSTRUMENT_TYPE, "signal_legs[0].instrument_type", '"STK"'),
    (v0({"ticker": "TSLA"} | TESLA), Q.MISSING_INSTRUMENT_TYPE, "signal.instrument_type", None),
    (v0({"ticker": "CL"} | TESLA), Q.MISSING_INSTRUMENT_TYPE, "signal.instrument_type", None),
    (v1(order(instrument_type="CRYPTO")), Q.INSTRUMENT_MISMATCH, "signal_legs[0].instrument_type", '"CRYPTO"'),
    (v1(gold(instrument_type="STOCK")), Q.INSTRUMENT_MISMATCH, "signal_legs[0].instrument_type", '"STOCK"'),
    (v1(order(action=None)), Q.MISSING_ACTION, "signal_legs[0].action", None),
    (v1(order(action=None), kind=None), Q.MISSING_ACTION, "signal_legs[0].action", None),
    (v1(order(action="HOLD")), Q.UNKNOWN_ACTION, "signal_legs[0].action", '"HOLD"'),
    (v1(order(quantity=None)), Q.MISSING_QUANTITY, "signal_legs[0].quantity", None),
    (v0(order(quantity=None) | {"percentage_change": 5}, signal_type="ENTRY"), Q.MISSING_QUANTITY, "signal.quantity",
     None),
    (v1(order(quantity=0)), Q.BAD_QUANTITY, "signal_legs[0].quantity", "0"),
    (v1(order(quantity=-10)), Q.BAD_QUANTITY, "signal_legs[0].quantity", "-10"),
    (v1(order(quantity=10**13)), Q.BAD_QUANTITY, "signal_legs[0].quantity", "10000000000000"),
    (v1(order(quantity=0), kind="EXIT"), Q.BAD_QUANTITY, "signal_legs[0].quantity", "0"),
    (v0(spread(wing("BUY", 2, 450), wing("SELL", 4, 460), quantity=3), **COMBINED), Q.AMBIGUOUS_QUANTITY,
     "signal.quantity", "3"),
    (v0(spread(wing("BUY", None, 450), wing("SELL", 1, 460)), **COMBINED), Q.MISSING_QUANTITY,
     "signal.legs[0].quantity", None),
    (v0(spread(wing("SELL", None, 450), wing("BUY", 1, 460)), signal_type="EXIT"), Q.MISSING_QUANTITY,
     "signal.legs[0].quantity", None),
    (v1(order(target_allocation=150)), Q.BAD_WEIGHT, "signal_legs[0].target_allocation", "150"),
    (v0(spread(wing("BUY", 1, 450), target_allocation=5), **COMBINED), Q.BAD_WEIGHT, "signal.quantity", None),
    (v1(order(order_type="TRAIL")), Q.UNKNOWN_ORDER_TYPE, "signal_legs[0].order_type", '"TRAIL"'),
    (v0(spread(wing("BUY", 1, 450), wing("SELL", 1, 460), order_type="STOP"), **COMBINED), Q.UNKNOWN_ORDER_TYPE,
     "signal.order_type", '"STOP"'),
    (v1(order(order_type="LIMIT", price=0)), Q.MISSING_PRICE, "signal_legs[0].price", None),
    (v1(order(order_type="STOP_LIMIT")), Q.MISSING_PRICE, "signal_legs[0].stop_price", None),
    (v1(order(price=-1)), Q.BAD_PRICE, "signal_legs[0].price", "-1"),
    (v1(order(stop_loss="1e13")), Q.BAD_PRICE, "signal_legs[0].stop_loss", "1E+13"),
    (v0(spread(wing("BUY", 1, 450), wing("SELL", 1, 460), stop_loss=1), **COMBINED), Q.BAD_PRICE, "signal.stop_loss",
     "1"),
    (v1(gold(expiry=None)), Q.MISSING_EXPIRY, "signal_legs[0].expiry", None),
    (v0(spread(wing("BUY", 1, 450) | {"expiry": None}), **COMBINED), Q.MISSING_EXPIRY, "signal.legs[0].expiry", None),
    (v1(gold(expiry="202512")), Q.BAD_EXPIRY, "signal_legs[0].expiry", '"202512"'),
    (v1(gold(expiry="20251301")), Q.BAD_EXPIRY, "signal_legs[0].expiry", '"20251301"'),
    (v1(gold(expiry="20250229")), Q.BAD_EXPIRY, "signal_legs[0].expiry", '"20250229"'),
    (v1(gold(exchange=None)), Q.MISSING_EXCHANGE, "signal_legs[0].exchange", None),
    (v1(gold(exchange="CME")), Q.WRONG_EXCHANGE, "signal_legs[0].exchange", '"CME"'),
    (v1(option(strike=None)), Q.MISSING_STRIKE, "signal_legs[0].strike", None),
    (v1(option(strike=0)), Q.MISSING_STRIKE, "signal_legs[0].strike", "0"),
    (v0({"ticker": "AAPL", "price": 5} | TESLA | {"action": "BUY_CALL"}), Q.MISSING_EXPIRY, "signal.expiry", None),
    (v1(option(right=None)), Q.MISSING_RIGHT, "signal_legs[0].right", None),
    (v1(option(right="X")), Q.MISSING_RIGHT, "signal_legs[0].right", '"X"'),
    (v1(order(), account_equity=0), Q.BAD_EQUITY, "account_equity", "0"),
    (v1(order(), account_equity=-1), Q.BAD_EQUITY, "account_equity", "-1"),
]  # fmt: skip


@pytest.mark.parametrize(("payload", "reason", "field", "value"), ENTRIES, ids=[f"{r[1]}-{r[2]}" for r in ENTRIES])
def test_what_cannot_be_read_says_why_where_and_what_to_do(
    payload: dict[str, Any], reason: QuarantineReason, field: str, value: str | None
) -> None:
    problem = refused(payload)
    assert (problem.reason, problem.field, problem.value) == (reason, field, value)
    assert problem.message
    assert problem.remedy


WEIGHTS: list[tuple[dict[str, Any], Q, str | None]] = [
    (v1(order(quantity="1.5")), Q.BAD_WEIGHT, "1.5"),
    (v1(order(quantity=-0.5)), Q.BAD_WEIGHT, "-0.5"),
    (v1(order(quantity=None)), Q.MISSING_QUANTITY, None),
    (v1(order(quantity="0.5", action="SELL"), kind=None), Q.AMBIGUOUS_TARGET, "0.5"),
    (v1(order(quantity="0.5", action=None), kind="SCALE_OUT"), Q.MISSING_ACTION, None),
]


@pytest.mark.parametrize(("payload", "reason", "value"), WEIGHTS)
def test_a_target_weight_has_a_range_and_a_sign(payload: dict[str, Any], reason: Q, value: str | None) -> None:
    problem = refused(payload, quantity_means=QuantityMeans.TARGET_WEIGHT)
    assert (problem.reason, problem.field, problem.value) == (reason, "signal_legs[0].quantity", value)


def test_every_reason_for_quarantine_is_shown_by_a_payload() -> None:
    assert {reason for _, reason, *_ in (*ENTRIES, *WEIGHTS)} == set(QuarantineReason)


def test_what_the_hook_is_given_has_the_reasons_of_an_envelope() -> None:
    problem = standardise(adopt({"strategy_name": "S1", "signal": {"ticker": "AAPL"}}), context())
    assert isinstance(problem, Problem)
    assert (problem.reason, problem.field) == (RejectionReason.MISSING_FIELD, "signalID")


def test_a_problem_survives_being_stored() -> None:
    for problem in (refused(head()), refused(v1(order(quantity=0))), refused(v1(order(), signalID="a\u200bb"))):
        assert Problem.from_values(problem.as_values()) == problem


def test_what_an_inferred_entry_lacks_is_found_before_it_is_sized() -> None:
    assert entry_problem(read(v1(order(), kind=None))) is None
    lacking = read(v1(order(), order(instrument="NVDA", quantity=None), kind=None))
    problem = entry_problem(lacking)
    assert problem is not None
    assert (problem.reason, problem.field) == (Q.MISSING_QUANTITY, "legs[1].quantity")
    assert entry_problem(lacking, needs_quantity=False) is None


def test_an_untyped_futures_exchange_is_not_made_up() -> None:
    untyped = read(v1(gold(exchange=None), kind=None))
    assert (untyped.legs[0].exchange, untyped.legs[0].key) == (None, None)
    problem = entry_problem(untyped)
    assert problem is not None
    assert (problem.reason, problem.field) == (Q.MISSING_EXCHANGE, "legs[0].exchange")


def test_selling_all_and_nothing_never_open_a_position() -> None:
    everything = signal(shares(closes_all=True, quantity=None), type=SignalType.UNSPECIFIED)
    for found, reason in ((everything, Q.CONTRADICTION), (signal(), Q.NO_LEGS)):
        problem = entry_problem(found)
        assert problem is not None
        assert problem.reason is reason


def test_a_value_is_shown_short_and_in_ascii() -> None:
    problem = refused(v1(order(action="\u202e" * 500)))
    assert problem.value is not None
    assert len(problem.value) == 100
    assert problem.value.isascii()
    assert problem.describe().startswith("signal_legs[0].action: ")
