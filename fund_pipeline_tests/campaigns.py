"""What a campaign of random trials is: too long for every test run, and repeatable from its seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Something that should not have happened, and the seed that shows it again."""

    seed: int
    what: str

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.what}"


@dataclass(frozen=True)
class Outcome:
    """What a campaign found: its faults, and a summary for a person."""

    faults: tuple[Fault, ...]
    summary: str


@dataclass(frozen=True)
class Campaign:
    """Trials that are run from consecutive seeds.

    Attributes
    ----------
    name : what `--only` calls it.
    run : takes the first seed, the number of trials, and what is to be told of each fault as it is found.
    trials, quick_trials : how many, and how many with `--quick`.
    parts : into so many it is cut, to tell how far it is; 1 where trials belong together.
    """

    name: str
    run: Callable[[int, int, Callable[[Fault], None]], Outcome]
    trials: int
    quick_trials: int
    parts: int = 1
