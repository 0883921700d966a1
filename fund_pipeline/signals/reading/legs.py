"""All legs of a payload, in the sender's order."""

from __future__ import annotations

from typing import Any

from fund_pipeline.signals.context import Reading
from fund_pipeline.signals.errors import inside, refusal
from fund_pipeline.signals.model import Leg
from fund_pipeline.signals.reading.combinations import read_combination
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reading.single_leg import fields_of, note_account, read_leg
from fund_pipeline.signals.reasons import QuarantineReason


def read_list(value: Any, path: str, reading: Reading, beside: Fields) -> tuple[Leg, ...]:
    """The legs of a list of objects; none of none. `beside` is what the list stands in.

    SignalError: WRONG_TYPE for anything but a list, CONTRADICTION for one percentage beside several legs.
    """
    if value is None:
        return ()
    if not isinstance(value, list):
        raise refusal(QuarantineReason.WRONG_TYPE, path, value, remedy="send a list of legs")
    if len(value) > 1 and beside.get("target_allocation") is not None:
        message = "it stands beside several legs"
        where = beside.at("target_allocation")
        raise refusal(QuarantineReason.CONTRADICTION, where, message=message, remedy="state it in each leg")
    legs: list[Leg] = []
    for index, item in enumerate(value):
        legs += read_legs(fields_of(item, inside(path, index), beside), reading, first=len(legs))
    return tuple(legs)


def read_legs(fields: Fields, reading: Reading, *, first: int = 0) -> tuple[Leg, ...]:
    """The leg that an object describes, or the legs of an option combination, which is numbered `first`."""
    note_account(fields, reading)
    if fields.get("legs") not in (None, []):
        return read_combination(fields, reading, first)
    return (read_leg(fields, reading),)
