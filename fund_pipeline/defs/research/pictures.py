"""Pictures for asset metadata, as Markdown that the Dagster UI shows inline."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fund_pipeline.cerebro.model import Floats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELLED = 30
"""Most strategies whose names and figures still fit into a heatmap."""


def heatmap(matrix: Floats, names: Sequence[str], title: str) -> str:
    """A correlation matrix (N, N), values in [-1, 1], as a coloured grid. Returns Markdown with an inline PNG."""
    figure = _figure(8, 7)
    axes = figure.add_subplot()
    image = axes.imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
    figure.colorbar(image, ax=axes, shrink=0.8, label="correlation")
    axes.set_title(title)
    if len(names) <= LABELLED:
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axes.set_yticks(range(len(names)), names)
        for row, column in np.ndindex(*matrix.shape):
            ink = "white" if abs(matrix[row, column]) > 0.6 else "black"
            axes.text(column, row, f"{matrix[row, column]:.2f}", ha="center", va="center", color=ink, fontsize=8)
    return _markdown(figure, title)


def frontier(
    cvars: Sequence[float],
    returns: Sequence[float],
    recommended: tuple[float, float],
    current: tuple[float, float] | None,
    limit: float,
    title: str,
) -> str:
    """The efficient frontier: one-day CVaR against annual return (decimals), with the recommended and current point."""
    figure = _figure(8, 5)
    axes = figure.add_subplot()
    axes.plot([100 * x for x in cvars], [100 * y for y in returns], marker=".", label="efficient frontier")
    axes.axvline(100 * limit, linestyle="--", color="grey", label=f"CVaR limit {100 * limit:.2f} %")
    axes.plot(100 * recommended[0], 100 * recommended[1], "o", markersize=10, color="tab:green", label="recommended")
    if current is not None:
        axes.plot(100 * current[0], 100 * current[1], "s", markersize=9, color="tab:orange", label="current")
    axes.set_xlabel("one-day CVaR, % of fund equity")
    axes.set_ylabel("expected return a year, %")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend()
    return _markdown(figure, title)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _markdown(figure: Figure, title: str) -> str:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=90)
    return f"![{title}](data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()})"
