"""Codes that say in words what they mean, for enums of reasons: a program reads the code, a person the words."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Code(StrEnum):
    """A member that is its code, which is the first of what it is written with; `__init__` takes the rest."""

    def __new__(cls, code: str, *_words: object) -> Self:
        """The member of a code."""
        member = str.__new__(cls, code)
        member._value_ = code
        return member


class Reason(Code):
    """A reason for something that was not done, or not quite as asked.

    Attributes
    ----------
    meaning : what was found.
    remedy : what a person should do next, where nothing more exact is said; "-" where nothing is to be done.
    """

    meaning: str
    remedy: str

    def __init__(self, _code: str, meaning: str, remedy: str) -> None:
        self.meaning, self.remedy = meaning, remedy
