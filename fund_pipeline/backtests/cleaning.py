"""Rows of text → a series of dates and numbers, every doubtful cell named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from fund_pipeline.backtests.cells import Mark, decimal_mark, parse_number
from fund_pipeline.backtests.columns import Layout, layout
from fund_pipeline.backtests.days import read_days
from fund_pipeline.backtests.manifest import Manifest
from fund_pipeline.backtests.model import Column, Days, Finding, FindingCode, Flags, Floats, Lines, Refusal
from fund_pipeline.backtests.reading import RawTable
from fund_pipeline.backtests.series import Series

EARLIEST = np.datetime64("1900-01-01", "D")
"""A date before this is a typing error, not a history."""
LEAST_ROWS = 2
_MONEY = frozenset({Column.EQUITY, Column.PNL, Column.MARGIN, Column.NOTIONAL})
_ISO_REMEDY = "write dates as 2024-01-31, or state date_format in the manifest (for example %d/%m/%Y)"


def clean(table: RawTable, manifest: Manifest) -> Series:
    """Interpret every cell that matters and sort the rows oldest first.

    Refusal carries all findings about cells at once (the first cell of each kind, and how many there are), so that a
    sender corrects a file in one go.
    """
    plan = layout(table.header, manifest.columns, table.header_row)
    if len(table.rows) < LEAST_ROWS:
        raise Refusal(too_few_rows(len(table.rows), table.lines[0]))
    _check_width(table, plan)
    cells = {column: [_cell(row, at) for row in table.rows] for column, at in plan.at.items()}
    lines = np.asarray(table.lines, dtype=np.int64)
    mark = manifest.decimal_mark or _find_mark(cells, plan, lines)
    days, problems = _dates(cells[Column.DATE], plan, lines, manifest.date_format)
    values: dict[Column, Floats] = {}
    signs: Flags | None = None
    warnings: list[Finding] = []
    for column in plan.at:
        if column is Column.DATE or (column in _MONEY and not any(cell.strip() for cell in cells[column])):
            continue
        numbers, percents, found = _numbers(cells[column], column, plan, lines, mark)
        problems += [finding for finding in found if finding.is_error]
        warnings += [finding for finding in found if not finding.is_error]
        values[column] = numbers
        if column is Column.RETURN and percents.any():
            signs = percents
    if problems:
        raise Refusal(*problems)
    order, unordered = _order(days, lines, plan)
    return Series(
        dates=days[order],
        rows=lines[order],
        values={column: numbers[order] for column, numbers in values.items()},
        names={column: name for column, name in plan.names.items() if column is Column.DATE or column in values},
        percent_signs=None if signs is None else signs[order],
        texts={column: [cells[column][i] for i in order] for column in values},
        findings=(*unordered, *warnings, *ignored_columns(plan)),
    )


def too_few_rows(count: int, row: int) -> Finding:
    """The finding about a file that is too short to say anything."""
    message = f"the file has {count} daily row; a series needs at least {LEAST_ROWS}"
    return Finding(FindingCode.TOO_FEW_ROWS, message, "send the whole history", row=row)


def ignored_columns(plan: Layout) -> tuple[Finding, ...]:
    """A warning about headers that mean nothing to us: a misspelt one would lose its evidence unseen."""
    if not plan.ignored:
        return ()
    message = f"columns not read: {', '.join(plan.ignored)}"
    remedy = "if one of them is equity, PnL, margin or notional, name it in the manifest (columns: ...)"
    return (Finding(FindingCode.IGNORED_COLUMNS, message, remedy, column=plan.ignored[0]),)


def _cell(row: Sequence[str], at: int) -> str:
    return row[at].strip() if at < len(row) else ""


def _check_width(table: RawTable, plan: Layout) -> None:
    wide = [i for i, row in enumerate(table.rows) if any(cell.strip() for cell in row[plan.width :])]
    if wide:
        i = wide[0]
        raise Refusal(
            Finding(
                FindingCode.BAD_ROW,
                f"the row has {len(table.rows[i])} fields, the header {plan.width}{_others(len(wide))}",
                "put quotes round numbers that hold the delimiter, such as thousands separators",
                row=table.lines[i],
                value=",".join(table.rows[i])[:80],
            )
        )


def _others(count: int) -> str:
    return f" (and so in {count} rows)" if count > 1 else ""


def _find_mark(cells: dict[Column, list[str]], plan: Layout, lines: Lines) -> Mark:
    numeric = [column for column in cells if column is not Column.DATE]
    mark = decimal_mark([(cells[column], column in _MONEY) for column in numeric])
    if mark is not None:
        return mark
    column = next(column for column in numeric if any("," in text for text in cells[column]))
    i = next(i for i, text in enumerate(cells[column]) if "," in text)
    raise Refusal(
        Finding(
            FindingCode.AMBIGUOUS_NUMBERS,
            "the comma may mark thousands or decimals, and no number in the file tells which",
            "state decimal_mark: '.' or decimal_mark: ',' in the manifest",
            row=int(lines[i]),
            column=plan.names[column],
            value=cells[column][i],
        )
    )


def _numbers(
    cells: Sequence[str], column: Column, plan: Layout, lines: Lines, mark: Mark
) -> tuple[Floats, Flags, list[Finding]]:
    money = column in _MONEY
    parsed = [parse_number(text, mark, money=money) for text in cells]
    numbers = np.array([np.nan if number is None else number.value for number in parsed], dtype=np.float64)
    percents = np.array([number is not None and number.percent for number in parsed], dtype=np.bool_)
    name = plan.names[column]
    blank = [i for i, text in enumerate(cells) if not text]
    wrong = [i for i, number in enumerate(parsed) if cells[i] and (number is None or not np.isfinite(number.value))]
    findings = []
    if wrong:
        i = wrong[0]
        message = f"is not a number{_others(len(wrong))}"
        remedy = "write the number, with a point before the decimals and no words"
        findings.append(Finding(FindingCode.NOT_A_NUMBER, message, remedy, "", int(lines[i]), name, cells[i]))
    if blank and money:
        message = f"{len(blank)} blank cells in {name}; those days are checked without it"
        findings.append(
            Finding(FindingCode.MISSING_VALUES, message, "fill them in", "", int(lines[blank[0]]), name, "")
        )
    elif blank:
        i = blank[0]
        message = f"the return is missing{_others(len(blank))}; a missing return is never taken as zero"
        remedy = "write the day's return (0 where there was none), or leave the day out"
        findings.append(Finding(FindingCode.NOT_A_NUMBER, message, remedy, "", int(lines[i]), name, ""))
    return numbers, percents, findings


def _dates(cells: Sequence[str], plan: Layout, lines: Lines, pattern: str | None) -> tuple[Days, list[Finding]]:
    name = plan.names[Column.DATE]
    present = [i for i, text in enumerate(cells) if text]
    blank = [i for i, text in enumerate(cells) if not text]
    reading = read_days([cells[i] for i in present], pattern)
    wrong = [i for i, day in zip(present, reading.days, strict=True) if day is None]
    findings = []
    if blank:
        message = f"the date is missing{_others(len(blank))}"
        remedy = "write the row's date, or take the row out"
        findings.append(Finding(FindingCode.MISSING_DATE, message, remedy, "", int(lines[blank[0]]), name, ""))
    if wrong:
        i = wrong[0]
        message = f"is not a date{f' of the form {pattern}' if pattern else ''}{_others(len(wrong))}"
        findings.append(Finding(FindingCode.BAD_DATE, message, _ISO_REMEDY, "", int(lines[i]), name, cells[i]))
    if reading.ambiguous:
        i = present[reading.position]
        message = (
            f"may be {reading.days[reading.position]} or {reading.other}: every date reads both ways, "
            "and the order of the rows does not tell which is meant"
        )
        remedy = "state date_format in the manifest (%d/%m/%Y or %m/%d/%Y), or write dates as 2024-01-31"
        findings.append(Finding(FindingCode.AMBIGUOUS_DATES, message, remedy, "", int(lines[i]), name, cells[i]))
    days = np.array([] if findings else reading.days, dtype="datetime64[D]")
    return days, findings


def _order(days: Days, lines: Lines, plan: Layout) -> tuple[Lines, tuple[Finding, ...]]:
    """Positions oldest first. Strictly falling dates are a plain reversal; any other disorder is warned about."""
    steps = np.diff(days.astype(np.int64))
    if (steps > 0).all():
        return np.arange(len(days)), ()
    if (steps < 0).all():
        return np.arange(len(days))[::-1], ()
    order = np.argsort(days, kind="stable")
    name = plan.names[Column.DATE]
    same = np.flatnonzero(np.diff(days[order].astype(np.int64)) == 0)
    if len(same):
        pairs = sorted((int(lines[order[i + 1]]), int(lines[order[i]])) for i in same)
        later, earlier = pairs[0]
        day = str(days[np.flatnonzero(lines == later)[0]])
        message = f"{day} stands in row {earlier} too{_others(len(same))}"
        remedy = "keep one row per day"
        raise Refusal(Finding(FindingCode.DUPLICATE_DATE, message, remedy, "", later, name, day))
    rising = (steps > 0).sum() >= (steps < 0).sum()
    i = int(np.flatnonzero(steps < 0 if rising else steps > 0)[0]) + 1
    message = f"the rows are not in date order (first at {days[i]}); they were sorted"
    finding = Finding(FindingCode.UNORDERED_DATES, message, "send rows in date order", "", int(lines[i]), name)
    return order, (finding,)


def check_plausible(series: Series) -> tuple[Finding, ...]:
    """BAD_DATE before EARLIEST, which is a typing error; NEGATIVE_VALUE for margin or notional below 0."""
    findings = []
    old = np.flatnonzero(series.dates < EARLIEST)
    if len(old):
        first = int(old[np.argmin(series.rows[old])])
        message = f"lies before {EARLIEST}{_others(len(old))}"
        findings.append(series.at(FindingCode.BAD_DATE, first, Column.DATE, message, "correct the year"))
    for column in (Column.MARGIN, Column.NOTIONAL):
        values = series.get(column)
        below = np.flatnonzero(values < 0) if values is not None else np.array([], dtype=np.int64)
        if len(below):
            first = int(below[np.argmin(series.rows[below])])
            message = f"is below 0{_others(len(below))}; what was used has no sign"
            findings.append(series.at(FindingCode.NEGATIVE_VALUE, first, column, message, "send the amount used"))
    return tuple(findings)


def check_future(series: Series, today: date) -> tuple[Finding, ...]:
    """FUTURE_DATE where a day lies after ``today`` (the first such row, and how many)."""
    later = np.flatnonzero(series.dates > np.datetime64(today, "D"))
    if not len(later):
        return ()
    first = int(later[np.argmin(series.rows[later])])
    message = f"lies after today, {today}{_others(len(later))}"
    remedy = "correct the date, or state date_format in the manifest if days and months are swapped"
    return (series.at(FindingCode.FUTURE_DATE, first, Column.DATE, message, remedy),)
