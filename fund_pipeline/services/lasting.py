"""What keeps the memory of processes that last from growing."""

from __future__ import annotations

import gc
import threading

SETTLED_SECONDS = 60.0
"""After this a process has imported and read what it works with for as long as it lasts."""

GARBAGE = (1_000, 5, 5)
"""How many objects may wait for the collector: thousands, once it passes over the quarter of a million that stay."""

ONE_HEAP = {"MALLOC_ARENA_MAX": "1"}
"""For their environment. Otherwise glibc gives threads heaps of their own, and each keeps the most that it ever held:
33 MB in a code server after five minutes of ten signals a second, 3 MB with one heap."""


def settle() -> None:
    """Have the collector pass over what is there in a minute, and look at what comes later more often."""
    timer = threading.Timer(SETTLED_SECONDS, _pass_over)
    timer.daemon = True
    timer.start()


def _pass_over() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)
