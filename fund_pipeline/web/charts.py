"""Charts as small SVG, drawn by hand: their colours come from the page, so that they suit light and dark alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from markupsafe import Markup

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 104, 12, 14, 32
LINES = 4
"""Of the grid, that an axis may have."""


@dataclass(frozen=True)
class Axis:
    """Round values from the least to the greatest, and the way from a value to its height in the picture."""

    ticks: tuple[Decimal, ...]

    def y(self, value: Decimal) -> float:
        """The height of a value, in the picture's units from above."""
        low, high = self.ticks[0], self.ticks[-1]
        share = float((value - low) / (high - low))
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 2)


def axis(values: Sequence[Decimal]) -> Axis:
    """An axis whose ticks are 1, 2 or 5 times a power of ten apart, with all values on it."""
    low, high = min(values), max(values)
    span = high - low or abs(high) / 10 or Decimal(1)
    step = _round_step(span / LINES)
    first = (low / step).to_integral_value("ROUND_FLOOR") * step
    ticks = [first]
    while ticks[-1] < high or len(ticks) < 2:
        ticks.append(ticks[-1] + step)
    return Axis(tuple(ticks))


def line_chart(title: str, days: Sequence[date], values: Sequence[Decimal]) -> Markup:
    """A value over days as a line above its area. Without a day it says so."""
    if not days:
        return _empty(title)
    scale = axis(values)
    xs = _places(days)
    points = " ".join(f"{x},{scale.y(value)}" for x, value in zip(xs, values, strict=True))
    floor = HEIGHT - BOTTOM
    area = f'<polygon class="area" points="{xs[0]},{floor} {points} {xs[-1]},{floor}"/>'
    line = f'<polyline class="line" points="{points}"/>'
    last = f'<circle class="dot" cx="{xs[-1]}" cy="{scale.y(values[-1])}" r="3.5"/>'
    return _svg(title, _grid(scale) + area + line + last + _dates(days, xs))


def bar_chart(title: str, days: Sequence[date], values: Sequence[Decimal]) -> Markup:
    """A change on each day as a bar above or below nought. Without a day it says so."""
    if not days:
        return _empty(title)
    scale = axis([*values, Decimal(0)])
    xs, zero = _places(days), scale.y(Decimal(0))
    width = max(1.0, min(18.0, 0.7 * (WIDTH - LEFT - RIGHT) / max(1, len(days))))
    bars = ""
    for x, value in zip(xs, values, strict=True):
        top, height = min(zero, scale.y(value)), round(abs(zero - scale.y(value)), 2)
        kind = "gain" if value >= 0 else "loss"
        bars += f'<rect class="{kind}" x="{round(x - width / 2, 2)}" y="{top}" width="{width:.2f}" height="{height}"/>'
    return _svg(title, _grid(scale) + bars + _dates(days, xs))


def meter(title: str, share: Decimal | None) -> Markup:
    """A fraction as a bar that is full at 1, and says nothing where it is not known."""
    filled = 0.0 if share is None else float(min(max(share, Decimal(0)), Decimal(1))) * 100
    kind = "full" if share is not None and share > 1 else "part"
    return Markup(
        '<svg class="meter" role="img" viewBox="0 0 100 4" preserveAspectRatio="none"><title>{}</title>'
        '<rect class="rail" width="100" height="4" rx="2"/><rect class="{}" width="{}" height="4" rx="2"/></svg>'
    ).format(title, kind, f"{filled:.2f}")


def _svg(title: str, body: str) -> Markup:
    head = Markup('<svg class="chart" role="img" viewBox="0 0 {} {}"><title>{}</title>').format(WIDTH, HEIGHT, title)
    return head + Markup(body) + Markup("</svg>")  # noqa: S704 - figures, dates and our own names only


def _empty(title: str) -> Markup:
    return Markup('<p class="nothing">{}: nothing to draw yet.</p>').format(title)


def _grid(scale: Axis) -> str:
    drawn = ""
    for tick in scale.ticks:
        y = scale.y(tick)
        drawn += f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        drawn += f'<text class="tick" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{_label(tick)}</text>'
    return drawn


def _dates(days: Sequence[date], xs: Sequence[float]) -> str:
    shown = {0: "start", len(days) - 1: "end"} if len(days) > 1 else {0: "middle"}
    return "".join(
        f'<text class="tick" x="{xs[place]}" y="{HEIGHT - 8}" text-anchor="{anchor}">{days[place].isoformat()}</text>'
        for place, anchor in shown.items()
    )


def _places(days: Sequence[date]) -> list[float]:
    span = (days[-1] - days[0]).days
    room = WIDTH - LEFT - RIGHT
    if span == 0:
        return [round(LEFT + room / 2, 2)] * len(days)
    return [round(LEFT + room * (day - days[0]).days / span, 2) for day in days]


def _round_step(least: Decimal) -> Decimal:
    power = Decimal(1).scaleb(least.adjusted())
    return next(power * times for times in (1, 2, 5, 10) if power * times >= least)


def _label(value: Decimal) -> str:
    plain = value.normalize()
    return f"{plain if int(plain.as_tuple().exponent) < 0 else plain.quantize(Decimal(1)):,f}"
