"""What a decision looks like when it is sent."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, WithJsonSchema

from fund_pipeline.allocations.approval.request import Override, Request, Verb
from fund_pipeline.api.context import Asking

_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,24})?")
_LINES = frozenset("\n\r\t")


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it has characters that cannot be printed")
    return text


def _prose(text: str) -> str:
    if any(unicodedata.category(each) in {"Cc", "Cs"} and each not in _LINES for each in text):
        raise ValueError("it has control characters")
    return text


def _printable(secret: SecretStr) -> SecretStr:
    _one_line(secret.get_secret_value())
    return secret


def _decimal(value: Any) -> Decimal:
    if not isinstance(value, str):
        raise ValueError('write it as a decimal in a string, such as "0.25": a JSON number loses digits on the way')
    if _DECIMAL.fullmatch(value) is None:
        raise ValueError("write it as digits with a decimal point, such as 0.25")
    return Decimal(value)


Line = Annotated[str, AfterValidator(_one_line)]
Prose = Annotated[str, Field(max_length=2000), AfterValidator(_prose)]
Code = Annotated[SecretStr, Field(max_length=64), AfterValidator(_printable)]
Weight = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    WithJsonSchema({"type": "string", "pattern": f"^{_DECIMAL.pattern}$", "examples": ["0.25"]}),
]


class OverrideBody(BaseModel):
    """Why weights that break a limit are right, and the second admin where the fund's policy wants one."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reason: Prose = Field(description="Why, for the record.")
    second_by: Line = Field("", max_length=64, description="User id of the second admin.")
    second_code: Code = Field(SecretStr(""), description="The second admin's one-time code, used up by this.")


class RejectBody(BaseModel):
    """A decision, and the proof of who makes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    allocation_id: Line = Field(
        max_length=256,
        description="The `shown` of what is decided on: its id, a colon, and the digest of what was shown.",
        examples=["demo-8a49847b409e:9f2c51d07c6e4b1a"],
    )
    approved_by: Line = Field(max_length=64, description="Your user id: the one you are logged in with.")
    code: Code = Field(description="Your one-time code, or a recovery code. Each works once.")
    note: Prose = Field("", description="Why, for the record.")

    def request(self, asking: Asking, verb: Verb) -> Request:
        """The decision as it is asked for by who is logged in."""
        return Request(
            verb,
            self.allocation_id,
            asking.admin,
            self.code.get_secret_value(),
            self.note,
            correlation_id=asking.request_id,
        )


class ApproveBody(RejectBody):
    """An approval; of weights that break a limit only with an override."""

    override: OverrideBody | None = Field(None, description="For weights that break a limit of the fund.")

    def overriding(self) -> Override | None:
        """The override as it is asked for."""
        given = self.override
        if given is None:
            return None
        return Override(given.reason, given.second_by, given.second_code.get_secret_value())


class CustomBody(ApproveBody):
    """An approval of other weights than were recommended."""

    weights: dict[Line, Weight] = Field(
        description="The weight of every strategy that shall have one, as a decimal in a string: a fraction of the "
        "fund's equity. What is not named gets nothing.",
        examples=[{"LowVol_Long": "0.2", "TS_Momentum": "0.35"}],
    )
