"""Printed numbers: currency and percent signs, thousands separators, accounting parentheses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Mark = Literal[".", ","]

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_SPACES = dict.fromkeys(map(ord, " \u00a0\u2007\u2009\u202f\t"), None)
_SIGNS = {ord("\u2212"): "-", ord("\u2013"): "-", ord("\ufe63"): "-", ord("\uff0d"): "-"}
_CURRENCY = re.compile(r"[$€£¥]|USD|EUR|GBP", re.IGNORECASE)
_GROUPED = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:,\d{3})+|(?:['’]\d{3})+|(?:[ ]\d{3})+)(?:\.\d*)?"),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:['’]\d{3})+|(?:[ ]\d{3})+)(?:,\d*)?"),
}
_SEPARATORS = {".": re.compile(r"[,'’ ]"), ",": re.compile(r"[.'’ ]")}


@dataclass(frozen=True)
class Number:
    """One printed number: its value, and whether it carried a percent sign."""

    value: float
    percent: bool = False


def parse_number(text: str, mark: Mark, *, money: bool) -> Number | None:
    """Read a cell, or return None where it is not a number.

    ``mark`` is the decimal mark. ``money`` allows a currency sign; otherwise a percent sign is allowed. Words such as
    nan and inf are not numbers.
    """
    if mark == "." and _PLAIN.fullmatch(text):
        return Number(float(text))
    body = text.strip().translate(_SIGNS)
    negative = body.startswith("(") and body.endswith(")")
    if negative:
        body = body[1:-1].strip()
    percent = False
    if money:
        body = _CURRENCY.sub("", body, count=1).strip()
        if body[:1] in {"+", "-"}:
            body = body[0] + body[1:].strip()
    elif body.endswith("%"):
        percent, body = True, body[:-1].strip()
    if negative and body[:1] in {"+", "-"}:
        return None
    body = re.sub(r"[\u00a0\u2007\u2009\u202f]", " ", body)
    if _GROUPED[mark].fullmatch(body):
        body = _SEPARATORS[mark].sub("", body)
    body = body.replace(",", ".") if mark == "," and "." not in body else body
    if not _PLAIN.fullmatch(body):
        return None
    return Number(-float(body) if negative else float(body), percent)


def decimal_mark(columns: Sequence[tuple[Sequence[str], bool]]) -> Mark | None:
    """The decimal mark under which the most cells are numbers, or None where both marks read all, differently.

    ``columns`` holds cells and whether they are money. A point wins where no cell tells, or where cells are wrong
    under both marks equally often.
    """
    if not any("," in text for cells, _ in columns for text in cells):
        return "."
    failures = {".": 0, ",": 0}
    differ = False
    for cells, money in columns:
        for text in cells:
            if not text.strip():
                continue
            point, comma = parse_number(text, ".", money=money), parse_number(text, ",", money=money)
            failures["."] += point is None
            failures[","] += comma is None
            differ |= point is not None and comma is not None and point != comma
    if failures["."] == failures[","]:
        return None if differ else "."
    return "." if failures["."] < failures[","] else ","
