"""A process that sends what is intended and is killed on the way: `python -m ... URL HOME TIME POINT NUMBER`.

POINT is `clock` (at the n-th look at the clock: between the steps), `before` or `after` (a submission), NUMBER is n.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from fund_pipeline.execution import submit_intents
from fund_pipeline.execution.brokers.paper import PaperBroker
from fund_pipeline.ledger import open_ledger


def main() -> None:
    url, home, time, point, number = sys.argv[1:]
    left, noon = int(number), datetime.fromisoformat(time)

    def die_at(here: str) -> None:
        nonlocal left
        if here == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def now() -> datetime:
        die_at("clock")
        return noon

    class Dying(PaperBroker):
        def submit(self, request: Any) -> Any:
            die_at("before")
            answer = super().submit(request)
            die_at("after")
            return answer

    broker = Dying(Path(home) / "paper" / "DU1.sqlite", lambda: noon)
    submit_intents(open_ledger(url), {"a1": broker}, now)


if __name__ == "__main__":
    main()
