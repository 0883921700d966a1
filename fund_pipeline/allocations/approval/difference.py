"""What an allocation would change, told before anybody decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from fund_pipeline.allocations.approval.standing import altered
from fund_pipeline.allocations.approval.weights import edited, measured
from fund_pipeline.allocations.measure import METRICS
from fund_pipeline.cerebro.model import ReturnsMatrix
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.active import active_allocation
from fund_pipeline.ledger.allocations import get_allocation
from fund_pipeline.ledger.digests import shown_id
from fund_pipeline.ledger.model import AllocationStatus


def difference(
    ledger: Ledger,
    matrix: ReturnsMatrix,
    allocation_id: str,
    weights: Mapping[str, Decimal] | None,
    now: datetime,
) -> dict[str, Any]:
    """The weights of an allocation, or a person's own in their place, against the one in force.

    Returns
    -------
    dict with `allocation`, `shown` (what to name in a decision), `status`, `active` (id or None), `weights` and
    `figures` (name, in force, then), and `breaches` of today's limits. Decimals.

    Raises
    ------
    NotFoundError : no such allocation. RefusedError : weights that could not be approved, or returns that changed.
    InvariantError : it is pending, and not what was recorded: nobody should decide by it.
    """
    allocation = get_allocation(ledger, allocation_id)
    if allocation.status is AllocationStatus.PENDING_APPROVAL and (why := altered(ledger, allocation)) is not None:
        raise why
    chosen = allocation if weights is None else edited(ledger, allocation, weights, now)
    found = measured(ledger, chosen, matrix)
    active = active_allocation(ledger, allocation.fund_id)
    held = dict(active.allocation.weights) if active else {}
    return {
        "allocation": allocation_id,
        "shown": shown_id(allocation_id, allocation.digest),
        "status": allocation.status.value,
        "active": active.allocation.allocation_id if active else None,
        "weights": [
            (name, float(held.get(name, 0)), float(chosen.weights.get(name, 0)))
            for name in sorted(held.keys() | chosen.weights.keys())
        ],
        "figures": [
            (name, active.allocation.metrics.get(name) if active else None, found.metrics[name]) for name in METRICS
        ],
        "breaches": [asdict(breach) for breach in found.breaches],
    }
