"""A file system so small that it can be filled: only root may mount one."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEGABYTES = 24
BLOCK = 4096


def may_mount() -> bool:
    """Whether this process may mount a file system."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(_mount(Path(folder)), capture_output=True, check=False).returncode:
            return False
        subprocess.run(["umount", folder], check=True)
        return True


@contextmanager
def small_disk() -> Iterator[Path]:
    """A folder that holds so many megabytes, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="fund-disk-") as folder:
        subprocess.run(_mount(Path(folder)), check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path, leave: int) -> None:
    """Leave so many bytes free on the disk, to the block."""
    at = os.statvfs(disk)
    taken = max(0, at.f_bavail * at.f_frsize - leave) // BLOCK * BLOCK
    with (disk / "filler").open("ab") as filler:
        try:
            os.posix_fallocate(filler.fileno(), filler.tell(), taken or BLOCK)
        except OSError as full:
            if full.errno != errno.ENOSPC:
                raise


def free(disk: Path) -> None:
    """Free what was filled."""
    (disk / "filler").unlink(missing_ok=True)


def _mount(folder: Path) -> list[str]:
    return ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "none", str(folder)]
