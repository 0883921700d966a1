"""Files that are there whole or not at all, whatever dies."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

SUFFIX = ".tmp"


def replace_file(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside the target, bring it to the disk, and rename it over the target."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f".{uuid4().hex}{SUFFIX}"
    try:
        write(temporary)
        _sync(temporary)
        os.replace(temporary, target)
        _sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
