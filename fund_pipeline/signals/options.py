"""What is registered about how a sender writes its signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic import dataclasses as checked

from fund_pipeline.errors import InputError

DEFAULT_FRESHNESS_SECONDS = 900


class QuantityMeans(StrEnum):
    """What a sender's `quantity` is: a number of units, or the share of capital to hold afterwards (0..1)."""

    UNITS = "units"
    TARGET_WEIGHT = "target_weight"


class DirectionMeans(StrEnum):
    """What a sender's `direction` says: the position's side, the order's side, or `action` in other words.

    It is only ever a cross-check. UNKNOWN: it is recorded without being compared.
    """

    POSITION = "position"
    ORDER = "order"
    ACTION = "action"
    UNKNOWN = "unknown"


class DuplicatePolicy(StrEnum):
    """Whether an id that comes again with other content is an error (409), or another signal."""

    IDS_UNIQUE = "ids_unique"
    IDS_REPEAT = "ids_repeat"


def _exact(value: object) -> object:
    if isinstance(value, float):
        raise ValueError("put the number in quotes, so that it stays exact")
    return value


@dataclass(frozen=True)
class SenderOptions:
    """A sender's format options.

    Attributes
    ----------
    quantity_means, direction_means, duplicate_policy : see their enums.
    freshness_seconds : greatest age of an entry at receipt; an older one is flagged STALE.
    equity : the sender's equity where a signal states none, in the sender's own unit; None for none.
    strategies : ids of the strategies it may send for; empty for none.
    """

    quantity_means: QuantityMeans = QuantityMeans.UNITS
    direction_means: DirectionMeans = DirectionMeans.UNKNOWN
    freshness_seconds: int = DEFAULT_FRESHNESS_SECONDS
    duplicate_policy: DuplicatePolicy = DuplicatePolicy.IDS_UNIQUE
    equity: Decimal | None = None
    strategies: frozenset[str] = frozenset()

    def as_values(self) -> dict[str, Any]:
        """Plain JSON values, for storing; strategies sorted."""
        return {
            "quantity_means": self.quantity_means.value,
            "direction_means": self.direction_means.value,
            "freshness_seconds": self.freshness_seconds,
            "duplicate_policy": self.duplicate_policy.value,
            "equity": None if self.equity is None else str(self.equity),
            "strategies": sorted(self.strategies),
        }

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> SenderOptions:
        """Options from plain values, checked. InputError names the field, its value and what it should be."""
        try:
            entry = _ENTRY.validate_python(dict(values))
        except ValidationError as invalid:
            first = invalid.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise InputError(
                f"sender option {where} is {first['input']!r}: {first['msg']}", remedy="see docs/signals.md, Options"
            ) from None
        return cls(**vars(entry))


@checked.dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class _Entry:
    quantity_means: QuantityMeans = QuantityMeans.UNITS
    direction_means: DirectionMeans = DirectionMeans.UNKNOWN
    freshness_seconds: Annotated[int, Field(gt=0, le=604_800)] = DEFAULT_FRESHNESS_SECONDS
    duplicate_policy: DuplicatePolicy = DuplicatePolicy.IDS_UNIQUE
    equity: Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, max_digits=24)] | None = None
    strategies: frozenset[str] = frozenset()


_ENTRY = TypeAdapter(_Entry)
