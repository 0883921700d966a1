"""Named market crises, so that a strategy too young to have met one says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Crisis:
    """A stretch of market stress, first and last day included."""

    name: str
    first: date
    last: date


CRISES = (
    Crisis("2008 financial crisis", date(2008, 9, 1), date(2009, 3, 31)),
    Crisis("2011 euro debt crisis", date(2011, 7, 22), date(2011, 10, 4)),
    Crisis("2015-16 China and oil", date(2015, 8, 10), date(2016, 2, 11)),
    Crisis("2018 fourth quarter", date(2018, 10, 1), date(2018, 12, 24)),
    Crisis("2020 Covid crash", date(2020, 2, 19), date(2020, 3, 23)),
    Crisis("2022 rate shock", date(2022, 1, 3), date(2022, 10, 12)),
)
"""Oldest first, each from the market's peak (2008: the acute phase) to its trough."""


def hidden_crises(first_date: date, last_date: date | None = None) -> tuple[str, ...]:
    """Names of the crises that a history does not contain whole, oldest first.

    Parameters
    ----------
    first_date : first day with a return; a history that begins inside a crisis hides it, for it missed the fall so far.
    last_date : last day with a return; None means it still runs.
    """
    return tuple(
        crisis.name
        for crisis in CRISES
        if first_date > crisis.first or (last_date is not None and last_date < crisis.last)
    )
