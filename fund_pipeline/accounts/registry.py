"""The registry file: funds, accounts and strategies in YAML, validated field by field."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from fund_pipeline.accounts.accounts import AccountEntry, put_account
from fund_pipeline.accounts.limits import FundLimits, first_problem
from fund_pipeline.accounts.permissions import put_permitted
from fund_pipeline.accounts.sizing_limits import StrategyLimits
from fund_pipeline.errors import InputError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.accounts import list_accounts
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.funds import list_funds, put_fund
from fund_pipeline.ledger.model import Fund, Strategy, StrategyStatus, TradingMode
from fund_pipeline.ledger.strategies import list_strategies
from fund_pipeline.terms import SizingMode

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}$"

RESERVED = frozenset({"date", "strategy_id"})


def _exact(value: object) -> object:
    if isinstance(value, float):
        raise ValueError(f"put the number in quotes, \"{value}\", so that it stays exact")  # fmt: skip
    return value


def _text(value: str) -> str:
    if any(unicodedata.category(each) in {"Cc", "Cs"} for each in value):
        raise ValueError("it has control characters")
    return value


def _prose(value: str) -> str:
    _text(value.translate(dict.fromkeys(map(ord, "\n\r\t"))))
    return value


Exact = Annotated[
    Decimal,
    BeforeValidator(_exact),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": r"^-?[0-9]{1,26}(\.[0-9]{1,12})?$"}, {"type": "integer"}]},
        "validation",
    ),
]
Amount = Annotated[Exact, Field(max_digits=38, decimal_places=12)]
"""As many digits as the ledger keeps."""
Text = Annotated[str, AfterValidator(_text)]
Prose = Annotated[str, AfterValidator(_prose)]


class FundEntry(BaseModel):
    """One fund. `capital` is in `currency`; `risk_limits` are those of docs/limits.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fund_id: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,47}$")
    name: str = Field(min_length=1, max_length=200)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    capital: Exact = Field(gt=0, max_digits=24, decimal_places=2)
    risk_limits: FundLimits = FundLimits()

    def to_fund(self) -> Fund:
        """The value the ledger keeps; limits left at their defaults are not stored, so that defaults can improve."""
        limits = self.risk_limits.model_dump(mode="json", exclude_unset=True)
        return Fund(self.fund_id, self.name, self.currency, self.capital, limits)


class StrategyEntry(BaseModel):
    """One strategy. See docs/limits.md for every field's meaning and unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    strategy_id: str = Field(pattern=ID_PATTERN)
    name: Text = Field("", max_length=200)
    status: StrategyStatus = StrategyStatus.TESTING
    trading_mode: TradingMode = TradingMode.PAPER
    sizing: SizingMode = SizingMode.SCALE
    include_in_optimization: bool = True
    accounts: tuple[Text, ...] = ()
    risk_limits: StrategyLimits = StrategyLimits()
    developer_contact: Text = Field("", max_length=320)
    notes: Prose = ""
    unit_notional: Amount | None = Field(None, gt=0)
    margin_per_unit: Amount | None = Field(None, gt=0)
    lot_step: Amount = Field(Decimal(1), gt=0)
    max_gross: Amount | None = Field(None, gt=0)
    expected_alpha_per_trade: Amount | None = None

    @field_validator("strategy_id")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value.lower() in RESERVED:
            raise ValueError("is the name of a column in the warehouse; choose another")
        return value

    def to_strategy(self) -> Strategy:
        """The value the ledger keeps."""
        limits = self.risk_limits.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        return Strategy(**self.model_dump() | {"name": self.name or self.strategy_id, "risk_limits": limits})


class RegistryFile(BaseModel):
    """A whole registry file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    funds: tuple[FundEntry, ...] = ()
    accounts: tuple[AccountEntry, ...] = ()
    strategies: tuple[StrategyEntry, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> RegistryFile:
        named = {
            "fund_id": [fund.fund_id for fund in self.funds],
            "fund name": [fund.name for fund in self.funds],
            "account_id": [account.account_id for account in self.accounts],
            "strategy_id": [strategy.strategy_id for strategy in self.strategies],
        }
        for what, values in named.items():
            if twice := sorted({value for value in values if values.count(value) > 1}):
                raise ValueError(f"{what} {', '.join(twice)} stands there more than once")
        return self


@dataclass(frozen=True)
class ImportResult:
    """Which funds, strategies and accounts an import added or changed; the rest already were exactly so."""

    funds: tuple[str, ...]
    strategies: tuple[str, ...]
    accounts: tuple[str, ...] = ()


def read_registry(path: Path) -> RegistryFile:
    """Read and check a registry file. InputError names the file, the field, its value and the fix."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist", remedy="name a registry file, such as data/registry.yaml") from None
    except OSError as refused:
        raise InputError(f"{path} cannot be read: {refused.strerror}", remedy="name a readable file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as broken:
        raise InputError(f"{path} is not YAML: {' '.join(str(broken).split())}", remedy="correct the file") from None
    try:
        return RegistryFile.model_validate(content or {})
    except ValidationError as invalid:
        raise InputError(f"{path}: {first_problem(invalid)}", remedy="correct it and import again") from None


def parse_fund(fields: Mapping[str, object]) -> Fund:
    """Check one fund's fields as a person gave them. InputError names the field, its value and the fix."""
    try:
        return FundEntry.model_validate(dict(fields)).to_fund()
    except ValidationError as invalid:
        raise InputError(
            f"fund {fields.get('fund_id')}: {first_problem(invalid)}",
            remedy="see `fund funds add --help` for the fields, docs/limits.md for the limits",
        ) from None


def parse_strategy(fields: Mapping[str, object]) -> Strategy:
    """Check one strategy's fields as a person gave them. InputError names the field, its value and the fix."""
    try:
        return StrategyEntry.model_validate(dict(fields)).to_strategy()
    except ValidationError as invalid:
        raise InputError(
            f"strategy {fields.get('strategy_id')}: {first_problem(invalid)}",
            remedy="see `fund strategies add --help` for the fields, docs/limits.md for their values",
        ) from None


def import_registry(ledger: Ledger, registry: RegistryFile, act: Act, *, only_missing: bool = False) -> ImportResult:
    """Put a registry file into the ledger, or what is missing there of it. Twice changes nothing.

    Raises
    ------
    NotFoundError : an account's fund, or an account that a strategy may use, is neither in the file nor in the ledger.
    ConflictError : an account would become LIVE by it, or its history or a strategy's mode forbids it.
    """
    there = {f.fund_id for f in list_funds(ledger)} if only_missing else set()
    held = {a.account_id for a in list_accounts(ledger)} if only_missing else set()
    known = {s.strategy_id for s in list_strategies(ledger)} if only_missing else set()
    funds = [f.to_fund() for f in registry.funds if f.fund_id not in there]
    accounts = [a.to_account() for a in registry.accounts if a.account_id not in held]
    strategies = [s.to_strategy() for s in registry.strategies if s.strategy_id not in known]
    return ImportResult(  # in this order, as each names what came before
        funds=tuple(f.fund_id for f in funds if put_fund(ledger, f, act)),
        accounts=tuple(a.account_id for a in accounts if put_account(ledger, a, act)),
        strategies=tuple(s.strategy_id for s in strategies if put_permitted(ledger, s, act)),
    )
