"""Which header holds what: names in any order, case and spacing, with the usual synonyms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fund_pipeline.backtests.model import Column, Finding, FindingCode, Refusal

USUAL = ("Date", "Daily_Return_Pct", "Account_Equity", "Daily_PnL", "Max_Margin_Used", "Max_Notional_Value")
"""The header strategy developers are asked for. ``Pct`` in it says nothing about the unit: some send decimals."""

_SYNONYMS: dict[Column, tuple[str, ...]] = {
    Column.DATE: ("date", "day", "tradedate", "tradingdate", "tradingday", "businessdate", "asof", "asofdate"),
    Column.RETURN: (
        *("dailyreturnpct", "dailyreturn", "dailyreturns", "return", "returns", "returnpct", "pctreturn", "ret"),
        *("dailyret", "dailypctreturn", "dailyreturnpercent", "returnpercent", "dailyreturndecimal", "netreturn"),
    ),
    Column.EQUITY: ("accountequity", "equity", "nav", "accountvalue", "endingequity", "closingequity"),
    Column.PNL: ("dailypnl", "pnl", "dailypl", "pl", "profitloss", "dailyprofitloss", "netpnl", "dailyprofit"),
    Column.MARGIN: ("maxmarginused", "marginused", "margin", "maxmargin"),
    Column.NOTIONAL: ("maxnotionalvalue", "maxnotional", "notionalvalue", "notional"),
}
_MEANING = {name: column for column, names in _SYNONYMS.items() for name in names}


@dataclass(frozen=True)
class Layout:
    """Where each column stands in a file.

    Attributes
    ----------
    at : position (from 0) of each column that is present; DATE and RETURN always are.
    names : its header as printed.
    ignored : headers that mean nothing to us, as printed.
    width : number of fields in the header.
    """

    at: Mapping[Column, int]
    names: Mapping[Column, str]
    ignored: tuple[str, ...]
    width: int


def recognised(header: Sequence[str]) -> int:
    """How many fields of a would-be header have a usual name."""
    return sum(_key(name) in _MEANING for name in header)


def layout(header: Sequence[str], stated: Mapping[Column, str], row: int) -> Layout:
    """Find every column in a header.

    ``stated`` are the manifest's names and win over the usual ones; ``row`` is the header's line, for messages.
    Refusal: MISSING_COLUMN where date, return or a stated name is absent, DUPLICATE_COLUMN where two headers mean
    the same.
    """
    keys = [_key(name) for name in header]
    found: dict[Column, list[int]] = {}
    for column, name in stated.items():
        exact = [i for i, text in enumerate(header) if text.strip() == name.strip()]
        matches = exact or [i for i, key in enumerate(keys) if key == _key(name)]
        if not matches:
            raise Refusal(_missing(column, header, row, name))
        found[column] = matches
    taken = {i for matches in found.values() for i in matches}
    for i, key in enumerate(keys):
        meaning = _MEANING.get(key)
        if meaning is not None and meaning not in stated and i not in taken:
            found.setdefault(meaning, []).append(i)
    for column, matches in found.items():
        if len(matches) > 1:
            raise Refusal(_duplicate(column, [header[i] for i in matches], row))
    for column in (Column.DATE, Column.RETURN):
        if column not in found:
            raise Refusal(_missing(column, header, row, None))
    at = {column: matches[0] for column, matches in found.items()}
    ignored = tuple(name.strip() for i, name in enumerate(header) if name.strip() and i not in at.values())
    return Layout(at, {column: header[i].strip() for column, i in at.items()}, ignored, len(header))


def _key(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _missing(column: Column, header: Sequence[str], row: int, stated: str | None) -> Finding:
    wanted = f"the manifest's {column} column {stated!r}" if stated is not None else f"a {column} column"
    return Finding(
        FindingCode.MISSING_COLUMN,
        f"the header lacks {wanted}; it has: {', '.join(name.strip() for name in header)[:300]}",
        f"name the column in the first row, or write its header in the manifest (columns: {{{column}: <header>}})",
        row=row,
        column=stated or str(column),
    )


def _duplicate(column: Column, names: Sequence[str], row: int) -> Finding:
    listed = " and ".join(repr(name.strip()) for name in names)
    return Finding(
        FindingCode.DUPLICATE_COLUMN,
        f"{listed} both mean {column}",
        f"keep one, or say which in the manifest (columns: {{{column}: <header>}})",
        row=row,
        column=names[1].strip(),
    )
