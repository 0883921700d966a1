"""Whether this process is about to end, for what waits in a thread of it."""

from __future__ import annotations

import threading

STOPPING = threading.Event()
"""Set by the code server once it is told to stop: it then waits for its calls, and these must not wait for more."""
