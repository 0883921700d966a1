"""The shocks and weights of `fund simulate stress`, as given on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from fund_pipeline.cerebro.model import Floats

_REMEDY = "write NAME:STRATEGY=-0.1,STRATEGY=0.05"


def shocks_of(given: Sequence[str], strategies: Sequence[str]) -> dict[str, dict[str, float]]:
    """`NAME:A=-0.1,B=0.05` for each shock: one day's decimal return by strategy. InputError names what is wrong."""
    found: dict[str, dict[str, float]] = {}
    for text in given:
        name, colon, moves = text.partition(":")
        name = name.strip()
        if not colon or not name or not moves.strip():
            raise InputError(f"--shock {text!r} gives no name and no moves", remedy=_REMEDY)
        if name in found:
            raise InputError(f"--shock {name} is given twice", remedy="give each shock a name of its own")
        found[name] = {}
        for move in moves.split(","):
            strategy, equals, value = (part.strip() for part in move.rpartition("="))
            if not equals or not strategy:
                raise InputError(f"--shock {text!r}: {move!r} is no move of a strategy", remedy=_REMEDY)
            if strategy in found[name]:
                raise InputError(f"--shock {text!r} moves {strategy} twice", remedy="give each strategy one move")
            if strategy not in strategies:
                raise InputError(
                    f"--shock {text!r} moves {strategy}, not among the strategies",
                    remedy=f"choose from {', '.join(strategies)}",
                )
            found[name][strategy] = _decimal(text, value)
    return found


def weights_of(path: Path, strategies: tuple[str, ...]) -> Floats:
    """(N,) weights from a CSV of strategy and weight; others 0. InputError also for a strategy that is none of these.

    A weight that is left out of a stress makes it look milder, so no row is passed over.
    """
    from fund_pipeline.backtests.wide import read_figures

    return read_figures(path, strategies, "weight", default=0.0)


def _decimal(text: str, value: str) -> float:
    try:
        move = float(value)
    except ValueError:
        raise InputError(f"--shock {text!r}: {value!r} is no number", remedy=_REMEDY) from None
    if not -1.0 <= move < float("inf"):
        raise InputError(f"--shock {text!r}: {value} is no return", remedy="give a fraction of -1 or more, as -0.1")
    return move
