"""Many files in one go: each is admitted, refused or unchanged, and none stops the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from fund_pipeline.backtests.careful import read_one
from fund_pipeline.backtests.fast import DateMemory, judge_plain, parse_chunk
from fund_pipeline.backtests.judging import Terms
from fund_pipeline.backtests.model import Backtest, Finding, FindingCode, Refusal, Unit
from fund_pipeline.backtests.scan import SourceFile, contest
from fund_pipeline.backtests.series import Series
from fund_pipeline.backtests.sessions import is_calendar
from fund_pipeline.errors import InputError

CHUNK_BYTES = 6 * 1024 * 1024
"""Files are parsed together up to about this size: large enough to be fast, small beside the matrix."""
Progress = Callable[[int, int], None]
"""Called with (files done, files in all)."""


@dataclass(frozen=True)
class Refused:
    """A file kept out, and why: every error that could be told apart, first things first."""

    file: SourceFile
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Unchanged:
    """A file whose content is the one already admitted; it was not read again."""

    file: SourceFile


Outcome = Backtest | Refused | Unchanged


@dataclass(frozen=True)
class BatchResult:
    """What became of every file of a batch, each kind in the order of the files."""

    admitted: tuple[Backtest, ...]
    quarantined: tuple[Refused, ...]
    unchanged: tuple[SourceFile, ...]


def read_batch(
    files: Sequence[SourceFile],
    *,
    registered: frozenset[str],
    known_hashes: Mapping[str, str],
    unit: Unit | None = None,
    default_calendar: str,
    today: date,
    progress: Progress | None = None,
) -> BatchResult:
    """Read a batch and keep all of it in memory; parameters as ``stream_batch``. For many files stream instead."""
    admitted: list[Backtest] = []
    quarantined: list[Refused] = []
    unchanged: list[SourceFile] = []
    for outcome in stream_batch(
        files,
        registered=registered,
        known_hashes=known_hashes,
        unit=unit,
        default_calendar=default_calendar,
        today=today,
        progress=progress,
    ):
        match outcome:
            case Backtest():
                admitted.append(outcome)
            case Refused():
                quarantined.append(outcome)
            case Unchanged(file):
                unchanged.append(file)
    return BatchResult(tuple(admitted), tuple(quarantined), tuple(unchanged))


def stream_batch(
    files: Sequence[SourceFile],
    *,
    registered: frozenset[str],
    known_hashes: Mapping[str, str],
    unit: Unit | None = None,
    default_calendar: str,
    today: date,
    progress: Progress | None = None,
) -> Iterator[Outcome]:
    """Yield the outcome of every file, in the order of the files, holding few in memory at a time.

    Parameters
    ----------
    files : from ``scan_folder``.
    registered : ids of the strategies in the registry; a file of any other is refused, unread.
    known_hashes : strategy id → content hash of its admitted file; an equal file is not read again.
    unit : the operator's ``--unit`` for files that neither show nor state theirs; contradiction refuses the file.
    default_calendar : exchange_calendars name for files without one. InputError where unknown.
    today : the last day a date may have, in the fund's time zone.
    progress : called after every file.
    """
    if not is_calendar(default_calendar):
        raise InputError(
            f"calendar {default_calendar!r} is not known", remedy="use an exchange_calendars name such as XNYS"
        )
    terms = Terms(unit, default_calendar, today)
    contested = contest(files)
    done = 0
    for chunk, parsed in _parsed_ahead(contested, registered, known_hashes):
        for file, series in zip(chunk, parsed, strict=True):
            yield (
                _unread(file, registered, known_hashes)
                or judge_plain(series, file, terms)
                or _read_carefully(file, terms)
            )
            done += 1
            if progress is not None:
                progress(done, len(files))


def _parsed_ahead(
    files: Sequence[SourceFile], registered: frozenset[str], known_hashes: Mapping[str, str]
) -> Iterator[tuple[Sequence[SourceFile], Sequence[Series | None]]]:
    """Chunks with their fast parse, the next one parsed in a thread while the caller works on this one."""
    memory = DateMemory()

    def parse(chunk: Sequence[SourceFile]) -> list[Series | None]:
        to_read = [i for i, file in enumerate(chunk) if _unread(file, registered, known_hashes) is None]
        found: list[Series | None] = [None] * len(chunk)
        for i, series in zip(to_read, parse_chunk([chunk[i] for i in to_read], memory), strict=True):
            found[i] = series
        return found

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="backtest-parse") as ahead:
        waiting: list[tuple[Sequence[SourceFile], Future[list[Series | None]]]] = []
        for chunk in _chunks(files):
            waiting.append((chunk, ahead.submit(parse, chunk)))
            if len(waiting) > 1:
                ready, parsed = waiting.pop(0)
                yield ready, parsed.result()
        for ready, parsed in waiting:
            yield ready, parsed.result()


def _chunks(files: Sequence[SourceFile]) -> Iterator[Sequence[SourceFile]]:
    chunk: list[SourceFile] = []
    size = 0
    for file in files:
        chunk.append(file)
        size += sum(length for length, _ in file.signature)
        if size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _unread(
    file: SourceFile, registered: frozenset[str], known_hashes: Mapping[str, str]
) -> Refused | Unchanged | None:
    findings = file.findings
    if file.strategy_id not in registered and not any(f.code is FindingCode.BAD_STRATEGY_ID for f in findings):
        findings = (*findings, _unknown(file))
    if findings:
        return Refused(file, findings)
    if known_hashes.get(file.strategy_id) == file.content_hash:
        return Unchanged(file)
    return None


def _read_carefully(file: SourceFile, terms: Terms) -> Backtest | Refused:
    try:
        return read_one(file, terms)
    except Refusal as refusal:
        return Refused(file, refusal.findings)


def _unknown(file: SourceFile) -> Finding:
    return Finding(
        FindingCode.UNKNOWN_STRATEGY,
        f"strategy {file.strategy_id} is not in the registry",
        f"run 'fund strategies add {file.strategy_id}', then 'fund backtests retry'; "
        "or name the right strategy in the manifest",
        file.path.name,
        value=file.strategy_id,
    )
