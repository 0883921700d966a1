"""Performance as people, programs and pictures show it: never one return without the other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from fund_pipeline.cli.simulations.pictures import BLUE, ORANGE, label, new_figure, save
from fund_pipeline.cli.tables import console, headed, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fund_pipeline.accounts.performance import Attribution, Figure, Returns
    from fund_pipeline.accounts.reporting import Report


def told(report: Report) -> dict[str, object]:
    """As plain values."""
    from fund_pipeline.accounts.performance import as_json

    bases = {"gross": report.gross, "net": report.net}
    risk = {name: as_json(getattr(report.risk, name)) for name in ("volatility", "sharpe", "sortino", "max_drawdown")}
    dates = {name: getattr(report.risk, name) for name in ("drawdown_peak", "drawdown_trough", "recovered", "days")}
    return {
        "fund": report.fund_id,
        "mode": report.mode.value,
        "client": report.client_id,
        "currency": report.currency,
        "value": report.series.closing,
        **{
            basis: {
                "month_on_month": [one.as_json() for one in found.month_on_month],
                "year_on_year": [one.as_json() for one in found.year_on_year],
                "since_inception": found.since_inception.as_json(),
            }
            for basis, found in bases.items()
        },
        "risk_net": risk | dates,
    }


def tell_report(report: Report) -> None:
    """Tables for a terminal."""
    whose = f"fund {report.fund_id}" if report.client_id is None else f"client {report.client_id} of {report.fund_id}"
    columns = ("TWR net", "MWR net", "TWR gross", "MWR gross", f"profit net, {report.currency}")
    shown = table(f"Performance of {whose}, {report.mode.value}", "period", "from<", "to<", *columns)
    whole = [(report.net.since_inception, report.gross.since_inception)]
    rows = [
        *(("month", *both) for both in zip(report.net.month_on_month, report.gross.month_on_month, strict=True)),
        *(("12 months", *both) for both in zip(report.net.year_on_year, report.gross.year_on_year, strict=True)),
        *(("inception", *both) for both in whole),
    ]
    for name, net, gross in rows:
        returns = (_short(one) for one in (net.twr, net.mwr, gross.twr, gross.mwr))
        shown.add_row(name, str(net.first), str(net.last), *returns, f"{net.profit:,.2f}")
    console().print(shown)
    console().print(headed("Since inception: ", f"{report.net.since_inception}"))
    console().print(headed("", f"{report.gross.since_inception}"))
    risk = report.risk
    words = ", ".join(f"{name} {_ratio(one)}" for name, one in (("Sharpe", risk.sharpe), ("Sortino", risk.sortino)))
    fall = f"greatest drawdown {_short(risk.max_drawdown)}"
    if risk.drawdown_trough is not None:
        since = f"from {risk.drawdown_peak or 'the start'} to {risk.drawdown_trough}"
        fall += f" {since}, {'made good on ' + str(risk.recovered) if risk.recovered else 'not made good yet'}"
    console().print(headed("Risk, net: ", f"volatility {_short(risk.volatility)} a year, {words}; {fall}"))


def tell_attribution(one: Attribution) -> None:
    """What earned it."""
    from fund_pipeline.accounts.performance import NotDefined

    by = one.by.value.lower().replace("_", " ")
    shown = table(f"Profit by {by}", by, "profit", "of capital")
    for part in one.parts:
        share = part.contribution
        shown.add_row(part.name, f"{part.profit:,.2f}", "–" if isinstance(share, NotDefined) else _short(share))
    shown.add_row("total", f"{one.total:,.2f}", "", style="bold")
    console().print(shown)


def draw(report: Report, path: Path) -> None:
    """The growth of 100 by time, net, above the months of both returns."""
    from fund_pipeline.accounts.performance import NotDefined, daily_returns

    days, index, value = [], [], 100.0
    for one in daily_returns(report.series):
        if isinstance(one.value, NotDefined):
            break
        value *= 1.0 + float(one.value)
        days.append(one.day)
        index.append(value)
    figure = new_figure(9, 6)
    above, below = figure.subplots(2, 1)
    above.plot(days, index, color=BLUE)
    whose = report.client_id or report.fund_id
    label(above, f"Growth of 100, {whose}, net of fees, time-weighted (TWR)", "", "100 at the start")
    _bars(below, report.net.month_on_month)
    label(below, "Months, net of fees", "", "%")
    below.legend()
    figure.autofmt_xdate()
    both = report.net.since_inception
    save(figure, path, f"Performance of {whose}", f"{both.first} to {both.last}: {both}")


def _bars(axes: Axes, months: Iterable[Returns]) -> None:
    from fund_pipeline.accounts.performance import MWR_LABEL, TWR_LABEL, NotDefined

    found = list(months)
    for shift, name, colour, hatch in ((-0.2, "twr", BLUE, ""), (0.2, "mwr", ORANGE, "//")):
        figures = [getattr(one, name) for one in found]
        shown = [(place, one) for place, one in enumerate(figures) if not isinstance(one, NotDefined)]
        axes.bar(
            [place + shift for place, _ in shown],
            [100 * float(one) for _, one in shown],
            0.4,
            color=colour,
            hatch=hatch,
            label=TWR_LABEL if name == "twr" else MWR_LABEL,
        )
    axes.set_xticks(range(len(found)), [f"{one.last:%Y-%m}" for one in found])


def _short(figure: Figure) -> str:
    from fund_pipeline.accounts.performance import NotDefined, percent

    return "not defined" if isinstance(figure, NotDefined) else percent(figure)


def _ratio(figure: Figure) -> str:
    from fund_pipeline.accounts.performance import NotDefined

    return f"not defined ({figure.meaning})" if isinstance(figure, NotDefined) else f"{figure:.2f}"
