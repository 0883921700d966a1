"""A cash flow as a person or a file describes it, checked field by field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from fund_pipeline.accounts.limits import first_problem
from fund_pipeline.accounts.times import moment_of
from fund_pipeline.errors import InputError


class AskedKind(StrEnum):
    """What may be recorded. A TRANSFER becomes two flows."""

    OPENING = "OPENING"
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    TRANSFER = "TRANSFER"
    FEE = "FEE"
    DIVIDEND = "DIVIDEND"
    INTEREST = "INTEREST"
    PERFORMANCE_FEE = "PERFORMANCE_FEE"

    @property
    def is_signed(self) -> bool:
        """Whether the amount's sign says which way it goes: a short position pays dividends, a debit pays interest."""
        return self in (AskedKind.DIVIDEND, AskedKind.INTEREST)


FIELDS = ("account", "kind", "amount", "currency", "effective", "reference", "to", "amount_in", "rate", "note")
"""Of a flow, in the order in which people are told of them."""

PLAIN = re.compile(r"^[+-]?\d+(\.\d+)?$")


def _exact(value: Any) -> Any:
    if isinstance(value, str):
        if not PLAIN.match(value.strip()):
            raise ValueError("write digits with a point and nothing else, as 1000.00")
        return value.strip()
    if not isinstance(value, Decimal):
        raise ValueError("is no exact decimal")
    return value


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("has characters that cannot be printed, or spaces at an end")
    return text


Exact = BeforeValidator(_exact)
"""A number as it was written, in plain digits."""

Money = Annotated[Decimal, Exact, Field(max_digits=27, decimal_places=12, allow_inf_nan=False)]
Words = Annotated[str, AfterValidator(_printable)]


class FlowEntry(BaseModel):
    """One cash flow. See docs/books.md for every field's meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str
    kind: AskedKind
    amount: Money
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    effective: str
    reference: Words = Field(min_length=1, max_length=100)
    to: str | None = None
    amount_in: Money | None = Field(None, gt=0)
    rate: Money | None = Field(None, gt=0)
    note: Words = Field("", max_length=500)

    @model_validator(mode="after")
    def _amounts_and_sides(self) -> FlowEntry:
        if self.amount == 0:
            raise ValueError("amount is 0: a flow of nothing is none")
        if self.amount < 0 and not self.kind.is_signed:
            raise ValueError(f"amount is {self.amount}: give a {self.kind.value} above zero; its kind says its way")
        if (self.kind is AskedKind.TRANSFER) != (self.to is not None):
            raise ValueError(f"to is {self.to!r}: a TRANSFER, and nothing else, names the account that it goes to")
        if self.amount_in is not None and self.kind is not AskedKind.TRANSFER:
            raise ValueError(f"amount_in is {self.amount_in}: only a TRANSFER arrives in another currency")
        return self


@dataclass(frozen=True)
class NewFlow:
    """A flow that is to be recorded; `effective_at` in UTC. Amounts as they were given, see `AskedKind.is_signed`."""

    account_id: str
    kind: AskedKind
    amount: Decimal
    currency: str
    effective_at: datetime
    reference: str
    to_account: str | None = None
    amount_in: Decimal | None = None
    rate: Decimal | None = None
    note: str = ""


def parse_flow(fields: Mapping[str, object], zone: ZoneInfo) -> NewFlow:
    """Check one flow as it was given. A time without an offset is one of the fund's time zone.

    InputError names the field, its value and the fix.
    """
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    try:
        entry = FlowEntry.model_validate(given)
    except ValidationError as invalid:
        said = first_problem(invalid)
        if not invalid.errors()[0]["loc"]:
            said = str(invalid.errors()[0]["ctx"]["error"])
        raise InputError(said, remedy="see `fund flows add --help` for the fields and their values") from None
    return NewFlow(
        account_id=entry.account,
        kind=entry.kind,
        amount=entry.amount,
        currency=entry.currency,
        effective_at=moment_of("effective", entry.effective, zone).astimezone(UTC),
        reference=entry.reference,
        to_account=entry.to,
        amount_in=entry.amount_in,
        rate=entry.rate,
        note=entry.note,
    )
