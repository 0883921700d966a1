"""A fund against a benchmark as people, programs and pictures show it: which effect in which segment made the
difference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fund_pipeline.cli.simulations.pictures import BLUE, GREEN, ORANGE, label, new_figure, save
from fund_pipeline.cli.tables import PlainTable, console, headed, table

if TYPE_CHECKING:
    from decimal import Decimal

    from fund_pipeline.accounts.benchmark_attribution import AttributedPeriod, BenchmarkAttribution
    from fund_pipeline.accounts.performance import Brinson, Segment, SegmentEffects

EFFECTS = ("allocation", "selection", "interaction")
WEIGHTS = (
    "the fund's: average capital at work, at cost, by that of all; without trades and flows, the weight at the start"
)
RETURNS = "the fund's: profit by average capital at work (Modified Dietz), before performance fees"
REST = "the rest of capital and profit: fees, dividends, interest, currencies, and what the books do not explain"


def told_against(found: BenchmarkAttribution) -> dict[str, object]:
    """As plain values; decimals as text to 12 places."""
    return {
        "method": "Brinson-Fachler, linked by Carino",
        "by": found.by.value,
        "portfolio_weights": WEIGHTS,
        "portfolio_returns": RETURNS,
        "cash": REST,
        "periods": [_period(one) for one in found.periods],
        "linked": _whole(found.linked) | {"segments": [_effects(one) for one in found.linked.segments]},
    }


def tell_against(found: BenchmarkAttribution) -> None:
    """Tables for a terminal: each period, then all of them linked, and what the figures mean."""
    by = found.by.value.lower().replace("_", " ")
    sides = ("fund weight", "benchmark weight", "fund return", "benchmark return")
    shown = table(f"Against the benchmark by {by} (Brinson–Fachler)", "period", "segment<", *sides, *EFFECTS)
    for one in found.periods:
        _add_period(shown, one)
    console().print(shown)
    whole = found.linked
    shown = table("All periods, linked (Cariño)", "segment", *EFFECTS, "total")
    for segment in whole.segments:
        shown.add_row(segment.name, *_three(segment), _percent(segment.total))
    shown.add_row("total", *_three(whole), _percent(whole.difference), style="bold")
    console().print(shown)
    both = f"fund {_percent(whole.portfolio_return)}, benchmark {_percent(whole.benchmark_return)}"
    span = f"{found.periods[0].first} to {found.periods[-1].last}"
    console().print(headed(f"Difference, {span}: ", f"{_percent(whole.difference)}; {both}"))
    for name, words in (("Weight: ", WEIGHTS), ("Return: ", RETURNS), ("CASH: ", REST)):
        console().print(headed(name, words))


def draw_against(found: BenchmarkAttribution, fund_id: str, path: Path) -> None:
    """The linked effects, by segment."""
    figure = new_figure(9, 4.5)
    axes = figure.subplots()
    segments = found.linked.segments
    for shift, name, colour, hatch in zip(
        (-0.27, 0, 0.27), EFFECTS, (BLUE, ORANGE, GREEN), ("", "//", ".."), strict=True
    ):
        heights = [100 * float(getattr(one, name)) for one in segments]
        axes.bar(
            [place + shift for place in range(len(segments))], heights, 0.27, color=colour, hatch=hatch, label=name
        )
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(range(len(segments)), [one.name for one in segments])
    label(axes, f"{fund_id} less its benchmark: {_percent(found.linked.difference)}", "", "%")
    axes.legend()
    span = f"{found.periods[0].first} to {found.periods[-1].last}"
    words = "; ".join(f"{one.name} {_percent(one.total)}" for one in segments)
    save(figure, path, f"{fund_id} against its benchmark, Brinson–Fachler", f"{span}: {words}")


def _period(one: AttributedPeriod) -> dict[str, object]:
    from fund_pipeline.accounts.performance import as_json

    def side(segment: Segment) -> dict[str, object]:
        names = ("portfolio_weight", "benchmark_weight", "portfolio_return", "benchmark_return")
        return {name: as_json(getattr(segment, name)) for name in names}

    segments = [
        _effects(effects) | side(segment) for segment, effects in zip(one.segments, one.effects.segments, strict=True)
    ]
    return {"from": one.first, "to": one.last} | _whole(one.effects) | {"segments": segments}


def _whole(one: Brinson) -> dict[str, object]:
    from fund_pipeline.accounts.performance import as_json

    names = ("portfolio_return", "benchmark_return", "difference", *EFFECTS)
    return {name: as_json(getattr(one, name)) for name in names}


def _effects(one: SegmentEffects) -> dict[str, object]:
    from fund_pipeline.accounts.performance import as_json

    return {"segment": one.name} | {name: as_json(getattr(one, name)) for name in (*EFFECTS, "total")}


def _add_period(shown: PlainTable, period: AttributedPeriod) -> None:
    span = f"{period.first} to {period.last}"
    for one, effects in zip(period.segments, period.effects.segments, strict=True):
        weights = (f"{100 * each:.2f} %" for each in (one.portfolio_weight, one.benchmark_weight))
        returns = (_percent(each) for each in (one.portfolio_return, one.benchmark_return))
        shown.add_row(span, one.name, *weights, *returns, *_three(effects))
        span = ""
    whole = period.effects
    returns = (_percent(each) for each in (whole.portfolio_return, whole.benchmark_return))
    shown.add_row("", "total", "", "", *returns, *_three(whole), style="bold", end_section=True)


def _three(one: Brinson | SegmentEffects) -> tuple[str, ...]:
    return tuple(_percent(getattr(one, name)) for name in EFFECTS)


def _percent(value: Decimal) -> str:
    from fund_pipeline.accounts.performance import percent

    return percent(value)
