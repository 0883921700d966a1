"""What a folder offers: one source file per strategy, identified by its content."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from fund_pipeline.backtests.manifest import EMPTY, Manifest, find_manifest, read_manifest
from fund_pipeline.backtests.model import Finding, FindingCode, Refusal
from fund_pipeline.errors import InputError

SUFFIXES = frozenset({".csv", ".xlsx"})
OTHER_TABLES = frozenset({".xls", ".xlsm", ".xlsb", ".ods", ".tsv"})
"""Endings of files that were surely meant as backtests: refused with a remedy rather than passed over."""
MAX_BYTES = 256 * 1024 * 1024
SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,99}(?<![ .])")
_DIGEST_LETTERS = 40
_BLOCK = 1 << 20


Signature = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class SourceFile:
    """One file as found, not opened yet.

    Attributes
    ----------
    path : where it is.
    manifest_path : its sidecar, or None.
    strategy_id : from the manifest, else the file's stem.
    manifest : what the sidecar states.
    stated : the sidecar's bytes, empty without one.
    signature : size and time of last change of both when they were found; a later difference means they changed.
    findings : errors known before reading; such a file is refused unread.
    """

    path: Path
    manifest_path: Path | None
    strategy_id: str
    manifest: Manifest
    stated: bytes
    signature: Signature
    findings: tuple[Finding, ...] = ()

    @cached_property
    def content_hash(self) -> str:
        """Hex SHA-256 (160 bits) over strategy id, manifest and file, so that a change of any is a change.

        The file is read for it, once. Of one that cannot be opened it is that of its path.
        """
        try:
            return self._digest(_blocks(self.path))
        except OSError:
            return self._digest([str(self.path).encode()])

    def hash_bytes(self, data: bytes) -> None:
        """Work the content hash out of the file's bytes, so that it is not opened for it once more."""
        self.__dict__["content_hash"] = self._digest([data])

    def _digest(self, blocks: Iterable[bytes]) -> str:
        digest = sha256()
        for part in (self.strategy_id.encode(), self.stated):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        for block in blocks:
            digest.update(block)
        return digest.hexdigest()[:_DIGEST_LETTERS]


def scan_folder(folder: Path) -> tuple[SourceFile, ...]:
    """Every backtest directly in a folder, by name. Hidden files and a spreadsheet's lock files are passed over.

    InputError where the folder is missing, is no folder, or holds no CSV or XLSX file.
    """
    if not folder.exists():
        raise InputError(f"folder {folder} does not exist", remedy="name the folder that holds the backtest files")
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder", remedy="name the folder that holds the backtest files")
    wanted = SUFFIXES | OTHER_TABLES
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in wanted
        and not path.name.startswith((".", "~$"))
        and (path.is_file() or path.is_symlink())
    )
    if not paths:
        raise InputError(
            f"folder {folder} holds no .csv or .xlsx file", remedy="put the backtest files there, or name their folder"
        )
    return scan_files(paths)


def scan_files(paths: Iterable[Path]) -> tuple[SourceFile, ...]:
    """Identify files, in the order given. Two for one strategy both get TWO_FILES, naming each other.

    InputError where a path does not exist.
    """
    return contest([_identify(path) for path in paths])


def contest(files: Sequence[SourceFile]) -> tuple[SourceFile, ...]:
    """The same files, with TWO_FILES on each that shares its strategy with another of them."""
    claims: dict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        claims[file.strategy_id].append(file)
    return tuple(_contested(file, claims[file.strategy_id]) for file in files)


def signature(path: Path, manifest_path: Path | None) -> Signature:
    """Size and time of last change, in bytes and nanoseconds, of a file and its manifest. OSError where gone."""
    found = [path.stat()] if manifest_path is None else [path.stat(), manifest_path.stat()]
    return tuple((stat.st_size, stat.st_mtime_ns) for stat in found)


def _identify(path: Path) -> SourceFile:
    if not os.path.lexists(path):
        raise InputError(f"file {path} does not exist", remedy="name an existing .csv or .xlsx file")
    findings: list[Finding] = []
    manifest, manifest_path, stated = EMPTY, None, b""
    try:
        manifest_path = find_manifest(path)
        if manifest_path is not None:
            stated = manifest_path.read_bytes()
            manifest = read_manifest(stated, manifest_path.name)
    except OSError as denied:
        findings.append(_unreadable(denied, manifest_path or path))
    except Refusal as refusal:
        findings.extend(refusal.findings)
    strategy_id = manifest.strategy if manifest.strategy is not None else path.stem
    findings.extend(_check_name(path, strategy_id))
    try:
        seen = signature(path, manifest_path)
    except OSError as denied:
        findings.append(_unreadable(denied, path))
        seen = ()
    if seen and seen[0][0] > MAX_BYTES:
        message = f"the file holds {seen[0][0]:,} bytes, more than {MAX_BYTES:,}"
        findings.append(Finding(FindingCode.UNREADABLE, message, "send only the daily rows", path.name))
    return SourceFile(path, manifest_path, strategy_id, manifest, stated, seen, tuple(findings))


def _blocks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            yield block


def _check_name(path: Path, strategy_id: str) -> Iterable[Finding]:
    if path.suffix.lower() in OTHER_TABLES:
        message = f"files ending in {path.suffix} are not read"
        yield Finding(FindingCode.UNREADABLE, message, "save it as .csv or .xlsx", path.name)
    if not SAFE_ID.fullmatch(strategy_id):
        message = f"strategy id {strategy_id!r} cannot name a file"
        remedy = "use up to 100 letters, digits, spaces and . _ + -, beginning with a letter or digit"
        yield Finding(FindingCode.BAD_STRATEGY_ID, message, remedy, path.name, value=strategy_id)


def _unreadable(denied: OSError, path: Path) -> Finding:
    message = f"the file cannot be opened: {denied.strerror}"
    return Finding(FindingCode.UNREADABLE, message, "check that it exists and may be read", path.name)


def _contested(file: SourceFile, claimants: list[SourceFile]) -> SourceFile:
    others = ", ".join(other.path.name for other in claimants if other is not file)
    if not others or any(finding.code is FindingCode.TWO_FILES for finding in file.findings):
        return file
    finding = Finding(
        FindingCode.TWO_FILES,
        f"{others} is for strategy {file.strategy_id} too",
        "keep one file per strategy, or name the other's strategy in its manifest; in quarantine retry one by its id",
        file.path.name,
        value=file.strategy_id,
    )
    return replace(file, findings=(*file.findings, finding))
