"""From a folder of files to the ledger and the store: what was admitted, what stays as it was, what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from fund_pipeline.backtests.batch import Progress, Refused, Unchanged, stream_batch
from fund_pipeline.backtests.model import Backtest, Finding, Unit
from fund_pipeline.backtests.quarantine import Quarantine
from fund_pipeline.backtests.scan import SourceFile, scan_files, scan_folder
from fund_pipeline.backtests.sessions import count_missing, trading_sessions
from fund_pipeline.backtests.store import BacktestStore
from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.backtests import list_summaries, put_summaries
from fund_pipeline.ledger.model import BacktestSummary
from fund_pipeline.ledger.strategies import list_strategies


@dataclass(frozen=True)
class Desk:
    """Where backtests are admitted: the ledger, the store of clean series, and the quarantine."""

    ledger: Ledger
    store: BacktestStore
    quarantine: Quarantine


@dataclass(frozen=True)
class Rules:
    """What a reading depends on beyond the file: the unit a person states, the default calendar, and today's date."""

    unit: Unit | None
    default_calendar: str
    today: date


@dataclass(frozen=True)
class Admission:
    """The outcome for a set of files. `unchanged` are strategies whose file is the one admitted before."""

    admitted: tuple[BacktestSummary, ...]
    unchanged: tuple[SourceFile, ...]
    quarantined: tuple[Refused, ...]


def admit_folder(
    desk: Desk, folder: Path, rules: Rules, act: Act, *, only: str | None = None, progress: Progress | None = None
) -> Admission:
    """Read every file of a folder, or `only` the one of a strategy; one bad file never stops the others.

    Raises InputError when the folder is missing or has no file, NotFoundError when it has none for `only`.
    """
    files = scan_folder(folder)
    if only is not None:
        files = tuple(file for file in files if file.strategy_id == only)
        if not files:
            raise NotFoundError(
                f"{folder} has no file for strategy {only!r}", remedy=f"put {only}.csv or {only}.xlsx there"
            )
    outcome = _admit(desk, files, rules, act, again=only is not None, progress=progress)
    # What a folder holds is the newest its strategies sent, so even a refused file takes the place of older ones.
    _supersede(desk.quarantine, {file.strategy_id for file in files}, outcome)
    return outcome


def retry_quarantined(desk: Desk, hashes: Sequence[str], rules: Rules, act: Act) -> Admission:
    """Read files kept in quarantine again, all of them when no hash is given, and release those that are now right.

    A file that is right releases its strategy's other entries too. One that is refused again leaves them as they are:
    they may be newer, and were not judged.
    """
    entries = [desk.quarantine.get(one) for one in hashes] if hashes else desk.quarantine.list()
    if hashes and (lost := [entry.content_hash for entry in entries if not entry.path.exists()]):
        raise ConflictError(f"no copy of {', '.join(lost)} could be kept", remedy="have the file sent again")
    # Read together, so that two files for one strategy still contest it.
    files = scan_files(entry.path for entry in entries if entry.path.exists())
    outcome = _admit(desk, files, rules, act)
    _supersede(
        desk.quarantine,
        {*(s.strategy_id for s in outcome.admitted), *(file.strategy_id for file in outcome.unchanged)},
        outcome,
    )
    return outcome


def _admit(
    desk: Desk,
    files: Sequence[SourceFile],
    rules: Rules,
    act: Act,
    *,
    again: bool = False,
    progress: Progress | None = None,
) -> Admission:
    stored = desk.store.content_hashes()
    # Known is what ledger and store agree on: after a crash between the two, a file is read again.
    known = {
        s.strategy_id: s.content_hash
        for s in list_summaries(desk.ledger)
        if stored.get(s.strategy_id) == s.content_hash
    }
    if again or rules.unit is not None:
        known = {}  # a person asked for it, or states a unit that may differ from the one decided before
    outcomes = stream_batch(
        files,
        registered=frozenset(s.strategy_id for s in list_strategies(desk.ledger)),
        known_hashes=known,
        unit=rules.unit,
        default_calendar=rules.default_calendar,
        today=rules.today,
        progress=progress,
    )
    admitted: list[BacktestSummary] = []
    unchanged: list[SourceFile] = []
    refused: list[Refused] = []
    with desk.store.writing() as series:
        for outcome in outcomes:
            match outcome:
                case Backtest():
                    series.add(outcome)
                    admitted.append(summarise(outcome, rules.today, act))
                case Refused():
                    desk.quarantine.keep(outcome)
                    refused.append(outcome)
                case Unchanged(file):
                    unchanged.append(file)
    put_summaries(desk.ledger, admitted, act)
    return Admission(tuple(admitted), tuple(unchanged), tuple(refused))


def _supersede(quarantine: Quarantine, strategies: set[str], outcome: Admission) -> None:
    """Release what these strategies were refused for before, save what was refused just now."""
    still_refused = {one.file.content_hash for one in outcome.quarantined}
    for entry in quarantine.list():
        if entry.strategy_id in strategies and entry.content_hash not in still_refused:
            quarantine.release(entry.content_hash)


def summarise(backtest: Backtest, today: date, act: Act) -> BacktestSummary:
    """What the ledger keeps of an admitted backtest."""
    return BacktestSummary(
        strategy_id=backtest.strategy_id,
        content_hash=backtest.content_hash,
        source_file=backtest.source_file,
        unit=backtest.unit.unit.value,
        unit_evidence=f"{backtest.unit.source.value}: {backtest.unit.evidence}",
        calendar=backtest.calendar,
        first_date=backtest.dates[0].item(),
        last_date=backtest.dates[-1].item(),
        days=len(backtest),
        missing_sessions=count_missing(backtest.dates, trading_sessions(backtest.calendar, today.year)),
        stated={"start_capital": backtest.start_capital, "margin_per_unit": backtest.margin_per_unit},
        warnings=tuple(finding_as_dict(finding) for finding in backtest.findings),
        ingested_at=act.at,
    )


def finding_as_dict(finding: Finding) -> dict[str, Any]:
    """A finding as plain values: code, message, remedy, file, row, column, value."""
    return asdict(finding) | {"code": finding.code.value, "severity": finding.severity.value}
