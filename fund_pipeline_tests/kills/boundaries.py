"""Boundaries between the steps of the signal path, at which a test stops a process to kill it there.

The product knows nothing of them: the code location of these tests (`location.py`) wraps the product's own functions. A
test arms one boundary by a file in the home. The first process that reaches it takes the file away under its own
number, and stops itself, in the middle of its work.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Any

import psutil

ARMED, REACHED = "armed", "reached-by-"
HURRY = "in-a-hurry"
"""A file in the home by which `location.py` shortens the times that the product waits."""


class Boundary(StrEnum):
    """What is done by then, and what is not."""

    CLAIMED = "a batch is claimed, and nothing is decided"
    RECORDED = "decisions and intents are recorded, and nothing is sent"
    SUBMITTING = "an order is SUBMITTED in the ledger, and the broker has not been asked"
    SUBMITTED = "the broker has an order, and the ledger has not its answer"
    ACKNOWLEDGED = "an answer is in the ledger, and its fill is not"
    TOLD = "the broker has told of a fill, and it is not booked"
    BOOKED = "a fill is booked, and what follows from it is not done"


def arm(home: Path, boundary: Boundary) -> None:
    """Have the next process that reaches the boundary stop there."""
    staged = home / f"{ARMED}.staged"
    staged.write_text(boundary.name)
    staged.replace(home / ARMED)


def disarm(home: Path) -> None:
    """Have none stop."""
    (home / ARMED).unlink(missing_ok=True)


def stopped(home: Path) -> int | None:
    """The process that stands at the boundary, or None."""
    for found in home.glob(f"{REACHED}*"):
        pid = int(found.name.removeprefix(REACHED))
        if psutil.pid_exists(pid) and psutil.Process(pid).status() == psutil.STATUS_STOPPED:
            found.unlink()
            return pid
    return None


def install() -> None:
    """Wrap the product's functions in this process."""
    from fund_pipeline.decisions import batch
    from fund_pipeline.execution import delivering, fills
    from fund_pipeline.execution.brokers.paper import PaperBroker
    from fund_pipeline.ledger.executions import list_executions

    def some(result: Any, *_arguments: Any) -> bool:
        return bool(result)

    def always(*_arguments: Any) -> bool:
        return True

    def answers(_result: Any, _desk: Any, given: Any) -> bool:
        return bool(given)

    def are_new(_result: Any, ledger: Any, account_id: str, told: Any, *_others: Any) -> bool:
        booked = {one.broker_execution_id for one in list_executions(ledger, account_id=account_id)}
        return any(one.broker_execution_id not in booked for one in told)

    _wrap(batch, "claim", after={Boundary.CLAIMED: some})
    _wrap(batch, "settle_batch", after={Boundary.RECORDED: some})
    _wrap(PaperBroker, "submit", before={Boundary.SUBMITTING: always}, after={Boundary.SUBMITTED: always})
    _wrap(delivering, "record", after={Boundary.ACKNOWLEDGED: answers})
    _wrap(fills, "book_executions", before={Boundary.TOLD: are_new}, after={Boundary.BOOKED: some})


Condition = Callable[..., bool]
"""Told the result (None before the call) and the arguments, whether this is the boundary."""


def _wrap(
    owner: Any,
    name: str,
    *,
    before: dict[Boundary, Condition] | None = None,
    after: dict[Boundary, Condition] | None = None,
) -> None:
    of_product = getattr(owner, name)

    @wraps(of_product)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        _stop_at(before or {}, None, *arguments)
        result = of_product(*arguments, **named)
        _stop_at(after or {}, result, *arguments)
        return result

    setattr(owner, name, wrapped)


def _stop_at(conditions: dict[Boundary, Condition], result: Any, *arguments: Any) -> None:
    armed = Path(os.environ["FUND_HOME"]) / ARMED
    for boundary, is_here in conditions.items():
        try:
            if armed.read_text() != boundary.name or not is_here(result, *arguments):
                continue
            armed.rename(armed.with_name(f"{REACHED}{os.getpid()}"))
        except FileNotFoundError:
            return  # not armed, or another process was first
        os.kill(os.getpid(), signal.SIGSTOP)
