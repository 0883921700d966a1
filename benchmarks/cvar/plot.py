"""Seconds of one solve against the size of its matrix, on logarithmic axes."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.cvar.measure import Measurement
from benchmarks.cvar.peers import HIGHS, PYPORTFOLIOOPT, SKFOLIO

OURS = "ours"
COLOURS = {PYPORTFOLIOOPT: "#b2182b", SKFOLIO: "#ef8a62", HIGHS: "#67a9cf", OURS: "#1b7837"}


def draw(rows: tuple[Measurement, ...], path: Path) -> None:
    """Write the plot as PNG: a line over generated returns, a cross for returns of rules on real prices."""
    with plt.rc_context({"backend": "Agg"}):
        figure, axes = plt.subplots(figsize=(7.2, 4.6), dpi=130)
        single = [row for row in rows if row.cells is not None]
        for name, colour in COLOURS.items():
            _contender(axes, name, colour, single)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("days × strategies")
        axes.set_ylabel("seconds of one solve (median, one thread)")
        axes.set_title("Most return within half of the greatest CVaR; × real prices", fontsize=10)
        axes.grid(visible=True, which="major", alpha=0.3)
        axes.legend(frameon=False)
        figure.tight_layout()
        figure.savefig(path, metadata={"Software": None})
        plt.close(figure)


def _contender(axes: Axes, name: str, colour: str, rows: list[Measurement]) -> None:
    points = [(row.cells or 0, seconds, row.real) for row in rows if (seconds := _seconds(row, name)) is not None]
    generated = sorted((cells, seconds) for cells, seconds, real in points if not real)
    axes.plot([c for c, _ in generated], [s for _, s in generated], marker="o", color=colour, label=name)
    axes.plot([c for c, _, r in points if r], [s for _, s, r in points if r], "x", color=colour, markersize=8)


def _seconds(row: Measurement, name: str) -> float | None:
    if name == OURS:
        return row.seconds
    return next((peer.seconds for peer in row.peers if peer.name == name), None)
