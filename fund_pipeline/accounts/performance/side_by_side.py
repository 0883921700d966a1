"""Both returns of a period, together: by time, which judges the manager, and by money, which the investor had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fund_pipeline.accounts.performance.days import ValueSeries
from fund_pipeline.accounts.performance.figures import Figure, NotDefined, as_json, percent
from fund_pipeline.accounts.performance.money_weighted import money_weighted
from fund_pipeline.accounts.performance.time_weighted import (
    Basis,
    DailyReturn,
    annualised,
    link,
    time_weighted,
)

TWR_LABEL = "time-weighted (TWR)"
MWR_LABEL = "money-weighted (MWR)"


@dataclass(frozen=True)
class Returns:
    """The returns of one period, from the start of `first` to the end of `last`. Neither is ever shown alone.

    Attributes
    ----------
    basis : whether fees count as a cost.
    twr, mwr : of the whole period, decimals, not annualised.
    profit : in the currency of the values: what is there at the end and went out, less what was there and came in.
    """

    first: date
    last: date
    basis: Basis
    twr: Figure
    mwr: Figure
    profit: Decimal

    @property
    def days(self) -> int:
        """Calendar days."""
        return (self.last - self.first).days + 1

    @property
    def annual(self) -> tuple[Figure, Figure]:
        """(TWR, MWR) a year; TOO_SHORT for a year or less."""
        return annualised(self.twr, self.days), annualised(self.mwr, self.days)

    def __str__(self) -> str:
        """Both, labelled; a year's rate too beyond a year."""
        twr, mwr = percent(self.twr), percent(self.mwr)
        by_time, by_money = self.annual
        if by_time is not NotDefined.TOO_SHORT or by_money is not NotDefined.TOO_SHORT:
            twr, mwr = f"{twr} ({percent(by_time)} a year)", f"{mwr} ({percent(by_money)} a year)"
        return f"{TWR_LABEL} {twr}; {MWR_LABEL} {mwr}; {self.basis.lower()} of fees"

    def as_json(self) -> dict[str, object]:
        """As plain values: decimals as text, null with a reason where a figure is not defined."""
        by_time, by_money = self.annual
        figures = {"twr": self.twr, "mwr": self.mwr, "twr_annual": by_time, "mwr_annual": by_money}
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "days": self.days,
            "basis": self.basis.value,
            **{name: as_json(figure) for name, figure in figures.items()},
            "not_defined": {name: one.value for name, one in figures.items() if isinstance(one, NotDefined)},
            "profit": format(self.profit, "f"),
        }


def returns_of(series: ValueSeries, basis: Basis = Basis.NET, daily: tuple[DailyReturn, ...] | None = None) -> Returns:
    """Both returns of a series that has days. `daily` are its daily returns, where the caller has them."""
    return Returns(
        first=series.first,
        last=series.last,
        basis=basis,
        twr=time_weighted(series, basis) if daily is None else link(one.value for one in daily),
        mwr=money_weighted(series, basis),
        profit=profit_of(series, basis),
    )


def profit_of(series: ValueSeries, basis: Basis = Basis.NET) -> Decimal:
    """What the period earned in money."""
    gained, gross = series.closing - series.opening, basis is Basis.GROSS
    for _, _, inflow, outflow, fee in series.days:
        if inflow or outflow:
            gained += outflow - inflow
        if gross and fee:
            gained += fee
    return gained
