"""The instrument master as its file has it now."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from fund_pipeline.errors import InputError
from fund_pipeline.instruments import InstrumentMaster, load_master

Stamp = tuple[int, int] | None


class Masters:
    """Reads the file again when its time or size has changed. Safe among threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: Stamp = None
        self._loaded: InstrumentMaster | InputError | None = None
        self._lock = Lock()

    def current(self) -> InstrumentMaster:
        """The master. InputError while the file is missing or wrong; a former one is not used in its place."""
        with self._lock:
            stamp = _stamp(self._path)
            if self._loaded is None or stamp != self._stamp:
                self._stamp, self._loaded = stamp, _load(self._path)
            if isinstance(self._loaded, InputError):
                raise self._loaded
            return self._loaded


def _load(path: Path) -> InstrumentMaster | InputError:
    try:
        return load_master(path)
    except InputError as wrong:
        return wrong


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
