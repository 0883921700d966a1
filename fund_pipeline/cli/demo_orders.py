"""The demo's orders: each signal worked as it comes in, and told with the reason for its size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fund_pipeline.cli.context import person
from fund_pipeline.cli.orders import plain
from fund_pipeline.cli.positions import positions_table
from fund_pipeline.cli.tables import console, headed, shown, table
from fund_pipeline.cli.trading import decision_values, new_batch
from fund_pipeline.clock import utc_now
from fund_pipeline.settings import Settings

if TYPE_CHECKING:
    from fund_pipeline.cli.demo_signals import Sent
    from fund_pipeline.decisions.explaining import Explained, InFund
    from fund_pipeline.ledger import Ledger
    from fund_pipeline.ledger.order_model import OrderRow, Position

PARAGRAPHS = 4


@contextmanager
def working(settings: Settings, ledger: Ledger) -> Iterator[Callable[[], None]]:
    """What works all that waits, once: decides it, sends its orders to the paper broker, books what was filled.

    The demo's day begins with it: a home that rested for days does not know how its day began.
    """
    from fund_pipeline.decisions.days import open_days
    from fund_pipeline.decisions.desk import TradingDesk
    from fund_pipeline.decisions.work import work

    batch = new_batch()
    with closing(TradingDesk.of(settings, ledger)) as desk:
        open_days(ledger, desk.sources, utc_now, act=person(), note="the demo begins")

        def work_once() -> None:
            work(desk, batch, utc_now)

        yield work_once


@dataclass(frozen=True)
class Traded:
    """What became of the demo's signals: each with its place in its list, and what is held after all of them."""

    signals: tuple[tuple[str, Explained], ...]
    positions: tuple[Position, ...]

    def as_values(self) -> Mapping[str, Any]:
        """All of it for a program."""
        found = [one for _, signal in self.signals for one in signal.funds]
        return {
            "decisions": [decision_values(one.decision, one.orders) | {"words": one.paragraph} for one in found],
            "orders": [asdict(order) for one in found for order in one.orders],
            "positions": [asdict(one) for one in self.positions],
        }

    def show(self) -> None:
        """A table of what was decided and filled, a few reasons in words, and the positions."""
        decided = table(
            "\nDecisions", "list", "type<", "outcome<", "reason<", "instrument<", "wanted", "ordered", "filled at"
        )
        for place, signal, one in self._each():
            for row in _rows(one, signal):
                decided.add_row(place, one.decision.kind, one.decision.outcome.value, *row)
                place = ""
        terminal = console()
        terminal.print(decided)
        for place, one in self._telling():
            terminal.print(shown(f"{place}: ", "bold") + shown(one.paragraph), soft_wrap=False)
        terminal.print(positions_table("\nPositions", self.positions))
        held = sum(not one.is_flat for one in self.positions)
        rest = f"{held} are open" if held else "all are flat, as the lists end"
        terminal.print(headed("Traded", f" {len(self.signals)} signals at the paper broker; of the positions {rest}"))

    def _each(self) -> Iterator[tuple[str, Explained, InFund]]:
        for place, signal in self.signals:
            for one in signal.funds:
                yield place, signal, one

    def _telling(self) -> Sequence[tuple[str, InFund]]:
        """The first of each reason, a few."""
        first: dict[str, tuple[str, InFund]] = {}
        for place, _, one in self._each():
            first.setdefault(one.decision.reason, (place, one))
        return tuple(first.values())[:PARAGRAPHS]


def traded(ledger: Ledger, sent: Sequence[Sent]) -> Traded:
    """What became of the signals that were accepted, and all positions, flat ones too."""
    from fund_pipeline.decisions.explaining import explain_signal
    from fund_pipeline.ledger.positions import list_positions

    signals = tuple(
        (f"{one.name} {posted.place}", explain_signal(ledger, posted.signal_id))
        for one in sent
        for posted in one.signals
        if posted.signal_id
    )
    return Traded(signals, list_positions(ledger, only_open=False) if sent else ())


def _rows(one: InFund, signal: Explained) -> Iterator[Sequence[str]]:
    """Reason, instrument, wanted, ordered and price: a line for each order that enters or exits."""
    reason, legs = one.decision.reason, one.decision.figures.get("legs", ())
    wanted = {leg["instrument"]: leg["wanted"] for leg in legs if "wanted" in leg}
    ordered = [order for order in one.orders if not order.role.is_attached]
    if not ordered:
        read = signal.signal.signal.standardised or {}
        names = ", ".join(str(leg["key"]) for leg in read.get("legs", ()) if leg.get("key"))
        yield reason, names or "–", "–", "–", "–"
    for order in ordered:
        asked = wanted.get(order.instrument_key)
        yield (
            reason,
            order.instrument_key,
            "–" if asked is None else plain(round(Decimal(asked), 4)),
            f"{order.side.value} {plain(order.planned_quantity)}",
            _filled(order),
        )


def _filled(order: OrderRow) -> str:
    if order.average_price is None:
        return order.state.value
    price = plain(round(order.average_price, 4))
    return price if order.remaining == 0 else f"{price}, {plain(order.remaining)} left"
