import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fund_pipeline.errors import InputError
from fund_pipeline.ledger.canonical import canonical

CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(CHARACTERS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(CHARACTERS), inner, max_size=4),
    max_leaves=8,
)


@given(VALUES)
def test_storing_and_reading_as_json_does_not_change_the_text(value: object) -> None:
    assert canonical(json.loads(json.dumps(value))) == canonical(value)


@given(NUMBERS, NUMBERS)
def test_numbers_have_one_text_exactly_when_they_are_one_number(one: float, other: float) -> None:
    assert (canonical(one) == canonical(other)) == (Decimal(repr(one)) == Decimal(repr(other)))


@given(NUMBERS)
def test_a_number_that_a_database_wrote_out_in_full_has_the_same_text(value: float) -> None:
    in_full = format(Decimal(repr(value)), "f")
    assert canonical(json.loads(in_full)) == canonical(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, "1"), (1, True), (0, False), ("", None), ([], {}), (["a,b"], ["a", "b"]), ([1, [2]], [[1], 2])],
)
def test_different_values_have_different_texts(one: object, other: object) -> None:
    assert canonical(one) != canonical(other)


def test_the_text_of_a_value_is_what_it_was_in_version_1() -> None:
    assert canonical({"b": [1.50, -20, 0.0], "a": {"é": None, "x": True}}) == (
        '{"a":{"x":true,"\\u00e9":null},"b":[15e-1,-2e1,0]}'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a\0", {"\0": 1}, ["\udc00"]])
def test_what_no_database_holds_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        canonical(value)


@pytest.mark.parametrize("value", [Decimal("1"), {1: 2}, b"x"])
def test_what_is_no_json_is_an_error_of_the_caller(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)
