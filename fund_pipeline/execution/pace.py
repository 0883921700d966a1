"""How many orders are claimed before they are sent: many at a quick broker, one by one at a slow one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from fund_pipeline.execution.patience import Patience
from fund_pipeline.ledger.order_model import OrderRow

MOST = 25


def paced(
    orders: Sequence[OrderRow], patience: Patience, now: Callable[[], datetime]
) -> Iterator[tuple[OrderRow, ...]]:
    """The orders in their order, a few at a time: twice as many as before while those took no time worth speaking of.

    What is claimed and not sent within `send_within` is not sent at all, but asked for, and sent anew a minute later:
    so that few are claimed where the broker takes long for each.
    """
    start, size = 0, 1
    while start < len(orders):
        began = now()
        yield tuple(orders[start : start + size])
        start += size
        is_quick = now() - began < patience.send_within / 10
        size = min(2 * size, MOST) if is_quick else max(size // 4, 1)
