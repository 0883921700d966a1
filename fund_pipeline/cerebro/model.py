"""Values that Cerebro's functions share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TRADING_DAYS = 252
"""Trading days in a year, by which daily figures are annualised."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ReturnsMatrix:
    """Daily returns of N strategies over S trading days, aligned by date.

    Attributes
    ----------
    dates : datetime64[D], shape (S,), strictly increasing.
    strategies : N strategy ids, in column order.
    values : float64, shape (S, N); decimal daily returns, NaN where a strategy has none that day, never zero-filled.
    """

    dates: NDArray[np.datetime64]
    strategies: tuple[str, ...]
    values: Floats

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.dates), len(self.strategies)):
            raise ValueError(
                f"values have shape {self.values.shape}, expected {(len(self.dates), len(self.strategies))}"
            )

    def select(self, strategies: tuple[str, ...]) -> ReturnsMatrix:
        """The same days with only these strategies, in this order. KeyError names an unknown one."""
        column = {name: i for i, name in enumerate(self.strategies)}
        return ReturnsMatrix(self.dates, strategies, self.values[:, [column[name] for name in strategies]])

    def common_window(self) -> ReturnsMatrix:
        """Only the days on which every strategy has a return."""
        full = np.isfinite(self.values).all(axis=1)
        return ReturnsMatrix(self.dates[full], self.strategies, self.values[full])
