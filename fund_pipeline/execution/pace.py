"""How many orders are claimed before they are sent: many at a quick broker, one by one at a slow one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fund_pipeline.execution.patience import Patience

MOST = 100


@dataclass
class Pace:
    """Of one account. `size` is how many are claimed next: what is claimed and cannot be sent soon has to be given up
    and tried anew, so that it is few where the broker takes long for each."""

    patience: Patience
    size: int = 1

    def took(self, time: timedelta) -> None:
        """Those that were claimed last took so long: four times as many next if that was nothing worth speaking of."""
        is_quick = time < self.patience.send_within / 10
        self.size = min(4 * self.size, MOST) if is_quick else max(self.size // 4, 1)


Paces = dict[str, Pace]
"""By account id."""
