"""Refused files: a copy of each under its content hash, with the reasons. Nothing is ever lost."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from fund_pipeline.backtests.batch import Refused
from fund_pipeline.backtests.model import Finding, FindingCode
from fund_pipeline.backtests.scan import SUFFIXES
from fund_pipeline.errors import NotFoundError

REASONS = "reasons.json"
RELEASED = "released"


@dataclass(frozen=True)
class QuarantinedFile:
    """One entry of the quarantine.

    Attributes
    ----------
    content_hash : its key.
    strategy_id : the strategy it claims.
    path : the kept copy; its manifest, if it had one, stands beside it.
    origin : where the file was found.
    findings : why.
    """

    content_hash: str
    strategy_id: str
    path: Path
    origin: str
    findings: tuple[Finding, ...]

    @property
    def file_name(self) -> str:
        """Name of the file as it was sent."""
        return self.path.name


@dataclass(frozen=True)
class Quarantine:
    """A folder with one folder per refused file: ``<folder>/<content hash>/{file, manifest, reasons.json}``.

    Released entries move to ``<folder>/released``; nothing is deleted.
    """

    folder: Path

    def keep(self, refused: Refused) -> QuarantinedFile:
        """Copy a refused file and write its reasons. Keeping it again only renews the reasons."""
        file = refused.file
        target = self.folder / file.content_hash
        reasons = json.dumps(_as_json(refused), indent=2, ensure_ascii=False)
        if target.is_dir():
            temporary = target / f".{uuid4().hex}.tmp"
            temporary.write_text(reasons, encoding="utf-8")
            os.replace(temporary, target / REASONS)
            return self.get(file.content_hash)
        self.folder.mkdir(parents=True, exist_ok=True)
        making = self.folder / f".{uuid4().hex}.tmp"
        making.mkdir()
        try:
            for path in (file.path, file.manifest_path):
                if path is not None and os.access(path, os.R_OK):
                    shutil.copy2(path, making / path.name)
            (making / REASONS).write_text(reasons, encoding="utf-8")
            making.rename(target)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return self.get(file.content_hash)

    def list(self) -> tuple[QuarantinedFile, ...]:
        """Every entry not released, by strategy, then hash."""
        if not self.folder.is_dir():
            return ()
        entries = (self._read(path.parent) for path in self.folder.glob(f"*/{REASONS}") if path.parent.name != RELEASED)
        return tuple(sorted(entries, key=lambda entry: (entry.strategy_id, entry.content_hash)))

    def get(self, content_hash: str) -> QuarantinedFile:
        """The entry whose hash begins so. NotFoundError where none, or more than one, does."""
        matches = [
            path.parent
            for path in self.folder.glob(f"*/{REASONS}")
            if path.parent.name.startswith(content_hash) and path.parent.name != RELEASED
        ]
        if len(matches) != 1 or not content_hash:
            raise NotFoundError(
                f"{len(matches)} quarantined files have a hash beginning {content_hash!r}",
                remedy="take the hash from 'fund backtests quarantine'",
            )
        return self._read(matches[0])

    def release(self, content_hash: str) -> bool:
        """Move an entry to ``released`` (it was admitted or superseded). False where there is no such entry."""
        kept = self.folder / content_hash
        if not (kept / REASONS).exists():
            return False
        home = self.folder / RELEASED
        home.mkdir(exist_ok=True)
        target = home / content_hash
        kept.rename(target if not target.exists() else home / f"{content_hash}-{uuid4().hex[:8]}")
        return True

    def _read(self, folder: Path) -> QuarantinedFile:
        try:
            return self._parse(folder, json.loads((folder / REASONS).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as damaged:
            finding = Finding(
                FindingCode.UNREADABLE,
                f"the record of this refusal cannot be read: {type(damaged).__name__}",
                "send the file again; what was kept of it stays in this folder",
                folder.name,
            )
            kept = sorted(path for path in folder.iterdir() if path.name != REASONS and path.suffix in SUFFIXES)
            path = kept[0] if kept else folder / "unknown"
            return QuarantinedFile(folder.name, path.stem, path, str(folder), (finding,))

    def _parse(self, folder: Path, loaded: dict[str, Any]) -> QuarantinedFile:
        return QuarantinedFile(
            content_hash=folder.name,
            strategy_id=loaded["strategy_id"],
            path=folder / loaded["file"],
            origin=loaded["origin"],
            findings=tuple(Finding(**{**row, "code": FindingCode(row["code"])}) for row in loaded["findings"]),
        )


def _as_json(refused: Refused) -> dict[str, object]:
    file = refused.file
    return {
        "content_hash": file.content_hash,
        "strategy_id": file.strategy_id,
        "file": file.path.name,
        "manifest": None if file.manifest_path is None else file.manifest_path.name,
        "origin": str(file.path),
        "findings": [
            {
                "code": str(finding.code),
                "message": finding.message,
                "remedy": finding.remedy,
                "file": finding.file,
                "row": finding.row,
                "column": finding.column,
                "value": finding.value,
            }
            for finding in refused.findings
        ],
    }
