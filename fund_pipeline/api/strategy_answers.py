"""What the API tells of strategies, and what it takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from fund_pipeline.accounts.registry import StrategyEntry
from fund_pipeline.ledger.model import Strategy, StrategyStatus, TradingMode
from fund_pipeline.terms import SizingMode


class StrategyAnswer(BaseModel):
    """A strategy as the registry has it. The same fields are taken back by PUT."""

    strategy_id: str
    name: str
    status: StrategyStatus = Field(description="Only ACTIVE ones are optimised; INACTIVE ones open nothing.")
    trading_mode: TradingMode = Field(description="PAPER never reaches a live broker.")
    sizing: SizingMode = Field(description="How an entry's quantity follows from its signal.")
    include_in_optimization: bool = Field(description="Whether it may get a weight.")
    accounts: list[str] = Field(description="Accounts it may use.")
    risk_limits: dict[str, Any] = Field(description="Its own limits.")
    developer_contact: str
    notes: str = Field(description="Its rule in words.")
    unit_notional: Decimal | None = Field(description="Capital of one unit, in the fund's currency.")
    margin_per_unit: Decimal | None = Field(description="Margin of one unit, in the fund's currency.")
    lot_step: Decimal = Field(description="Units come in whole multiples of this.")
    max_gross: Decimal | None = Field(description="Greatest notional ÷ equity.")
    expected_alpha_per_trade: Decimal | None = Field(description="Fraction of the entry price.")

    @classmethod
    def of(cls, strategy: Strategy) -> StrategyAnswer:
        """As the ledger has it."""
        return cls.model_validate(strategy, from_attributes=True)


class StrategiesAnswer(BaseModel):
    """Strategies, by id."""

    strategies: list[StrategyAnswer]


class SyncAnswer(BaseModel):
    """A run that was started, and has not ended yet."""

    strategy_id: str
    run_id: str = Field(description="Its id in Dagster.")
    url: str = Field(description="Its page, on the machine that Dagster runs on.")


def change_schema() -> dict[str, Any]:
    """The body of PUT, for the description of the API: any of StrategyEntry's fields, none with a default."""
    schema = StrategyEntry.model_json_schema(ref_template="#/components/schemas/{model}")
    fields = {
        name: {key: value for key, value in field.items() if key != "default"}
        for name, field in schema["properties"].items()
    }
    return {
        "title": "StrategyChange",
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
        "description": "What shall be changed.",
    }
