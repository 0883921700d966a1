"""Many files in one go: each is admitted, refused or unchanged, and none stops the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from fund_pipeline.backtests.blocks import Block
from fund_pipeline.backtests.careful import read_one, read_unchanged
from fund_pipeline.backtests.fast import DateMemory, Plain, cut_plain, judge_plain, parse_plain
from fund_pipeline.backtests.judging import Terms
from fund_pipeline.backtests.model import Backtest, Finding, FindingCode, Refusal, Unit
from fund_pipeline.backtests.scan import SourceFile, contest
from fund_pipeline.backtests.sessions import is_calendar
from fund_pipeline.errors import InputError

CHUNK_BYTES = 4 * 1024 * 1024
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
    """A file whose content is the one already admitted; it was hashed, and not parsed again."""

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
    registered : ids of the strategies in the registry; a file of any other is refused, with its own faults.
    known_hashes : strategy id → content hash of its admitted file; an equal file is not parsed again.
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
    for done, outcome in enumerate(_outcomes(contest(files), registered, known_hashes, terms), start=1):
        yield outcome
        if progress is not None:
            progress(done, len(files))


def _outcomes(
    files: Sequence[SourceFile], registered: frozenset[str], known_hashes: Mapping[str, str], terms: Terms
) -> Iterator[Outcome]:
    """Chunk by chunk, in order: the next one is read, hashed and being parsed while this one is judged.

    The parse has a thread of its own, because it runs long without the interpreter's lock; the many short steps of
    the rest would only wait for one another in threads.
    """
    memory = DateMemory()
    waiting: deque[tuple[list[tuple[SourceFile, Outcome | None]], Future[list[Block]]]] = deque()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="backtest-parse") as pool:
        for chunk in _chunks(files):
            begun = [_begin(file, registered, known_hashes, memory, terms) for file in chunk]
            plain = [one for one in begun if isinstance(one, Plain)]
            known = [None if isinstance(one, Plain) else one for one in begun]
            waiting.append((list(zip(chunk, known, strict=True)), pool.submit(parse_plain, plain)))
            del begun, plain  # the thread lets go of the bytes when it has parsed them
            if len(waiting) > 1:
                yield from _finish(*waiting.popleft(), terms)
        while waiting:
            yield from _finish(*waiting.popleft(), terms)


def _begin(
    file: SourceFile,
    registered: frozenset[str],
    known_hashes: Mapping[str, str],
    memory: DateMemory,
    terms: Terms,
) -> Refused | Unchanged | Plain | None:
    """Read a file: its outcome where that decides it, else what the joint parse takes of it, if anything."""
    findings = file.findings
    if file.strategy_id not in registered and not any(f.code is FindingCode.BAD_STRATEGY_ID for f in findings):
        findings = (*findings, _unknown(file))
    if findings:
        # Its own faults are told at once, so that registering the strategy is not followed by a second refusal.
        return Refused(file, findings if file.findings else (*findings, *_own_faults(file, terms)))
    try:
        data = read_unchanged(file)
    except Refusal as refusal:
        return Refused(file, refusal.findings)
    if known_hashes.get(file.strategy_id) == file.content_hash:
        return Unchanged(file)
    return cut_plain(file, data, memory)


def _finish(
    begun: Sequence[tuple[SourceFile, Outcome | None]], parsed: Future[list[Block]], terms: Terms
) -> Iterator[Outcome]:
    plain = judge_plain(parsed.result(), terms)
    for file, outcome in begun:
        yield outcome or plain.get(file.path) or _read_carefully(file, terms)


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


def _read_carefully(file: SourceFile, terms: Terms) -> Backtest | Refused:
    try:
        return read_one(file, terms)
    except Refusal as refusal:
        return Refused(file, refusal.findings)


def _own_faults(file: SourceFile, terms: Terms) -> tuple[Finding, ...]:
    outcome = _read_carefully(file, terms)
    return outcome.findings if isinstance(outcome, Refused) else ()


def _unknown(file: SourceFile) -> Finding:
    return Finding(
        FindingCode.UNKNOWN_STRATEGY,
        f"strategy {file.strategy_id} is not in the registry",
        f"run 'fund strategies add {file.strategy_id}', then 'fund backtests retry'; "
        "or name the right strategy in the manifest",
        file.path.name,
        value=file.strategy_id,
    )
