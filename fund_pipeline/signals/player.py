"""Playing a list of signals: what to post when, planned without a network or a clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.signals.digest import PASSPHRASE, json_text
from fund_pipeline.signals.envelope import SENT
from fund_pipeline.signals.errors import SignalError, inside
from fund_pipeline.signals.parse import parse_value

MOST_BYTES = 1024 * 1024
PREVIOUS = "$PREVIOUS"

_ID = "signalID"
_REFERENCE = "entry_signal_id"
_NAME = "entry_name"


@dataclass(frozen=True)
class Step:
    """One signal of a list: its payload as written, and the seconds to wait after it."""

    payload: Mapping[str, Any]
    wait_seconds: Decimal


@dataclass(frozen=True)
class Post:
    """What to post next.

    Attributes
    ----------
    index : its place in the list, from 0.
    payload : with id, time, passphrase and reference filled in.
    wait_seconds : to wait after the answer, before the next.
    """

    index: int
    payload: Mapping[str, Any] = field(repr=False)
    wait_seconds: Decimal

    @property
    def body(self) -> bytes:
        """The payload as JSON, numbers as they were written."""
        return json_text(self.payload).encode()


@dataclass(frozen=True)
class Player:
    """How far a list has been played. Immutable: `post` plans the next one, `answered` is the player after its answer.

    Attributes
    ----------
    steps : the list.
    run_id : names this playing; signals without an id are called `<run_id>-1` and so on, so that playing on after a
        crash with the same run_id resends, and another run_id sends anew.
    passphrase : for signals without one, or with a stand-in such as `<TEST_PASSPHRASE>`.
    answers : the ids that the service answered, in order.
    """

    steps: tuple[Step, ...]
    run_id: str
    passphrase: str = field(repr=False)
    answers: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        """Whether nothing is left to post."""
        return len(self.answers) == len(self.steps)

    def post(self, now: datetime) -> Post:
        """The next signal as of `now` (with zone). ConflictError where none is left."""
        if self.finished:
            raise ConflictError("the list has been played to its end", remedy="play it again with another run id")
        index = len(self.answers)
        step = self.steps[index]
        payload = dict(step.payload)
        if payload.get(_ID) in (None, ""):
            payload[_ID] = f"{self.run_id}-{index + 1}"
        if payload.get(SENT) in (None, ""):
            payload[SENT] = int(now.timestamp())
        if _is_stand_in(payload.get(PASSPHRASE)):
            payload[PASSPHRASE] = self.passphrase
        if (named := _named(self.steps, index)) is not None:
            payload[_REFERENCE] = self.answers[named]
        return Post(index, payload, step.wait_seconds)

    def answered(self, signal_id: str) -> Player:
        """The player once the service answered this id for what `post` planned. ConflictError where none was left."""
        if self.finished:
            raise ConflictError("the list has been played to its end", remedy="play it again with another run id")
        return replace(self, answers=(*self.answers, signal_id))


def read_playlist(text: bytes) -> tuple[Step, ...]:
    """The steps of a list of signals. InputError names the item, and a reference that nothing before it opened."""
    try:
        items = parse_value(text, most_bytes=MOST_BYTES)
    except SignalError as wrong:
        raise InputError(f"no list of signals: {wrong.problem.describe()}", remedy="correct the file") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InputError("a list of signals is a JSON list of objects", remedy="put the signals between [ and ]")
    steps = tuple(Step(item, _wait(item.get("wait"), inside("", index))) for index, item in enumerate(items))
    for index in range(len(steps)):
        _named(steps, index)
    return steps


def _named(steps: tuple[Step, ...], index: int) -> int | None:
    """The step that a reference names: the one before, or the last that has the name. None without a `$`."""
    reference = steps[index].payload.get(_REFERENCE)
    if not isinstance(reference, str) or not reference.startswith("$"):
        return None
    if reference == PREVIOUS and index > 0:
        return index - 1
    before = [i for i in range(index) if steps[i].payload.get(_NAME) == reference]
    if not before:
        message = f"{inside(inside('', index), _REFERENCE)}: nothing before it is called {reference}"
        raise InputError(message, remedy=f"give the entry {_NAME} {reference!r}, before the signal that names it")
    return before[-1]


def _wait(value: object, path: str) -> Decimal:
    match value:
        case None:
            return Decimal(0)
        case bool():
            pass
        case int() | Decimal() if value >= 0:
            return Decimal(value)
    raise InputError(f"{inside(path, 'wait')}: seconds to wait are a number from 0", remedy="correct the number")


def _is_stand_in(passphrase: object) -> bool:
    if passphrase in (None, ""):
        return True
    return isinstance(passphrase, str) and passphrase.startswith("<") and passphrase.endswith(">")
