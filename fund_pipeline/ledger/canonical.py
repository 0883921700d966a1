"""One text per value, the same before it is stored and after it was read, on SQLite and PostgreSQL.

Both databases keep JSON by meaning, not by letter: PostgreSQL sorts keys and writes 1e22 as an integer. What is hashed
must survive that, so keys are sorted here and a number is its digits and exponent, whatever its type was.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any

from fund_pipeline.errors import InputError

NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
"""What PostgreSQL's JSON refuses: NUL, and half of a pair that is one character in UTF-16."""


def canonical(value: Any) -> str:
    """The one text of a JSON value. Equal values, and only those, have equal texts; 1 and 1.0 are equal.

    InputError for what JSON, or PostgreSQL's, cannot hold: NaN, infinities, NUL characters, halves of a character.
    """
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return _text(value)
        case int():
            return _number(str(value))
        case float():
            if not math.isfinite(value):
                raise InputError(f"{value} cannot be kept in the audit log", remedy="give a finite number, or null")
            return _number(repr(value))
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise TypeError("the keys of a JSON object are texts")
            return "{" + ",".join(f"{_text(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"
        case list() | tuple():
            return "[" + ",".join(map(canonical, value)) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} is no JSON value")


def _text(value: str) -> str:
    if NO_CHARACTER.search(value):
        raise InputError("a text for the audit log holds a character that is none", remedy="leave it out")
    return encode_basestring_ascii(value)


def _number(written: str) -> str:
    sign, digits, exponent = Decimal(written).as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    kept = text.rstrip("0")
    return f"{'-' if sign else ''}{kept}e{int(exponent) + len(text) - len(kept)}" if kept else "0"
