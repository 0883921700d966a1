"""data/instruments.yaml, validated field by field when it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from fund_pipeline.errors import InputError
from fund_pipeline.terms import AssetClass


def _exact(value: object) -> object:
    if isinstance(value, float):
        raise ValueError(f'put the number in quotes, "{value}", so that it stays exact')
    return value


Step = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, max_digits=20)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Symbol = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9.]{0,19}$")]
_PAIR = 6

Exchange = Annotated[str, Field(pattern=r"^[A-Z_]{2,20}$")]


class _Terms(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    multiplier: Step | None = None
    lot_step: Step | None = None
    tick: Step | None = None
    currency: Currency | None = None
    calendar: str | None = None
    margin_per_contract: Step | None = None


class ClassTerms(_Terms):
    """What the instruments of an asset class have in common, and which spellings need not be in the file."""

    open_to: str | None = None


@dataclass(frozen=True)
class FullTerms:
    """Terms with nothing left out."""

    multiplier: Decimal
    lot_step: Decimal
    tick: Decimal
    currency: str
    calendar: str
    margin_per_contract: Decimal | None


class InstrumentEntry(_Terms):
    """One instrument; see the head of the file for every field's meaning and unit."""

    symbol: Symbol
    asset_class: AssetClass
    exchange: Exchange | None = None
    name: str = ""
    aliases: tuple[Symbol, ...] = ()
    also: frozenset[AssetClass] = frozenset()

    def on(self, terms: ClassTerms) -> FullTerms:
        """Its terms, from its asset class where it leaves them out. ValueError names what neither says."""
        currency = self.symbol[3:] if self.asset_class is AssetClass.FOREX else None
        multiplier = self.multiplier or terms.multiplier
        lot_step = self.lot_step or terms.lot_step
        tick = self.tick or terms.tick
        currency = self.currency or currency or terms.currency
        calendar = self.calendar or terms.calendar
        if multiplier is None or lot_step is None or tick is None or currency is None or calendar is None:
            needed = "multiplier, lot_step, tick, currency and calendar"
            raise ValueError(f"{self.asset_class}:{self.symbol} needs {needed}, its own or of its class")
        return FullTerms(multiplier, lot_step, tick, currency, calendar, self.margin_per_contract)


class InstrumentFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    classes: dict[AssetClass, ClassTerms]
    instruments: tuple[InstrumentEntry, ...]
    listings: tuple[Exchange, ...] = ()
    exchange_aliases: dict[Exchange, Exchange] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> InstrumentFile:
        if missing := [kind.value for kind in AssetClass if kind not in self.classes]:
            raise ValueError(f"classes has no {', '.join(missing)}")
        seen: set[tuple[AssetClass, str]] = set()
        for entry in self.instruments:
            if entry.asset_class is AssetClass.FUTURE and entry.exchange is None:
                raise ValueError(f"FUTURE:{entry.symbol} has no exchange")
            if entry.asset_class is AssetClass.FOREX and len(entry.symbol) != _PAIR:
                raise ValueError(f"FOREX:{entry.symbol} is not two currencies of three letters")
            entry.on(self.classes[entry.asset_class])
            for spelling in (entry.symbol, *entry.aliases):
                if (entry.asset_class, spelling) in seen:
                    raise ValueError(f"{entry.asset_class}:{spelling} stands there more than once")
                seen.add((entry.asset_class, spelling))
        return self


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where PyYAML was built with it: every run reads this file, and it takes a tenth of the time."""


def read_file(path: Path) -> InstrumentFile:
    """Read and check the file. InputError names it, the field, its value and the fix."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 - both are safe
    except OSError as refused:
        raise unreadable(path, refused) from None
    except (yaml.YAMLError, UnicodeDecodeError) as broken:
        raise InputError(f"{path} is not YAML: {' '.join(str(broken).split())}", remedy="correct the file") from None
    try:
        return InstrumentFile.model_validate(content or {})
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(f"{path}: {where}: {first['msg']}", remedy="correct it and load it again") from None


def unreadable(path: Path, refused: OSError) -> InputError:
    """There is no such file, or it may not be read."""
    return InputError(f"{path} cannot be read: {refused.strerror}", remedy="name the instrument master")
