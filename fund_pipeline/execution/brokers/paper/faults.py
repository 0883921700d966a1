"""Trouble on demand: what is to go wrong at the paper broker's next calls. It is kept in the account's file, so that
any process may order it for any other."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from fund_pipeline.execution.port import RefusalCode


class FaultKind(StrEnum):
    """What goes wrong, once each.

    AWAY : the call is not heard, and there is no answer.
    LOST_ANSWER : what was asked is done, and there is no answer.
    LATE : a submission is on its way for `seconds` while there is no answer, and arrives then.
    REJECT : the call is refused with `code`.
    TWICE : `executions` tells of each fill twice.
    HIDDEN : the next fill is told only after `seconds`, though the order's state shows it at once.
    PARTIAL : the next fill is of `quantity` at most.
    OVERFILL : the next fill is of `quantity` more than was asked for.
    """

    AWAY = "AWAY"
    LOST_ANSWER = "LOST_ANSWER"
    LATE = "LATE"
    REJECT = "REJECT"
    TWICE = "TWICE"
    HIDDEN = "HIDDEN"
    PARTIAL = "PARTIAL"
    OVERFILL = "OVERFILL"


FILL = "fill"
"""The call to give for HIDDEN, PARTIAL and OVERFILL: the next fill of any order."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong at the next `call`: a method of the port, or `fill`."""

    call: str
    kind: FaultKind
    seconds: float = 0.0
    quantity: Decimal = field(default=Decimal(0))
    code: RefusalCode = RefusalCode.OTHER


def add_fault(connection: sqlite3.Connection, fault: Fault) -> None:
    """Order one; those of one call happen in the order in which they were ordered."""
    detail = {"seconds": fault.seconds, "quantity": str(fault.quantity), "code": fault.code.value}
    connection.execute(
        "INSERT INTO faults (call, kind, detail) VALUES (?, ?, ?)", (fault.call, fault.kind.value, json.dumps(detail))
    )


def take_fault(connection: sqlite3.Connection, call: str) -> Fault | None:
    """The next one for a call, which is used up by this."""
    row = connection.execute("SELECT * FROM faults WHERE call = ? ORDER BY number LIMIT 1", (call,)).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM faults WHERE number = ?", (row["number"],))
    detail = json.loads(row["detail"])
    return Fault(
        call, FaultKind(row["kind"]), detail["seconds"], Decimal(detail["quantity"]), RefusalCode(detail["code"])
    )
