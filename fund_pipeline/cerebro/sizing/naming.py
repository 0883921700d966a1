"""What an exit that does not name its whole instrument can mean: the one open position, or nothing, or too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fund_pipeline.cerebro.sizing.facts import OrderFacts
from fund_pipeline.cerebro.sizing.refused import Quarantined
from fund_pipeline.cerebro.sizing.signal_facts import BookEntry, LegFacts, SignalFacts
from fund_pipeline.cerebro.sizing.world import World
from fund_pipeline.terms import AssetClass


def find_instrument(leg: LegFacts, signal: SignalFacts, world: World) -> LegFacts:
    """The leg with the key of the one open position it can mean: of the entry it names, else ours, else the sender's.

    Unchanged where there is none. Quarantined where there is more than one.
    """
    mine = [entry for entry in world.book if entry.strategy == signal.strategy and entry.remaining]
    named = [entry.instrument_key for entry in mine if entry.signal_id == signal.reference]
    for keys in (named, list(_held(signal.strategy, world)), [entry.instrument_key for entry in mine]):
        fitting = sorted({key for key in keys if _fits(key, leg)})
        if len(fitting) > 1:
            raise Quarantined("it can mean more than one open position", {"open_positions": fitting})
        if fitting:
            return replace(leg, key=fitting[0], asset_class=class_of(fitting[0]))
    return leg


def legs_of_reference(signal: SignalFacts, world: World) -> list[tuple[int, LegFacts]]:
    """The legs that an exit without legs stands for: what is open of the entry it names, each with the entry's index.

    Where the sender's book does not have the entry: the one position we hold. Quarantined for more than one.
    """
    mine = [entry for entry in world.book if entry.strategy == signal.strategy and entry.remaining]
    meant = only_entry(mine, signal) if signal.names_unknown else signal.reference
    named = [(entry.leg, _leg(entry.instrument_key)) for entry in mine if entry.signal_id == meant]
    if named:
        return named
    keys = set(_held(signal.strategy, world))
    if len(keys) > 1:
        because = "what it names is not in the sender's book, and more than one position is open"
        raise Quarantined(because, {"open_positions": sorted(keys)})
    return [(index, _leg(key)) for index, key in enumerate(keys)]


def only_entry(entries: Iterable[BookEntry], signal: SignalFacts) -> str | None:
    """The entry that a name we do not know can mean: the one that is open; None for none open.

    Quarantined for more than one: what it does not name must not be closed in its place.
    """
    found = list(dict.fromkeys(entry.signal_id for entry in entries if entry.remaining))
    if len(found) > 1:
        raise Quarantined(_unknown(signal, "more than one is open"), {"open_entries": found})
    return found[0] if found else None


def only_working(orders: Iterable[OrderFacts], signal: SignalFacts) -> str | None:
    """The same of a cancel: the one signal of which orders work."""
    found = list(dict.fromkeys(order.signal_id for order in orders))
    if len(found) > 1:
        raise Quarantined(_unknown(signal, "more than one works"), {"working": found})
    return found[0] if found else None


def _unknown(signal: SignalFacts, because: str) -> str:
    return f"it names {signal.named!r}, which is no entry that was accepted, and {because}"


def class_of(key: str) -> AssetClass:
    """The asset class that an instrument key begins with."""
    return AssetClass(key.partition(":")[0])


def _held(strategy: str, world: World) -> Iterator[str]:
    return (one.instrument_key for one in world.positions if one.strategy == strategy and one.quantity)


def _fits(key: str, leg: LegFacts) -> bool:
    asset_class, symbol, *rest = key.split(":")
    if symbol != leg.symbol or (leg.asset_class is not None and asset_class != leg.asset_class):
        return False
    stated = {leg.exchange if asset_class == AssetClass.FUTURE else None, leg.right}
    stated |= {f"{leg.expiry:%Y%m%d}" if leg.expiry else None}
    if asset_class == AssetClass.OPTION and leg.strike is not None:
        stated.add(f"{leg.strike:f}".rstrip("0").rstrip(".") if "." in f"{leg.strike:f}" else f"{leg.strike:f}")
    return stated - {None} <= set(rest)


def _leg(key: str) -> LegFacts:
    return LegFacts(symbol=key.split(":")[1], key=key, asset_class=class_of(key), side=None, quantity=None)
