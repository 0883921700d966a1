"""What is measured of a row, what was promised of it, and how both are told."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

AGREEMENT = 1e-6
"""Greatest relative difference of optima that are the same."""


@dataclass(frozen=True)
class Promise:
    """A number held before the reader: what is promised at least (or at most), what is aimed at, and its unit."""

    least: float
    aim: float | None
    unit: str
    fewer_is_better: bool = False

    def __str__(self) -> str:
        bound = "at most" if self.fewer_is_better else "at least"
        aim = "" if self.aim is None else f", aim {_figure(self.aim)}{self.unit}"
        return f"{bound} {_figure(self.least)}{self.unit}{aim}"

    def verdict(self, reached: float) -> str:
        """Whether it was kept."""
        if self.aim is not None and self._kept(reached, self.aim):
            return "aim reached"
        return "reached" if self._kept(reached, self.least) else "NOT REACHED"

    def _kept(self, reached: float, bound: float) -> bool:
        return reached <= bound if self.fewer_is_better else reached >= bound


@dataclass(frozen=True)
class Peer:
    """A library's answer: seconds, relative difference of its optimum from ours, real solves if its time is scaled."""

    name: str
    seconds: float
    difference: float
    scaled_from: int | None = None


@dataclass(frozen=True)
class Measurement:
    """One row.

    Attributes
    ----------
    row : what `--rows` calls it.
    problem : the same for a reader.
    held : strategies held, or their range.
    seconds : ours; None where something else is measured.
    peers : the libraries, on the same problem in the same run.
    reached, promise : the number promised, or None where nothing was.
    cells : days × strategies of a single solve that belongs into the plot.
    real : whether the returns are of real prices.
    """

    row: str
    problem: str
    held: str
    seconds: float | None
    peers: tuple[Peer, ...] = ()
    reached: float | None = None
    promise: Promise | None = None
    cells: int | None = None
    real: bool = False

    def __str__(self) -> str:
        parts = [f"{self.problem}, {self.held} held" if self.held else self.problem]
        if self.seconds is not None:
            parts.append(f"ours {self.duration}")
        parts += [f"{peer.name} {self.beside(peer)}" for peer in self.peers]
        if self.peers:
            parts.append(f"differences {', '.join(f'{peer.difference:.0e}' for peer in self.peers)}")
        if self.reached is not None and self.promise is not None:
            parts.append(f"{self.attained} ({self.promise}): {self.promise.verdict(self.reached)}")
        return " | ".join(parts)

    @property
    def duration(self) -> str:
        """Our time for a reader; empty where something else is measured."""
        return "" if self.seconds is None else duration(self.seconds)

    @property
    def attained(self) -> str:
        """What was reached of the promise, with its unit; empty where nothing was promised."""
        return "" if self.reached is None or self.promise is None else f"{_figure(self.reached)}{self.promise.unit}"

    def beside(self, peer: Peer) -> str:
        """A peer's time, how many of ours that is, and after a † from how many real solves it was scaled, if it was."""
        scaled = "" if peer.scaled_from is None else f" †{peer.scaled_from}"
        times = "" if self.seconds is None else f" ({_figure(peer.seconds / self.seconds)}×)"
        return duration(peer.seconds) + times + scaled


def timed(call: Callable[[], float], runs: int, patience: float = float("inf")) -> tuple[float, float]:
    """Median seconds and the last value; fewer runs, but one, once they took `patience` seconds together."""
    seconds: list[float] = []
    value = 0.0
    while len(seconds) < runs and (not seconds or sum(seconds) < patience):
        start = time.perf_counter()
        value = call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), value


def difference(ours: float, other: float) -> float:
    """Relative to the other, or to a basis point of a basis point where that is more."""
    return abs(ours - other) / max(abs(other), 1e-6)


def check(ours: float, other: float, what: str) -> float:
    """The difference. AssertionError, telling what was asked, where it is more than 1e-6."""
    found = difference(ours, other)
    assert found <= AGREEMENT, f"{what}: {ours} and {other} differ by {found:.1e}"
    return found


def duration(seconds: float) -> str:
    """Seconds for a reader: three figures, in milliseconds below one second."""
    return f"{_figure(seconds * 1e3)} ms" if seconds < 1.0 else f"{_figure(seconds)} s"


def span(held: list[int]) -> str:
    return f"{min(held)} to {max(held)}"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 100.0 else f"{value:.3g}"
