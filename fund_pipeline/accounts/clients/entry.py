"""Clients, terms and requests as people describe them, checked field by field."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fund_pipeline.accounts.flow_entry import Exact, Words
from fund_pipeline.accounts.limits import first_problem
from fund_pipeline.errors import InputError
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.client_model import (
    Client,
    ClientTerms,
    Crystallisation,
    DealingRequest,
    RequestKind,
)
from fund_pipeline.ledger.model import TradingMode

Entry = TypeVar("Entry", bound=BaseModel)

ID = r"^[a-z0-9][a-z0-9._-]{0,63}$"
USUAL_FEE = Decimal("0.20")

Money = Annotated[Decimal, Exact, Field(gt=0, max_digits=17, decimal_places=2, allow_inf_nan=False)]
Units = Annotated[Decimal, Exact, Field(gt=0, max_digits=21, decimal_places=6, allow_inf_nan=False)]
Share = Annotated[Decimal, Exact, Field(ge=0, le=Decimal("0.5"), decimal_places=6, allow_inf_nan=False)]


class ClientEntry(BaseModel):
    """A client with the first version of the terms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = Field(pattern=ID)
    fund_id: str
    mode: TradingMode
    name: Words = Field(min_length=1, max_length=200)
    user_id: str | None = None
    valid_from: date
    performance_fee: Share = USUAL_FEE
    crystallisation: Crystallisation = Crystallisation.YEAR_END


class TermsEntry(BaseModel):
    """A version of a client's terms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str
    valid_from: date
    performance_fee: Share
    crystallisation: Crystallisation


class RequestEntry(BaseModel):
    """What a client asks for: money in; or money, units or all of it out or over to another client."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str
    kind: RequestKind
    day: date
    amount: Money | None = None
    units: Units | None = None
    everything: bool = False
    to_client: str | None = None
    reference: Words = Field(min_length=1, max_length=128)
    note: Words = Field("", max_length=500)

    @model_validator(mode="after")
    def _says_how_much(self) -> RequestEntry:
        said = (self.amount is not None, self.units is not None, self.everything)
        if self.kind is RequestKind.SUBSCRIPTION and said != (True, False, False):
            raise ValueError(f"amount is {self.amount}: a subscription is of an amount of money, and nothing else")
        if said.count(True) != 1:
            raise ValueError(
                f"amount is {self.amount}, units is {self.units}: give one of amount, units and everything"
            )
        if (self.kind is RequestKind.TRANSFER) != (self.to_client is not None):
            raise ValueError(
                f"to_client is {self.to_client!r}: a transfer, and nothing else, names the client who gets the units"
            )
        if self.to_client == self.client_id:
            raise ValueError(f"to_client is {self.to_client!r}: the client whose units they are")
        return self


def parse_client(fields: Mapping[str, object], act: Act) -> tuple[Client, ClientTerms]:
    """Check a client and its first terms as they were given. InputError names the field, its value and the fix."""
    entry = _checked(ClientEntry, fields)
    client = Client(entry.client_id, entry.fund_id, entry.mode, entry.name, entry.user_id)
    return client, _terms(entry.client_id, entry.valid_from, entry.performance_fee, entry.crystallisation, act)


def parse_terms(fields: Mapping[str, object], act: Act) -> ClientTerms:
    """Check a version of terms as it was given. InputError names the field, its value and the fix."""
    entry = _checked(TermsEntry, fields)
    return _terms(entry.client_id, entry.valid_from, entry.performance_fee, entry.crystallisation, act)


def parse_request(fields: Mapping[str, object], act: Act) -> DealingRequest:
    """Check a request as it was given. InputError names the field, its value and the fix."""
    entry = _checked(RequestEntry, fields)
    named = hashlib.sha256(f"{entry.client_id}\n{entry.reference}".encode()).hexdigest()[:24]
    return DealingRequest(
        request_id=f"deal-{named}",
        client_id=entry.client_id,
        kind=entry.kind,
        day=entry.day,
        amount=entry.amount,
        units=entry.units,
        to_client=entry.to_client,
        reference=entry.reference,
        note=entry.note,
        requested_by=act.actor,
        requested_at=act.at,
    )


def _terms(client_id: str, start: date, fee: Decimal, crystallisation: Crystallisation, act: Act) -> ClientTerms:
    return ClientTerms(client_id, start, fee, crystallisation, act.actor, act.at)


def _checked(kind: type[Entry], fields: Mapping[str, object]) -> Entry:
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    try:
        return kind.model_validate(given)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        said = first_problem(invalid) if first["loc"] else str(first["ctx"]["error"])
        raise InputError(said, remedy="see `fund clients --help` and docs/books.md for the fields") from None
