"""The ledger, for as long as an asset or a sensor looks at it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from fund_pipeline.ledger import Ledger, file_of, open_ledger
from fund_pipeline.settings import Settings, load_settings

FileId = tuple[int, int] | None

_lock = Lock()
_kept: dict[tuple[int, str, FileId], Ledger] = {}
"""Of this process, by its id: what a fork inherits it must not use. One, unless the settings or the file change."""


@contextmanager
def opened_ledger(settings: Settings | None = None) -> Iterator[Ledger]:
    """The ledger that the environment names, or these settings of it.

    It stays open for whoever in this process asks next: the steps of a run are done one after the other, and opening it
    takes longer than many of them.
    """
    url = (settings or load_settings()).ledger_url
    with _lock:
        key = (os.getpid(), url, file_of(url))
        if key not in _kept:
            for (pid, *_), old in _kept.items():
                if pid == os.getpid():
                    old.close()
            _kept.clear()
            _kept[key] = open_ledger(url)
        ledger = _kept[key]
    yield ledger
