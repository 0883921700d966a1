"""Quantities from a decision's figures alone, by SIZING's formulas written a second time with fractions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from math import floor
from typing import Any


def entry_quantities(recorded: Mapping[str, Any]) -> dict[int, Fraction]:
    """Leg -> quantity of an entry on one account."""
    figures = json.loads(json.dumps(recorded))
    full = {leg["leg"]: _wanted(leg, figures) for leg in figures["legs"]}
    unit_notional = {leg["leg"]: _f(leg["price"]) * _f(leg["multiplier"]) * _f(leg["fx"]) for leg in figures["legs"]}
    bounds = [row for row in figures["limits"] if row.get("bound") is not None]
    part = min((_fits(row, full, unit_notional, figures) for row in bounds), default=Fraction(1))
    blocks = figures["blocks"]
    (account,) = figures["accounts"]
    room = max(_f(account["margin_limit"]) - _f(account["margin_used"]) - _f(account["margin_pending"]), Fraction(0))
    taken = [_units(block, full) * part for block in blocks]
    margin = sum(
        (_f(block["margin_of_unit"][account["account"]]) * units for block, units in zip(blocks, taken, strict=True)),
        Fraction(0),
    )
    part = min(Fraction(1), room / margin) if margin else Fraction(1)
    found: dict[int, Fraction] = {}
    for block, units in zip(blocks, taken, strict=True):
        for index, quantity in block["unit"].items():
            found[int(index)] = floor(units * part) * _f(quantity)
    return found


def exit_quantities(recorded: Mapping[str, Any]) -> dict[tuple[int, str], Fraction]:
    """(Leg, account) -> quantity of an exit."""
    found = {}
    for row in json.loads(json.dumps(recorded))["exits"]:
        free = max(abs(_f(row["ours"])) - _f(row["working_exits"]), Fraction(0))
        most = free
        if row["broker_side"] is not None:
            most = min(free, max(_f(row["broker_side"]) - _f(row["working_exits_of_all"]), Fraction(0)))
        step = _f(row["lot_step"])
        part = min(floor(_f(row["share"]) / step), floor(most / step)) * step
        found[row["leg"], row["account"]] = most if row["ends"] else part
    return found


def _wanted(leg: Mapping[str, Any], figures: Mapping[str, Any]) -> Fraction:
    capital = figures["capital"]
    sizing, price = _f(capital["sizing"]), _f(leg["price"]) * _f(leg["multiplier"]) * _f(leg["fx"])
    for target in figures.get("targets", ()):
        if target["leg"] == leg["leg"]:
            return abs(_f(target["weight"])) * sizing / price - abs(_f(target["held"]))
    mode = figures["sizing"]
    if mode["mode"] == "scale":
        return _f(leg["sender_quantity"]) * sizing / _f(mode["sender_equity"])
    if "sender_notional" in mode:
        return _f(leg["sender_quantity"]) * sizing / _f(mode["sender_notional"])
    return sizing / price


def _fits(
    row: Mapping[str, Any], full: Mapping[int, Fraction], each: Mapping[int, Fraction], figures: Mapping[str, Any]
) -> Fraction:
    keys = {leg["leg"]: leg["instrument"] for leg in figures["legs"]}
    only = row["limit"].partition(":")[2]
    new = sum((full[i] * each[i] for i in full if not only or keys[i] == only), Fraction(0))
    return min(Fraction(1), max(_f(row["bound"]) - _f(row["in_use"]), Fraction(0)) / new)


def _units(block: Mapping[str, Any], full: Mapping[int, Fraction]) -> Fraction:
    index, quantity = next(iter(block["unit"].items()))
    return full[int(index)] / _f(quantity)


def _f(value: str) -> Fraction:
    return Fraction(value)
