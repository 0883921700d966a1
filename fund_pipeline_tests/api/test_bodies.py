"""What holds of every body: a weight is exactly what was written, and no error repeats a secret."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fund_pipeline.allocations.approval.request import Verb
from fund_pipeline.api.bodies import CustomBody
from fund_pipeline.api.context import Asking
from fund_pipeline.api.invalid import REPEATED, in_words
from fund_pipeline.api.strict_json import parse

SECRET = "hunter2-hunter2"
FINE: dict[str, Any] = {"allocation_id": "demo-1:0a", "approved_by": "ada", "code": "123456", "weights": {"A": "0.5"}}
NAMES = sorted({*CustomBody.model_fields, "second_by", "second_code", "reason", "Code", "password"} - REPEATED)
HIDING = st.recursive(
    st.sampled_from([SECRET, SECRET + "\x00", SECRET * 200]),
    lambda inner: st.lists(inner, min_size=1, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, min_size=1),
    max_leaves=4,
)


@given(st.decimals(min_value=-999_999_999, max_value=999_999_999, places=8))
def test_a_weight_is_exactly_the_decimal_that_was_written(weight: Decimal) -> None:
    body = CustomBody.model_validate(FINE | {"weights": {"A": format(weight, "f")}})
    assert body.weights["A"] == weight


@given(st.dictionaries(st.sampled_from(NAMES), HIDING, min_size=1))
def test_no_words_about_a_wrong_body_repeat_what_is_in_a_field_that_may_be_secret(more: dict[str, Any]) -> None:
    body = CustomBody.model_construct()
    words = ""
    try:
        body = CustomBody.model_validate(FINE | more)
    except ValidationError as wrong:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in wrong.errors()]
        words = f"{in_words(errors)} {wrong}"
    assert SECRET not in words
    assert SECRET not in repr(body.model_copy(update={"note": "", "approved_by": ""}))


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none() | st.lists(st.text())))
def test_plain_json_is_read_as_it_was_written(value: dict[str, Any]) -> None:
    assert parse(json.dumps(value).encode()) == value


def test_a_secret_in_broken_json_is_not_in_the_error() -> None:
    with pytest.raises(json.JSONDecodeError) as wrong:
        parse(f'{{"code": "{SECRET}"'.encode())
    assert SECRET not in str(wrong.value) + wrong.value.doc


def test_codes_are_not_in_the_text_of_a_body_or_of_what_is_asked() -> None:
    override = {"reason": "r", "second_by": "bob", "second_code": SECRET}
    body = CustomBody.model_validate(FINE | {"code": SECRET, "override": override})
    asked = body.request(Asking("ada", "r-1"), Verb.APPROVE_EDITED)
    assert SECRET not in f"{body!r} {body} {asked!r} {body.overriding()!r} {body.model_dump_json()}"
    second = body.overriding()
    assert second is not None
    assert (asked.code, second.second_code, asked.correlation_id) == (SECRET, SECRET, "r-1")
