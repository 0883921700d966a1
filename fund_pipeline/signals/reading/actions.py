"""The side of an order, from `action`; what `direction` says beside it."""

from __future__ import annotations

from dataclasses import dataclass

from fund_pipeline.signals.context import Reading
from fund_pipeline.signals.errors import refusal
from fund_pipeline.signals.model import Direction
from fund_pipeline.signals.notes import NoteCode
from fund_pipeline.signals.options import DirectionMeans
from fund_pipeline.signals.reading.fields import Fields
from fund_pipeline.signals.reasons import QuarantineReason
from fund_pipeline.terms import Side, SignalType


@dataclass(frozen=True)
class Action:
    """What an action says: the side, whether all that is held is meant, and whether it is on a call option."""

    side: Side | None
    closes_all: bool = False
    on_call: bool = False


_ACTIONS = {
    "BUY": Action(Side.BUY),
    "SELL": Action(Side.SELL),
    "BUY_CALL": Action(Side.BUY, on_call=True),
    "SELL_ALL": Action(Side.SELL, closes_all=True),
}
_LEGACY = {
    "BUY_CALL": "read as BUY of a call option",
    "SELL_ALL": "read as SELL of all that is held; it opens nothing",
}


def read_action(fields: Fields, reading: Reading) -> Action:
    """The action. Only exits and cancels may go without one: the position says what closes it.

    SignalError: MISSING_ACTION, UNKNOWN_ACTION, CONTRADICTION (an entry that sells all), WRONG_TYPE, PLACEHOLDER.
    """
    text = fields.text("action")
    path = fields.at("action")
    if text is None:
        if not reading.type.closes:
            raise refusal(QuarantineReason.MISSING_ACTION, path)
        return Action(None)
    action = _ACTIONS.get(text.upper())
    if action is None:
        raise refusal(QuarantineReason.UNKNOWN_ACTION, path, text)
    if legacy := _LEGACY.get(text.upper()):
        reading.note(NoteCode.LEGACY_ACTION, path, f"{text.upper()} {legacy}")
    if action.closes_all and reading.type.opens:
        raise refusal(QuarantineReason.CONTRADICTION, path, text, f"an {reading.type} cannot sell all that is held")
    return action


def read_direction(fields: Fields, reading: Reading, side: Side | None) -> Direction | None:
    """The direction as stated; a note where it is not the one to expect from action and signal type."""
    stated, path = fields.get("direction"), fields.at("direction")
    if stated is None:
        return None
    known = stated.strip().upper() if isinstance(stated, str) else ""
    if known not in Direction.__members__:
        reading.note(NoteCode.DIRECTION_UNKNOWN, path, "neither LONG nor SHORT")
        return None
    direction = Direction[known]
    expected = _expected(reading, side)
    if expected is not None and direction is not expected:
        means = reading.context.options.direction_means
        words = f"{direction} stated; {reading.type} {side} is {expected}, if direction is that of the {means}"
        reading.note(NoteCode.DIRECTION_DIFFERS, path, words)
    return direction


def _expected(reading: Reading, side: Side | None) -> Direction | None:
    means = reading.context.options.direction_means
    if side is None or means is DirectionMeans.UNKNOWN:
        return None
    same = Direction.LONG if side is Side.BUY else Direction.SHORT
    if means in (DirectionMeans.ORDER, DirectionMeans.ACTION) or reading.type.opens:
        return same
    if reading.type is SignalType.UNSPECIFIED:
        return None  # whether it opens or closes the position is not known yet
    return Direction.SHORT if same is Direction.LONG else Direction.LONG
