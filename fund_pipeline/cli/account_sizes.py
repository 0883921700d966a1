"""The answers of `fund account-size` as plain values, tables, words and a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from fund_pipeline.cerebro.account_size import AccountSize, AccountStatus, Holding, Unit, WholeUnits, best_at
from fund_pipeline.cerebro.allocation import Problem
from fund_pipeline.cli.simulations.pictures import BLUE, GREY, ORANGE, label, new_figure, save
from fund_pipeline.cli.simulations.progress import Tell
from fund_pipeline.cli.simulations.telling import held, show_finding, show_notes
from fund_pipeline.cli.tables import console, percent, table

_POINTS = 24
_SEEN_GAP = 1e-3
"""Relative gap of the curve's points: less than a line is wide."""


def as_values(least: AccountSize, capitals: Sequence[Decimal], fits: Sequence[WholeUnits]) -> dict[str, Any]:
    """Both answers as plain values; see `fund account-size --help` for the keys."""
    return {
        "status": least.status.value,
        "capital": None if least.capital is None else _money(least.capital),
        "delta": least.delta,
        "continuous_return": least.continuous_return,
        "lower_bound": _finite(least.lower_bound),
        "relative_gap": _finite(least.relative_gap),
        "candidates": list(least.candidates),
        "conflicts": list(least.conflicts),
        "parts": least.parts,
        "solver": least.solver,
        "holding": _holding(least.holding, least.strategies),
        "at": [
            {
                "capital": _money(capital),
                "status": fit.status.value,
                "keeps": fit.keeps,
                "upper_bound": _finite(fit.upper_bound),
                "relative_gap": _finite(fit.relative_gap),
                "holding": _holding(fit.holding, fit.strategies),
                "conflicts": list(fit.conflicts),
                "parts": fit.parts,
            }
            for capital, fit in zip(capitals, fits, strict=True)
        ],
    }


def show(
    least: AccountSize,
    capitals: Sequence[Decimal],
    fits: Sequence[WholeUnits],
    notes: Sequence[str],
    finding: Sequence[str],
) -> None:
    """Print the units of each account side by side, what they amount to, and the finding."""
    show_notes(notes)
    terminal = console()
    accounts = [("least", least.holding), *(("", fit.holding) for fit in fits)]
    named = [(f"{_amount(one.capital)} {word}".strip(), one) for word, one in accounts if one is not None]
    if named:
        shown = table("Whole units", "strategy", *(title for title, _ in named))
        for place, name in enumerate(least.strategies):
            counts = [one.units[place] for _, one in named]
            if any(counts):
                shown.add_row(name, *(f"{count:f}" if count else "–" for count in counts))
        shown.add_section()
        figures = (
            ("return kept", [percent(one.return_kept) for _, one in named]),
            ("return a year", [percent(one.expected_return_annual) for _, one in named]),
            ("CVaR", [percent(one.cvar, 3) for _, one in named]),
            ("margin", [percent(one.margin) for _, one in named]),
            ("Σw", [percent(one.leverage) for _, one in named]),
            ("not allocated", [_amount(one.leftover) for _, one in named]),
            ("binds", [", ".join(one.binding) or "–" for _, one in named]),
        )
        for words, cells in figures:
            shown.add_row(words, *cells)
        terminal.print(shown)
    show_finding(finding)


def finding_of(least: AccountSize, capitals: Sequence[Decimal], fits: Sequence[WholeUnits], gap: float) -> list[str]:
    """What they come to, in words; money in the currency of the units."""
    told = [_least_in_words(least, gap)]
    for capital, fit in zip(capitals, fits, strict=True):
        if fit.status is AccountStatus.INFEASIBLE:
            continue
        if fit.holding is None:
            told.append(f"At {_amount(capital)} no whole units meet the limits.")
            continue
        enough = "" if fit.keeps else f", less than the {percent(1.0 - fit.delta, 1)} asked for"
        words = f"At {_amount(capital)} {percent(fit.holding.return_kept)} of the optimum's return is kept{enough}"
        if fit.relative_gap > gap:
            words += f"; there may be up to {percent(fit.relative_gap)} more, for the proof ended early"
        told.append(f"{words}.")
    return told


def draw(
    problem: Problem,
    units: Mapping[str, Unit],
    least: AccountSize,
    capitals: Sequence[Decimal],
    gap: float,
    finding: Sequence[str],
    path: Path,
    tell: Tell,
) -> None:
    """Draw the share of the return that is kept against capital, around the least account, which there must be."""
    import numpy as np

    start = float(least.capital or 1)
    end = max(4.0 * start, *(1.1 * float(capital) for capital in capitals), 0.0)
    grid = [Decimal(round(amount)) for amount in np.geomspace(start / 2.0, end, _POINTS) if round(amount)]
    amounts = sorted({*grid, *capitals, least.capital or Decimal(1)})
    kept = []
    for done, amount in enumerate(amounts, start=1):
        fit = best_at(problem, units, amount, delta=least.delta, gap=max(gap, _SEEN_GAP))
        kept.append(100.0 * fit.holding.return_kept if fit.holding else math.nan)
        tell(done, len(amounts))
    figure = new_figure(8, 5)
    axes = figure.add_subplot()
    axes.semilogx([float(amount) for amount in amounts], kept, marker=".", color=BLUE, label="best whole units")
    floor = 1.0 - least.delta
    axes.axhline(100.0 * floor, linestyle="--", color=GREY, label=f"asked for: {percent(floor, 1)}")
    if least.holding is not None:
        axes.plot(
            start, 100.0 * least.holding.return_kept, "D", color=ORANGE, markersize=9,
            label=f"least account: {_amount(least.holding.capital)}",
        )  # fmt: skip
    axes.xaxis.set_major_formatter(lambda amount, _: f"{amount:,.0f}")
    label(axes, "What whole units keep of the optimum's return", "capital, in the currency of the units", "kept, %")
    axes.legend(loc="lower right")
    save(figure, path, "Account size", " ".join(finding))


def _least_in_words(least: AccountSize, gap: float) -> str:
    match least.status:
        case AccountStatus.INFEASIBLE:
            return f"No weights meet all limits; these contradict each other: {', '.join(least.conflicts)}."
        case AccountStatus.CASH:
            return "Cash is best within these limits, so no capital is needed."
        case AccountStatus.NONE_FOUND:
            return (
                f"No whole units were found that meet the limits and keep {percent(1.0 - least.delta, 1)} of the "
                "optimum's return; allow a greater --delta."
            )
        case AccountStatus.FOUND:
            words = f"The least account is {_amount(least.capital or Decimal(0))}"
            if least.holding is not None:
                words += f", which keeps {percent(least.holding.return_kept)} of the optimum's return"
            if least.relative_gap > gap:
                words += f"; the proof ended early, and says only that it is at least {least.lower_bound:,.2f}"
            return f"{words}."


def _holding(one: Holding | None, strategies: tuple[str, ...]) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "capital": _money(one.capital),
        "units": {name: f"{count:f}" for name, count in zip(strategies, one.units, strict=True) if count},
        "weights": held(strategies, one.weights),
        "leftover": _money(one.leftover),
        "expected_return_annual": one.expected_return_annual,
        "return_kept": one.return_kept,
        "cvar": one.cvar,
        "margin": one.margin,
        "leverage": one.leverage,
        "binding": list(one.binding),
    }


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _amount(amount: Decimal) -> str:
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def _finite(figure: float) -> float | None:
    return figure if math.isfinite(figure) else None
