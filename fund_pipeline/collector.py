"""The garbage collector, paused where a great many values are made and kept, none of which refers to itself."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Collect no cycles meanwhile, if they are collected at all: looking for them takes longer than what is made.

    The whole process is meant, also its other threads; what they leave is collected afterwards.
    """
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()
