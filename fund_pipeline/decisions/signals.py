"""From standardised signals to what sizing reads of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from fund_pipeline.cerebro.sizing import LegFacts, SignalFacts
from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.places import PLACES, kept
from fund_pipeline.ledger.references import resolve_references
from fund_pipeline.ledger.signal_model import SignalRow
from fund_pipeline.signals import Leg, NoteCode, from_values

_PRICES = ("limit_price", "stop_price", "reference_price", "stop_loss", "take_profit", "net_price")

References = Mapping[tuple[str, str], str]
"""Our signal ids by strategy and what an exit named."""


def references_of(ledger: Ledger, rows: Sequence[SignalRow]) -> References:
    """The signals that these name, as far as the inbox has them."""
    named = {(row.strategy, row.reference) for row in rows if row.reference is not None}
    return resolve_references(ledger, named) if named else {}


def read_signal(row: SignalRow, references: References, now: datetime) -> SignalFacts:
    """What sizing reads of a signal as of `now`. InvariantError for one without its standardised form."""
    if row.standardised is None:
        raise InvariantError(f"signal {row.signal_id} is {row.state} without its standardised form")
    signal = from_values(row.standardised)
    return SignalFacts(
        signal_id=row.signal_id,
        strategy=signal.strategy,
        type=signal.type,
        legs=tuple(_leg(leg) for leg in signal.legs),
        sender_equity=signal.sender_equity,
        reference=references.get((signal.strategy, signal.reference or "")),
        named=signal.reference or None,
        age_seconds=signal.age_seconds(now),
        stale=any(note.code is NoteCode.STALE for note in signal.inferred),
    )


def _leg(leg: Leg) -> LegFacts:
    """The leg with numbers that the books can keep, so that what an exit closes is what its entry opened."""
    facts = LegFacts(**{name: getattr(leg, name) for name in LegFacts.__dataclass_fields__})
    prices: dict[str, Any] = {
        name: kept(price) or None for name in _PRICES if (price := getattr(facts, name)) is not None
    }
    quantity, weight = facts.quantity, facts.target_weight
    return replace(
        facts,
        # Next to nothing is not nothing: an exit without a quantity closes all.
        quantity=None if quantity is None else max(kept(quantity), PLACES),
        target_weight=None if weight is None else kept(weight),
        **prices,
    )
