"""What each fill realised for which entry: the lots of the books (`fund_pipeline.lots`), with what each unit cost.

Pure. Fills are taken in the order in which they were booked, so that what was realised once never changes: a fill that
comes late only adds. Within one lot, the units that were bought first are sold first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal

from fund_pipeline.ledger.order_model import Execution
from fund_pipeline.ledger.payout_model import SignalFill
from fund_pipeline.terms import OrderRole, Side

PLACES = Decimal(1).scaleb(-12)
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)

Book = tuple[str, str, str]
"""Strategy, account and instrument."""

LotKey = tuple[str | None, int]
"""Signal and leg whose fills opened it."""


@dataclass(frozen=True)
class Realised:
    """What one fill realised for one entry signal.

    Attributes
    ----------
    entry_signal_id : None where no order of ours is behind it: nobody's.
    closed : how much of that entry it closed; 0 for one that opens, whose commission is realised when it is paid.
    gain : in the fill's currency, before costs. `commission` in the fill's commission currency.
    """

    execution: Execution
    entry_signal_id: str | None
    closed: Decimal
    gain: Decimal
    commission: Decimal


@dataclass(frozen=True)
class OpenLot:
    """What is open of one fill of an entry: signed quantity, at its price."""

    entry_signal_id: str | None
    leg: int
    opened_by: Execution
    quantity: Decimal

    def unrealised(self, price: Decimal) -> Decimal:
        """What it would gain at a price, in the fill's currency, before costs."""
        return (price - self.opened_by.price) * self.quantity * self.opened_by.multiplier


@dataclass(frozen=True)
class Matched:
    """All that fills come to. Per currency, gains of what is flat sum to the money that came in less what went out."""

    realised: tuple[Realised, ...]
    open_lots: tuple[OpenLot, ...]


@dataclass
class _Units:
    opened_by: Execution
    left: Decimal  # signed


@dataclass
class _Position:
    lots: dict[LotKey, list[_Units]] = field(default_factory=dict)
    traded: dict[str, dict[str | None, Decimal]] = field(default_factory=dict)
    """By order: how much it traded for each entry, which its later commissions follow."""


@dataclass
class _Part:
    signal_id: str | None
    traded: Decimal
    closed: Decimal = _ZERO
    gain: Decimal = _ZERO


def match(fills: Iterable[SignalFill]) -> Matched:
    """Match fills, each book (strategy, account, instrument) on its own, by their numbers.

    A fill against the position takes from the lot that its order names, then from the oldest; what it trades beyond
    them opens its own. Costs follow the quantities. To 12 places, exact in sum.
    """
    books: dict[Book, _Position] = {}
    realised: list[Realised] = []
    for one in sorted(fills, key=lambda fill: (fill.execution.account_id, fill.execution.number)):
        fill = one.execution
        position = books.setdefault((fill.strategy, fill.account_id, fill.instrument_key), _Position())
        traded = position.traded.setdefault(fill.client_order_id or "", {})
        if fill.quantity:
            parts = _trade(position, one)
            for part in parts:
                traded[part.signal_id] = traded.get(part.signal_id, _ZERO) + part.traded
        else:
            parts = [_Part(*share) for share in (traded or {one.signal_id: Decimal(1)}).items()]
        realised += _with_commission(fill, parts)
    lots = tuple(
        OpenLot(*key, units.opened_by, units.left)
        for position in books.values()
        for key, several in position.lots.items()
        for units in several
    )
    return Matched(tuple(realised), lots)


def _trade(position: _Position, one: SignalFill) -> list[_Part]:
    fill, way = one.execution, Decimal(1 if one.execution.side is Side.BUY else -1)
    left, parts = fill.quantity, dict[str | None, _Part]()
    for key in sorted(position.lots, key=lambda key: not _is_first(one, key)):
        for units in position.lots[key]:
            closed = min(left, max(-units.left * way, _ZERO))
            if not closed:
                continue
            moved = _EXACT.multiply(_EXACT.subtract(units.opened_by.price, fill.price), way)
            gain = _EXACT.multiply(_EXACT.multiply(moved, closed), fill.multiplier)
            part = parts.setdefault(key[0], _Part(key[0], _ZERO))
            part.traded, part.closed = part.traded + closed, part.closed + closed
            part.gain += gain.quantize(PLACES, context=_EXACT)
            units.left += closed * way
            left -= closed
    for key, several in list(position.lots.items()):
        position.lots[key] = [units for units in several if units.left]
        if not position.lots[key]:
            del position.lots[key]
    if left:
        position.lots.setdefault((one.signal_id, one.leg), []).append(_Units(fill, left * way))
        parts.setdefault(one.signal_id, _Part(one.signal_id, _ZERO)).traded += left
    return list(parts.values())


def _is_first(one: SignalFill, key: LotKey) -> bool:
    """Whether its order names that lot: an exit's entry, or what a stop, a target or an entry opened itself."""
    if one.role is None or key[0] is None:
        return False
    if one.role is OrderRole.EXIT:
        return key[0] == one.closes_entry
    return key == (one.signal_id, one.leg)


def _with_commission(fill: Execution, parts: list[_Part]) -> list[Realised]:
    whole, left, found = sum((part.traded for part in parts), _ZERO), fill.commission, []
    for place, part in enumerate(parts, 1):
        share = _EXACT.divide(_EXACT.multiply(fill.commission, part.traded), whole).quantize(PLACES, context=_EXACT)
        commission = left if place == len(parts) else share
        left -= commission
        if part.gain or commission:
            found.append(Realised(fill, part.signal_id, part.closed, part.gain, commission))
    return found
