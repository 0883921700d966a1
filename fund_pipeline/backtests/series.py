"""A parsed file: numbers in date order, the unit of the returns still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from fund_pipeline.backtests.model import Column, Days, Finding, FindingCode, Flags, Floats, Lines

_FINEST = 12
_EXACT = 2.0**53
_SAMPLE = 8


@dataclass(frozen=True, eq=False)
class Series:
    """The columns of one file, n rows in date order.

    Attributes
    ----------
    dates : datetime64[D], shape (n,), strictly increasing.
    rows : int64, shape (n,); line of each row in the file.
    values : float64, shape (n,), for RETURN (as printed, finite) and whichever of EQUITY, PNL, MARGIN, NOTIONAL the
        file has (NaN where blank).
    names : header of every present column as printed.
    percent_signs : bool, shape (n,); whether the printed return carried ``%``. None where no row did.
    texts : cells as printed, in date order, for messages; empty on the fast path, which writes none.
    findings : warnings so far.
    """

    dates: Days
    rows: Lines
    values: Mapping[Column, Floats]
    names: Mapping[Column, str]
    percent_signs: Flags | None = None
    texts: Mapping[Column, Sequence[str]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def returns(self) -> Floats:
        """Returns as printed."""
        return self.values[Column.RETURN]

    def get(self, column: Column) -> Floats | None:
        """A column's numbers, or None where the file lacks it."""
        return self.values.get(column)

    @cached_property
    def _decimals(self) -> dict[Column, int | None]:
        return {}

    def decimals(self, column: Column) -> int | None:
        """Decimals a column was printed with, as ``printed_decimals``; worked out once."""
        if column not in self._decimals:
            self._decimals[column] = printed_decimals(self.values[column])
        return self._decimals[column]

    def printed_unit(self, column: Column) -> float:
        """One unit of a column's last printed decimal: the most by which rounding or cutting off moved a value.

        0 where the numbers were printed in full.
        """
        decimals = self.decimals(column)
        return 0.0 if decimals is None else float(10.0**-decimals)

    def text(self, column: Column, i: int) -> str:
        """A cell as printed."""
        return self.texts[column][i] if column in self.texts else repr(float(self.values[column][i]))

    def at(self, code: FindingCode, i: int, column: Column, message: str, remedy: str) -> Finding:
        """A finding about one cell."""
        value = str(self.dates[i]) if column is Column.DATE else self.text(column, i)
        return Finding(code, message, remedy, row=int(self.rows[i]), column=self.names[column], value=value)


def printed_decimals(values: Floats) -> int | None:
    """Least number of decimals d with every value equal to the nearest double of a d-decimal number.

    Computed from the numbers rather than from their text, so that a file and its differently decorated twin agree.
    NaN is ignored. None where more than 12 decimals, or more than 15 digits, were printed.
    """
    known = values[np.isfinite(values)] if np.isnan(values.sum()) else values
    largest = float(np.abs(known).max(initial=0.0))
    # The shortest text of a few numbers is where to begin: fewer decimals cannot do.
    for decimals in range(max(map(_shortest, known[:_SAMPLE].tolist()), default=0), _FINEST + 1):
        scale = 10.0**decimals
        if largest * scale >= _EXACT:
            return None
        if (np.rint(known * scale) / scale == known).all():
            return decimals
    return None


def printed_decimals_of(rows: Floats) -> list[int | None]:
    """``printed_decimals`` of every row of a table of finite numbers, shape (k, n), most of them in one go."""
    likely = max(map(_shortest, rows[0, :_SAMPLE].tolist()), default=0)
    if likely > _FINEST:
        return [printed_decimals(row) for row in rows]
    scale = 10.0**likely
    small = np.maximum(rows.max(axis=1), -rows.min(axis=1)) < _EXACT / scale
    with np.errstate(over="ignore"):  # only numbers that are not small, and so not sure, overflow
        sure = small & (np.rint(rows * scale) / scale == rows).all(axis=1)
    if likely:
        # The least number of decimals only where one of a few numbers needs them all.
        fewer, some = 10.0 ** (likely - 1), rows[:, :_SAMPLE]
        with np.errstate(over="ignore"):
            sure &= (np.rint(some * fewer) / fewer != some).any(axis=1)
    return [likely if good else printed_decimals(row) for good, row in zip(sure, rows, strict=True)]


def _shortest(value: float) -> int:
    """Decimals of the shortest text that reads as this number."""
    digits, _, exponent = repr(value).partition("e")
    printed = len(digits.partition(".")[2].rstrip("0"))
    return max(0, printed - int(exponent)) if exponent else printed


def shift_decimals(values: Floats, places: int, decimals: int | None) -> Floats:
    """Divide by 10**places as if the point were moved in the text: 0.231144 by two places is exactly 0.00231144.

    Plain division may miss the double nearest to the shifted text by its last bit, and then the percent and the
    decimal rendering of one series would differ. ``decimals`` are those printed; None divides plainly.
    """
    if places == 0:
        return values
    if decimals is None:
        return values / 10.0**places
    shifted: Floats = np.rint(values * 10.0**decimals) / 10.0 ** (decimals + places)
    return shifted
