"""Cash flows from a CSV file: all of its rows are recorded, or none, and each one that was refused is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from fund_pipeline.accounts.csv_rows import read_rows
from fund_pipeline.accounts.flow_entry import FIELDS, NewFlow, parse_flow
from fund_pipeline.accounts.flows import record_all
from fund_pipeline.errors import ConflictError, InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.flow_model import CashFlow

NEEDED = ("account", "kind", "amount", "currency", "effective", "reference")


@dataclass(frozen=True)
class RefusedRow:
    """A row that cannot be recorded: its line in the file, as it was given, and what to do about it."""

    line: int
    given: dict[str, str]
    problem: str
    remedy: str


@dataclass(frozen=True)
class Imported:
    """What an import came to: with a refused row nothing is recorded, and `new` is what would have been."""

    new: tuple[CashFlow, ...]
    known: tuple[CashFlow, ...]
    refused: tuple[RefusedRow, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every row is in the ledger, or may be."""
        return not self.refused


def import_flows(ledger: Ledger, path: Path, zone: ZoneInfo, act: Act, *, dry_run: bool = False) -> Imported:
    """Record the flows of a file, audited. Importing it again changes nothing.

    All or nothing: a statement that is half in the books would show its other half as profit or loss. InputError when
    the file cannot be read as a whole; what is wrong with its rows comes back, every one of them.
    """
    asked: list[tuple[int, dict[str, str], NewFlow]] = []
    refused: list[RefusedRow] = []
    for line, given in read_rows(path, NEEDED, FIELDS[len(NEEDED) :]):
        try:
            asked.append((line, given, parse_flow(given, zone)))
        except InputError as wrong:
            refused.append(_refused(line, given, wrong))
    rehearsal = dry_run or bool(refused)
    recorded = record_all(ledger, [one for _, _, one in asked], zone, act, dry_run=rehearsal)
    refused += [_refused(*asked[place][:2], wrong) for place, wrong in recorded.refused]
    return Imported(recorded.new, recorded.known, tuple(sorted(refused, key=lambda one: one.line)))


def _refused(line: int, given: dict[str, str], wrong: InputError | ConflictError) -> RefusedRow:
    return RefusedRow(line, given, wrong.message, wrong.remedy)
