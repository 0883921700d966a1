"""Pictures of simulations as PNG files: colours that the colour-blind tell apart, and a description inside the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fund_pipeline.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Picture = Annotated[Path | None, typer.Option("--picture", metavar="FILE.png", help="Draw it into this file, too.")]

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#555555"
"""After M. Okabe and K. Ito, "Color universal design" (2008). Lines also differ by dash, and points by shape."""

_DOTS_PER_INCH = 110


def check_picture(path: Path | None) -> None:
    """InputError for a file that could not be written, before the work rather than after it."""
    if path is None:
        return
    if path.suffix.lower() != ".png":
        raise InputError(f"--picture is {path}, which is no PNG", remedy="give a name that ends with .png")
    if not path.absolute().parent.is_dir():
        raise InputError(f"--picture is {path}, in a folder that does not exist", remedy="make the folder first")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def label(axes: Axes, title: str, across: str, up: str) -> None:
    """Say what the axes show."""
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(alpha=0.3)


def save(figure: Figure, path: Path, title: str, description: str) -> None:
    """Write the figure, with what a screen reader may say of it. InputError if the file cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    try:
        figure.savefig(path, format="png", dpi=_DOTS_PER_INCH, metadata={"Title": title, "Description": description})
    except OSError as refused:
        raise InputError(
            f"--picture {path} cannot be written: {refused.strerror}", remedy="give a file that can be written"
        ) from None
