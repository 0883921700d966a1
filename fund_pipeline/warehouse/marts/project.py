"""The dbt project as it lies beside the package, and its manifest: parsed once, and again only when a file changes.

A parse takes several seconds, which neither a code location nor every build should pay.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fund_pipeline.errors import ConfigurationError
from fund_pipeline.settings import PROJECT
from fund_pipeline.warehouse.marts.running import run_dbt

PROJECT_FOLDER = PROJECT / "dbt_project"
FOLDERS = ("models", "macros", "tests")
FILES = ("dbt_project.yml", "profiles.yml")
TARGET = "target"
PARSED = ("manifest.json", "partial_parse.msgpack", "semantic_manifest.json")
_MARK = "parsed-from"


def manifest_path() -> Path:
    """Where the manifest of the project as it is now lies, or will."""
    return PROJECT_FOLDER / TARGET / "manifest.json"


def prepared_manifest() -> Path:
    """The manifest of the project as it is now, parsed first if there is none of it. No network is needed.

    Several processes that ask at once wait for one. ConfigurationError where the folder cannot be written,
    DbtFailedError where the project has a mistake.
    """
    target, wanted = PROJECT_FOLDER / TARGET, project_digest()
    if _mark(target) == wanted:
        return manifest_path()
    try:
        target.mkdir(exist_ok=True)
        with _alone(target / ".lock"):
            if _mark(target) != wanted:
                _parse_into(target, wanted)
    except OSError as refused:
        raise ConfigurationError(
            f"the dbt project cannot be prepared: {refused.strerror}: {refused.filename}",
            remedy=f"run `fund report prepare` once as a user who may write {PROJECT_FOLDER}",
        ) from None
    return manifest_path()


def manifest() -> dict[str, Any]:
    """The manifest of the project as it is now, read."""
    found: dict[str, Any] = json.loads(prepared_manifest().read_text())
    return found


def copy_project(folder: Path) -> None:
    """Put the project into a folder, with what is parsed of it: dbt then reads only what differs, which is nothing."""
    prepared_manifest()
    copy_sources(folder)
    (folder / TARGET).mkdir()
    for name in PARSED:
        shutil.copy(PROJECT_FOLDER / TARGET / name, folder / TARGET / name)


def copy_sources(folder: Path) -> None:
    """Put the project's own files into a folder."""
    for name in FOLDERS:
        shutil.copytree(PROJECT_FOLDER / name, folder / name)
    for name in FILES:
        shutil.copy(PROJECT_FOLDER / name, folder / name)


def project_digest() -> str:
    """What the project's files, and the versions that read them, come to."""
    found = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    for path in sorted(_files()):
        found.update(str(path.relative_to(PROJECT_FOLDER)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _files() -> Iterator[Path]:
    yield from (PROJECT_FOLDER / name for name in FILES)
    for folder in FOLDERS:
        yield from (path for path in (PROJECT_FOLDER / folder).rglob("*") if path.is_file())


def _parse_into(target: Path, digest: str) -> None:
    with tempfile.TemporaryDirectory(prefix="fund-marts-") as scratch:
        folder = Path(scratch)
        copy_sources(folder)
        run_dbt(folder, "parse")
        (target / _MARK).unlink(missing_ok=True)
        for name in PARSED:
            shutil.copy(folder / TARGET / name, target / f"{name}.new")
            os.replace(target / f"{name}.new", target / name)
        (target / _MARK).write_text(digest)


def _mark(target: Path) -> str | None:
    path = target / _MARK
    return path.read_text() if path.exists() else None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
