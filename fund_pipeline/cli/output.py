"""Standard output that only we write to, while code runs in this process that prints what it does."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO


@contextmanager
def output_kept_for_us() -> Iterator[TextIO]:
    """Standard output as it was. Meanwhile what others print, also processes that they start, is shown to nobody.

    dbt tells of each model and test: among our words it is noise, before JSON a fault. A run's own log has it.
    """
    before = sys.stdout
    try:
        number = before.fileno()
    except io.UnsupportedOperation:  # no file: whoever calls this command within its own process keeps what it writes
        with redirect_stdout(io.StringIO()):
            yield before
        return
    before.flush()
    with os.fdopen(os.dup(number), "w", encoding=before.encoding, errors=before.errors) as ours:
        with open(os.devnull, "wb") as nobody:
            os.dup2(nobody.fileno(), number)
        try:
            yield ours
        finally:
            before.flush()
            os.dup2(ours.fileno(), number)
