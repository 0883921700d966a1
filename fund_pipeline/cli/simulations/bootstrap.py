"""`fund simulate bootstrap`: how much the optimum owes to the days it was found on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fund_pipeline.cli.context import Json, print_json, start
from fund_pipeline.cli.problems import Asked, problem_options, read_problem
from fund_pipeline.cli.simulations.pictures import Picture, check_picture
from fund_pipeline.cli.tables import console, percent, table

if TYPE_CHECKING:
    from fund_pipeline.cerebro.model import Floats
    from fund_pipeline.cerebro.simulation import Band, Bootstrap

_DRAWN = 40
_FIGURES = {
    "expected_return_annual": "return a year, in the sample",
    "out_of_bag_return_annual": "return a year, on days not drawn",
    "cvar": "CVaR, in the sample",
    "out_of_bag_cvar": "CVaR, on days not drawn",
    "optimism": "CVaR more than the sample's",
}


@problem_options
def bootstrap(
    asked: Asked,
    samples: Annotated[int, typer.Option(min=1, help="Histories to draw.")] = 200,
    block: Annotated[int, typer.Option(min=1, help="Consecutive days drawn at a time.")] = 21,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same answer.")] = 1,
    objective: Annotated[str, typer.Option(help="As for `fund optimize`, but for mean-variance.")] = "max-return",
    picture: Picture = None,
    as_json: Json = False,
) -> None:
    """Resample the days in blocks, optimise each history, and see how far apart the answers are.

    JSON: status, objective, samples, block, seed, optimal (samples with an optimum), measured (those also measured on
    the days not drawn), strategies{} of optimum, low, median, high (weights: the answer on all days, and the 5 %, 50 %
    and 95 % quantiles over the samples); expected_return_annual, cvar, out_of_bag_return_annual, out_of_bag_cvar and
    optimism, each of low, median, high, or null; notes, finding. Decimals; CVaR for one day.

    Exit code 0: bands; 3: the limits contradict each other, and which; 2: wrong input.
    """
    from fund_pipeline.cerebro.allocation.asking import optimise
    from fund_pipeline.cerebro.expected import Means
    from fund_pipeline.cerebro.simulation import bootstrap as resample
    from fund_pipeline.cli.simulations.progress import waiting
    from fund_pipeline.cli.simulations.telling import estimated, found_or_exit, question_of, show_finding, show_notes

    start()
    check_picture(picture)
    estimated(asked, "bootstrap")
    question, limit = question_of(objective)
    posed = read_problem(asked, limit)
    solution = optimise(posed.problem, question)
    notes = [*posed.notes, *solution.notes]
    optimum = found_or_exit(solution, notes, as_json=as_json)
    with waiting("bootstrap", quiet=as_json) as tell:
        drawn = resample(
            posed.problem,
            samples=samples,
            block=block,
            seed=seed,
            means=Means(asked.means),
            choose=lambda session, sample: optimise(sample, question, session),
            progress=tell,
        )
    finding = _finding(drawn, posed.problem.constraints.cvar_limit)
    if picture is not None:
        _draw(drawn, optimum.weights, finding, picture)
    if as_json:
        asked_for = {"objective": objective, "samples": samples, "block": block, "seed": seed}
        print_json(
            {"status": "OPTIMAL", **asked_for, **_values(drawn, optimum.weights), "notes": notes, "finding": finding}
        )
        return
    show_notes(notes)
    _show(drawn, optimum.weights)
    show_finding(finding)


def _bands(drawn: Bootstrap, optimum: Floats) -> dict[str, dict[str, float]]:
    weights = (optimum, drawn.weights.low, drawn.weights.median, drawn.weights.high)
    columns = zip(*(one.tolist() for one in weights), strict=True)
    keys = ("optimum", "low", "median", "high")
    return {name: dict(zip(keys, row, strict=True)) for name, row in zip(drawn.strategies, columns, strict=True)}


def _values(drawn: Bootstrap, optimum: Floats) -> dict[str, Any]:
    bands: dict[str, Band | None] = {name: getattr(drawn, name) for name in _FIGURES}
    return {
        "optimal": drawn.optimal,
        "measured": drawn.measured,
        "strategies": _bands(drawn, optimum),
        **{name: None if band is None else asdict(band) for name, band in bands.items()},
    }


def _show(drawn: Bootstrap, optimum: Floats) -> None:
    shown = table(f"Weights over {drawn.optimal} samples", "strategy", "on all days", "5 %", "median", "95 %")
    for name, band in _bands(drawn, optimum).items():
        shown.add_row(name, *(percent(weight) for weight in band.values()))
    terminal = console()
    terminal.print(shown)
    figures = table(f"Figures over {drawn.measured} samples", "figure", "5 %", "median", "95 %")
    for name, words in _FIGURES.items():
        figure: Band | None = getattr(drawn, name)
        levels = (None, None, None) if figure is None else (figure.low, figure.median, figure.high)
        figures.add_row(words, *(percent(level, 3) for level in levels))
    terminal.print(figures)


def _finding(drawn: Bootstrap, limit: float | None) -> list[str]:
    told = []
    if drawn.out_of_bag_cvar is not None and drawn.optimism is not None:
        against = "" if limit is None else f", against a limit of {percent(limit)}"
        told.append(
            f"On days it has not seen the CVaR of the optimum is {percent(drawn.out_of_bag_cvar.median)} in the middle "
            f"({percent(drawn.out_of_bag_cvar.low)} to {percent(drawn.out_of_bag_cvar.high)}){against}: "
            f"{percent(drawn.optimism.median)} more than on those it was found on."
        )
    else:
        told.append("No sample left enough days undrawn to measure it on.")
    always = [name for name, low in zip(drawn.strategies, drawn.weights.low, strict=True) if low > 0.0]
    told.append(
        f"Held in at least 95 % of samples: {', '.join(always)}."
        if always
        else "No strategy is held in as many as 95 % of the samples."
    )
    if drawn.optimal < drawn.samples:
        told.append(f"In {drawn.samples - drawn.optimal} of {drawn.samples} samples nothing met the limits.")
    return told


def _draw(drawn: Bootstrap, optimum: Floats, finding: list[str], path: Path) -> None:
    import numpy as np

    from fund_pipeline.cli.simulations.pictures import BLUE, ORANGE, label, new_figure, save

    bands = drawn.weights
    kept = np.flatnonzero((bands.high > 0.0) | (optimum > 0.0))
    kept = kept[np.argsort(bands.median[kept] + bands.high[kept], kind="stable")][-_DRAWN:]
    places = np.arange(kept.size)
    figure = new_figure(8, 1.8 + 0.3 * max(kept.size, 3))
    axes = figure.add_subplot()
    axes.hlines(
        places, 100 * bands.low[kept], 100 * bands.high[kept], color=BLUE, linewidth=5, alpha=0.5, label="5–95 %"
    )
    axes.plot(100 * bands.median[kept], places, "|", color=BLUE, markersize=14, label="median")
    axes.plot(100 * optimum[kept], places, "D", color=ORANGE, label="on all days")
    axes.set_yticks(places, [drawn.strategies[i] for i in kept])
    label(axes, f"Weights of the optimum over {drawn.optimal} samples", "weight, % of equity", "")
    figure.legend(loc="outside lower center", ncols=3)
    save(figure, path, "Bands of the optimum's weights", " ".join(finding))
