"""JSON without the parts in which one text can mean two things, with numbers exactly as written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from fund_pipeline.signals.errors import SignalError, inside, refusal
from fund_pipeline.signals.reasons import RejectionReason

MOST_BYTES = 64 * 1024
MOST_DEPTH = 16
MOST_DIGITS = 40
MOST_EXPONENT = 40

NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
"""What PostgreSQL's texts refuse: NUL, and half of a pair that is one character in UTF-16."""


FOREIGN_FAULTS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
"""What the text of a value of another's type can fail with: code that is not ours writes it."""


class _Constant(str):
    """NaN or an infinity, until its place is known."""


class _Literal(str):
    """A number that is too long, until its place is known."""


def parse_json(body: bytes, *, most_bytes: int = MOST_BYTES) -> dict[str, Any]:
    """One JSON object in UTF-8 (RFC 8259).

    Parameters
    ----------
    body : the bytes received; a byte order mark is skipped.
    most_bytes : greatest length.

    Returns
    -------
    Keys to None, bool, int, Decimal (what has a point or an exponent), str, list or dict; nothing else is in it.

    Raises
    ------
    SignalError : TOO_LARGE, NOT_UTF8, NOT_JSON, NOT_AN_OBJECT, DUPLICATE_KEY, TOO_DEEP, NOT_FINITE, NUMBER_TOO_LONG or
        BAD_TEXT, with the field where one can be named.
    """
    parsed = parse_value(body, most_bytes=most_bytes)
    if not isinstance(parsed, dict):
        raise refusal(RejectionReason.NOT_AN_OBJECT, "", parsed)
    return parsed


def parse_value(body: bytes, *, most_bytes: int = MOST_BYTES) -> Any:
    """Any JSON value, as strictly as `parse_json`. SignalError: all of those but NOT_AN_OBJECT."""
    if len(body) > most_bytes:
        message = f"the body has {len(body)} bytes; {most_bytes} are allowed"
        raise refusal(RejectionReason.TOO_LARGE, "", message=message)
    try:
        parsed = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_constant=_Constant,
            parse_float=_decimal,
            parse_int=_integer,
        )
    except UnicodeDecodeError as wrong:
        raise refusal(RejectionReason.NOT_UTF8, "", message=f"byte {wrong.start} is not UTF-8") from None
    except json.JSONDecodeError as wrong:
        message = f"not JSON: {wrong.msg}, line {wrong.lineno} column {wrong.colno}"
        raise refusal(RejectionReason.NOT_JSON, "", message=message) from None
    except RecursionError:
        raise _too_deep("") from None
    _check(parsed, "", MOST_DEPTH)
    return parsed


def adopt(document: Mapping[Any, Any]) -> dict[str, Any]:
    """A Python mapping (the collector's hook, a MongoDB document) in the form `parse_json` gives.

    Nothing is refused, because what calls it can't send again: times become ISO 8601 (UTC where they have no zone, as
    MongoDB means it), floats the shortest decimal that is equal, and what JSON has not (NaN, object ids, endless
    nesting) its text, which is read, or quarantined, as any other text. A value whose own text cannot be had leaves the
    name of its type.
    """
    return {_text_of(key): _adopted(value, MOST_DEPTH - 1) for key, value in document.items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise refusal(RejectionReason.DUPLICATE_KEY, inside("", key))
        found[key] = value
    return found


def _integer(written: str) -> int | _Literal:
    return int(written) if len(written) <= MOST_DIGITS else _Literal(written)


def _decimal(written: str) -> Decimal | _Literal:
    if len(written) > MOST_DIGITS + 10:
        return _Literal(written)
    try:
        number = Decimal(written)
    except InvalidOperation:  # an exponent beyond any machine's
        return _Literal(written)
    return number if _fits(number) else _Literal(written)


def _fits(number: Decimal) -> bool:
    return len(number.as_tuple().digits) <= MOST_DIGITS and abs(number.adjusted()) <= MOST_EXPONENT


def _check(value: object, path: str, depth: int) -> None:
    match value:
        case _Constant():
            raise refusal(RejectionReason.NOT_FINITE, path, value)
        case _Literal():
            raise refusal(RejectionReason.NUMBER_TOO_LONG, path, value)
        case str():
            _check_text(value, path)
        case dict() | list() if depth == 0:
            raise _too_deep(path)
        case dict():
            for key, item in value.items():
                _check_text(key, inside(path, key))
                _check(item, inside(path, key), depth - 1)
        case list():
            for index, item in enumerate(value):
                _check(item, inside(path, index), depth - 1)


def _check_text(text: str, path: str) -> None:
    if NO_CHARACTER.search(text):
        raise refusal(RejectionReason.BAD_TEXT, path, text)


def _too_deep(path: str) -> SignalError:
    return refusal(RejectionReason.TOO_DEEP, path, message=f"nested deeper than {MOST_DEPTH} levels")


def _adopted(value: object, depth: int) -> Any:
    match value:
        case None | bool():
            return value
        case int() | Decimal():
            exact = Decimal(value)
            # By way of Decimal, because Python refuses to write an int of more than 4300 digits.
            return str(exact) if not _is_number(exact) else int(value) if isinstance(value, int) else exact
        case float():
            written = float.__repr__(value)
            exact = Decimal(written)
            return exact if _is_number(exact) else written
        case datetime():
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        case date():
            return value.isoformat()
        case Mapping() if depth > 0:
            return {_text_of(key): _adopted(item, depth - 1) for key, item in value.items()}
        case list() | tuple() if depth > 0:
            return [_adopted(item, depth - 1) for item in value]
        case Mapping() | list() | tuple():
            return "(nested too deeply)"
        case _:
            return _text_of(value)


def _is_number(exact: Decimal) -> bool:
    return exact.is_finite() and _fits(exact)


def _text_of(value: object) -> str:
    try:
        text = (
            str.__str__(value) if isinstance(value, str) else f"{value!r}" if isinstance(value, bytes) else str(value)
        )
    except FOREIGN_FAULTS:
        text = f"(a {type(value).__name__} without a text)"
    return _clean(text)


def _clean(text: str) -> str:
    return NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)
