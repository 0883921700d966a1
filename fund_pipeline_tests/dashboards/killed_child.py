"""Publishes a build, and is killed in the middle of it: ``python -m ... URL BUILD``."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from sqlalchemy import event

from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.dashboards import publish, published_marts
from fund_pipeline_tests.dashboards.rows import build, row


def main() -> None:
    """Die once the statement that writes the last mart but one has been sent."""
    url, number = sys.argv[1], int(sys.argv[2])
    ledger, marts = open_ledger(url), published_marts()
    last = marts[-2]

    def die(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT") and f"dashboard_{last} " in statement.replace('"', ""):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(ledger.engine, "after_cursor_execute", die)
    publish(ledger, build(number), {mart: [row(mart, number)] for mart in marts})


if __name__ == "__main__":
    main()
