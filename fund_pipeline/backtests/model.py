"""The words of this room: units, findings, and a backtest whose unit is decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]
Lines = NDArray[np.int64]


class Unit(StrEnum):
    """What a printed return of 1 means: one percent, or one hundred percent."""

    PERCENT = "percent"
    DECIMAL = "decimal"

    @property
    def places(self) -> int:
        """Decimal places a printed return shifts by to become a decimal return."""
        return 2 if self is Unit.PERCENT else 0


class UnitSource(StrEnum):
    """What decided the unit, strongest first. The first four are evidence from the file itself."""

    PNL_OVER_EQUITY = "pnl_over_equity"
    EQUITY_RATIO = "equity_ratio"
    PNL_OVER_START_CAPITAL = "pnl_over_start_capital"
    PERCENT_SIGN = "percent_sign"
    MANIFEST = "manifest"
    OVERRIDE = "override"


class Column(StrEnum):
    """What a column of a file holds, whatever its header calls it."""

    DATE = "date"
    RETURN = "return"
    EQUITY = "equity"
    PNL = "pnl"
    MARGIN = "margin"
    NOTIONAL = "notional"


class Severity(StrEnum):
    """ERROR keeps the file out until someone acts; WARNING travels with the admitted series."""

    ERROR = "error"
    WARNING = "warning"


class FindingCode(StrEnum):
    """Every reason a file can be refused for, then every warning."""

    UNREADABLE = "unreadable"
    CHANGED_WHILE_READ = "changed_while_read"
    EMPTY = "empty"
    TOO_FEW_ROWS = "too_few_rows"
    BAD_MANIFEST = "bad_manifest"
    BAD_STRATEGY_ID = "bad_strategy_id"
    UNKNOWN_STRATEGY = "unknown_strategy"
    TWO_FILES = "two_files"
    MISSING_COLUMN = "missing_column"
    DUPLICATE_COLUMN = "duplicate_column"
    BAD_ROW = "bad_row"
    BAD_DATE = "bad_date"
    MISSING_DATE = "missing_date"
    DUPLICATE_DATE = "duplicate_date"
    AMBIGUOUS_DATES = "ambiguous_dates"
    FUTURE_DATE = "future_date"
    NOT_A_NUMBER = "not_a_number"
    AMBIGUOUS_NUMBERS = "ambiguous_numbers"
    NEGATIVE_VALUE = "negative_value"
    RETURN_BELOW_MINUS_100 = "return_below_minus_100"
    UNIT_UNKNOWN = "unit_unknown"
    UNIT_CONTRADICTED = "unit_contradicted"
    MIXED_UNITS = "mixed_units"
    EQUITY_NOT_POSITIVE = "equity_not_positive"
    PNL_CONTRADICTS_RETURN = "pnl_contradicts_return"
    EQUITY_CONTRADICTS_RETURN = "equity_contradicts_return"
    REVERSED_EQUITY = "reversed_equity"

    UNORDERED_DATES = "unordered_dates"
    NON_TRADING_DAYS = "non_trading_days"
    MISSING_SESSIONS = "missing_sessions"
    EQUITY_GAP = "equity_gap"
    SHORT_HISTORY = "short_history"
    MISSING_VALUES = "missing_values"
    IGNORED_COLUMNS = "ignored_columns"
    START_CAPITAL_DIFFERS = "start_capital_differs"

    @property
    def severity(self) -> Severity:
        """Whether a finding of this kind refuses the file."""
        return Severity.WARNING if self in _WARNINGS else Severity.ERROR


_WARNINGS = frozenset(
    {
        FindingCode.UNORDERED_DATES,
        FindingCode.NON_TRADING_DAYS,
        FindingCode.MISSING_SESSIONS,
        FindingCode.EQUITY_GAP,
        FindingCode.SHORT_HISTORY,
        FindingCode.MISSING_VALUES,
        FindingCode.IGNORED_COLUMNS,
        FindingCode.START_CAPITAL_DIFFERS,
    }
)


@dataclass(frozen=True)
class Finding:
    """One thing found in one file: where, what, and what to do about it.

    Attributes
    ----------
    code : the machine-readable reason; its severity follows from it.
    message : what is wrong, with the figures.
    remedy : what the file's sender or the operator should do next, in the imperative.
    file : name of the file (without folder).
    row : line of the file as an editor or spreadsheet numbers it, the first being 1; None where no row applies.
    column : header as the file prints it, or the key of a manifest; None where no column applies.
    value : the text found there, as printed.
    """

    code: FindingCode
    message: str
    remedy: str = ""
    file: str = ""
    row: int | None = None
    column: str | None = None
    value: str | None = None

    @property
    def severity(self) -> Severity:
        """Severity of the code."""
        return self.code.severity

    @property
    def is_error(self) -> bool:
        """Whether this keeps the file out."""
        return self.code.severity is Severity.ERROR

    def within(self, file: str) -> Finding:
        """The same finding, naming its file."""
        return replace(self, file=file)

    def describe(self) -> str:
        """One line for a person: place, value, what is wrong, what to do."""
        place = [self.file] if self.file else []
        place += [f"row {self.row}"] if self.row is not None else []
        place += [f"column {self.column}"] if self.column is not None else []
        place += [f"value {self.value!r}"] if self.value is not None else []
        text = f"{', '.join(place)}: {self.message}" if place else self.message
        return f"{text}. To fix: {self.remedy}" if self.remedy else text


class Refusal(Exception):
    """The sender must act: reading stopped on these findings. Raised and caught inside this room only."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(finding.describe() for finding in findings))
        self.findings = findings


@dataclass(frozen=True)
class UnitDecision:
    """The unit of a file's returns and why.

    Attributes
    ----------
    unit : what the printed returns are in.
    source : what decided it.
    rows : number of rows that could tell one unit from the other; 0 where a person stated it.
    evidence : the same in words, with the figures of the first such row.
    """

    unit: Unit
    source: UnitSource
    rows: int
    evidence: str


@dataclass(frozen=True, eq=False)
class Backtest:
    """A checked daily series in date order, n days long.

    Attributes
    ----------
    strategy_id : id in the registry.
    dates : datetime64[D], shape (n,), strictly increasing; the calendar day of the exchange, no time zone.
    returns : float64, shape (n,); decimal daily returns on start-of-day equity, finite, above -1.
    equity, pnl, margin, notional : float64, shape (n,), in the account's currency, or None where the file has no such
        column. Equity is at the day's end, margin and notional the day's maximum. NaN where a cell is blank.
    unit : the decided unit and its evidence.
    calendar : exchange_calendars name the dates were checked against.
    start_capital, margin_per_unit : from the manifest, in the account's currency, or None.
    source_file : name of the file.
    content_hash : BLAKE2b of file, manifest and strategy id (hex).
    findings : warnings only.
    """

    strategy_id: str
    dates: Days
    returns: Floats
    equity: Floats | None
    pnl: Floats | None
    margin: Floats | None
    notional: Floats | None
    unit: UnitDecision
    calendar: str
    start_capital: float | None
    margin_per_unit: float | None
    source_file: str
    content_hash: str
    findings: tuple[Finding, ...]

    def __len__(self) -> int:
        return len(self.dates)
