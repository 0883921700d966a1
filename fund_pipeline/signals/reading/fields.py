"""A view of one JSON object that knows where it stands, so that every problem names its field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context as Arithmetic
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from fund_pipeline.signals.errors import inside, refusal
from fund_pipeline.signals.reasons import QuarantineReason
from fund_pipeline.signals.texts import refuse_placeholder

EXACT = Arithmetic(prec=200)
"""Arithmetic that rounds none of the numbers a signal can hold."""

BESIDE = ("target_allocation", "percentage_change")
"""Fields of an order that a sender may put beside the order."""

_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?", re.ASCII)
_Choice = TypeVar("_Choice", bound=StrEnum)


class Fields:
    """Values by name; null and the empty text are as good as absent, as all fields of CSV and templates are texts.

    Parameters
    ----------
    raw : the JSON object.
    path : where it stands in the signal; empty for the signal itself.
    names : other names of a field, by the name it is asked for; stated under two names, it must be the same.
    beside : the object this one stands in; percent of capital may be stated there.
    """

    def __init__(
        self,
        raw: Mapping[str, Any],
        path: str,
        names: Mapping[str, tuple[str, ...]] | None = None,
        beside: Fields | None = None,
    ) -> None:
        self.raw = raw
        self.path = path
        self._names = names or {}
        self._beside = beside

    def at(self, name: str) -> str:
        """The path of a field: of the name it is stated under, else of the name it is asked for."""
        if (outer := self._outer(name)) is not None:
            return outer.at(name)
        return inside(self.path, self._stated(name))

    def get(self, name: str) -> Any:
        """The value, or None where it is absent, null or empty."""
        if (outer := self._outer(name)) is not None:
            return outer.get(name)
        value = self.raw.get(self._stated(name))
        return None if isinstance(value, str) and not value.strip() else value

    def text(self, name: str) -> str | None:
        """A text without outer spaces. SignalError: WRONG_TYPE, PLACEHOLDER."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise refusal(QuarantineReason.WRONG_TYPE, self.at(name), value, remedy="send a text")
        refuse_placeholder(value, self.at(name))
        return value.strip()

    def choice(self, name: str, choices: type[_Choice], otherwise: QuarantineReason) -> _Choice | None:
        """A member of an enum, however it is capitalised. SignalError: `otherwise`, WRONG_TYPE, PLACEHOLDER."""
        text = self.text(name)
        if text is None:
            return None
        for member in choices:
            if member.value.casefold() == text.casefold():
                return member
        raise refusal(otherwise, self.at(name), text)

    def number(self, name: str) -> Decimal | None:
        """A number, exactly as written, also from a text. SignalError: WRONG_TYPE, BAD_NUMBER, PLACEHOLDER."""
        value = self.get(name)
        match value:
            case None:
                return None
            case bool():
                raise refusal(QuarantineReason.WRONG_TYPE, self.at(name), value, remedy="send a number")
            case int() | Decimal():
                return Decimal(value)
            case str():
                refuse_placeholder(value, self.at(name))
                if not _NUMBER.fullmatch(value.strip()):
                    raise refusal(QuarantineReason.BAD_NUMBER, self.at(name), value)
                return Decimal(value.strip())
            case _:
                raise refusal(QuarantineReason.WRONG_TYPE, self.at(name), value, remedy="send a number")

    def _outer(self, name: str) -> Fields | None:
        is_outside = name in BESIDE and self._beside is not None and self.raw.get(name) in (None, "")
        return self._beside if is_outside else None

    def _stated(self, name: str) -> str:
        names = self._names.get(name, (name,))
        stated = [one for one in names if self.raw.get(one) not in (None, "")]
        if len(stated) > 1 and any(self.raw[one] != self.raw[stated[0]] for one in stated):
            message = f"{' and '.join(stated)} are the same field and differ"
            raise refusal(QuarantineReason.CONTRADICTION, inside(self.path, stated[1]), self.raw[stated[1]], message)
        return stated[0] if stated else names[0]
