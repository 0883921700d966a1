"""Striking days that follow each other: a pure fold over their closes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fund_pipeline.accounts.nav.register import Close, FeeTerms, Register, Struck, Wish
from fund_pipeline.accounts.nav.striking import strike
from fund_pipeline.collector import collector_paused

TermsOn = Callable[[date], Mapping[str, FeeTerms]]
"""The terms of every client on a day."""


@dataclass(frozen=True)
class Folded:
    """What a fold came to: a NAV for each day that could be struck, and why the others could not, in words."""

    struck: tuple[Struck, ...]
    left_out: dict[date, str]


CloseOf = Callable[[date], Close | str]


def fold(
    register: Register, days: Iterable[date], close_of: CloseOf, wishes: Sequence[Wish], terms_on: TermsOn
) -> Folded:
    """Strike each day in order. A day without equity, or on which nobody holds a unit, is left out; what is asked for
    that day is dealt at the next NAV.

    `wishes` are in the order in which they are dealt; each waits for its day.
    """
    with collector_paused():
        return _fold(register, days, close_of, wishes, terms_on)


def _fold(
    register: Register, days: Iterable[date], close_of: CloseOf, wishes: Sequence[Wish], terms_on: TermsOn
) -> Folded:
    struck: list[Struck] = []
    left_out: dict[date, str] = {}
    waiting = list(wishes)
    for day in days:
        close = close_of(day)
        if isinstance(close, str):
            left_out[day] = close
            continue
        due = [one for one in waiting if one.day <= day] if waiting else []
        done = strike(register, close, due, terms_on(day))
        if done is None:
            left_out[day] = "nobody holds a unit: no subscription is there and paid for"
            continue
        if done.dealt:
            dealt = {one.request_id for one in done.dealt}
            waiting = [one for one in waiting if one.request_id not in dealt]
        register = done.register
        struck.append(done)
    return Folded(tuple(struck), left_out)
