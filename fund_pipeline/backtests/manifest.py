"""The sidecar a developer may put beside a file: ``<stem>.yaml``, stating what the file cannot."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from fund_pipeline.backtests.model import Column, Finding, FindingCode, Refusal, Unit
from fund_pipeline.backtests.sessions import is_calendar

SUFFIXES = (".yaml", ".yml")
MAX_BYTES = 64 * 1024
_REMEDY = (
    "keep only the keys strategy, unit, start_capital, calendar, margin_per_unit, columns, date_format, decimal_mark"
)
Money = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Manifest(BaseModel):
    """What a sidecar may state. Unknown keys are refused: a misspelt ``unit`` must not pass unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    strategy: str | None = Field(None, description="Strategy id; default the file's stem.")
    unit: Unit | None = Field(None, description="percent or decimal.")
    start_capital: Money | None = Field(None, description="Equity before the first day, account currency.")
    calendar: str | None = Field(None, description="exchange_calendars name, for example XNYS or 24/7.")
    margin_per_unit: Money | None = Field(None, description="Margin for one unit, account currency.")
    columns: dict[Column, str] = Field(default_factory=dict, description="Header of each column, where unusual.")
    date_format: str | None = Field(None, description="strptime pattern of the dates, for example %d/%m/%Y.")
    decimal_mark: Literal[".", ","] | None = Field(None, description="Mark before the decimals of numbers.")

    @field_validator("unit", mode="before")
    @classmethod
    def _unit_in_any_case(cls, value: object) -> object:
        return value.strip().casefold() if isinstance(value, str) else value

    @field_validator("calendar")
    @classmethod
    def _known_calendar(cls, value: str | None) -> str | None:
        if value is not None and not is_calendar(value):
            raise ValueError("is not a calendar of exchange_calendars; use for example XNYS, XLON or 24/7")
        return value

    @field_validator("date_format")
    @classmethod
    def _format_names_a_day(cls, value: str | None) -> str | None:
        day = date(2001, 2, 3)
        if value is not None:
            try:
                same = datetime.strptime(day.strftime(value), value).date() == day  # noqa: DTZ007 - a date has no zone
            except ValueError:
                same = False
            if not same:
                raise ValueError("does not name year, month and day; use for example %d/%m/%Y or %Y-%m-%d")
        return value


EMPTY = Manifest()


class _UniqueKeys(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, where plain YAML keeps the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} is given twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def find_manifest(file: Path) -> Path | None:
    """The sidecar of a file, or None. Two sidecars raise Refusal: which of them counts is not ours to guess."""
    found = [path for suffix in SUFFIXES if (path := file.with_suffix(suffix)).exists()]
    if len(found) > 1:
        raise Refusal(
            Finding(
                FindingCode.BAD_MANIFEST,
                f"two manifests for {file.name}: {found[0].name} and {found[1].name}",
                "keep one of them",
                file=file.name,
            )
        )
    return found[0] if found else None


def read_manifest(text: bytes, name: str) -> Manifest:
    """Parse a sidecar's bytes; ``name`` is its file name, for messages. Refusal names each wrong key and value."""
    try:
        loaded = yaml.load(text.decode("utf-8-sig"), Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader subclass
    except yaml.MarkedYAMLError as broken:
        row = broken.problem_mark.line + 1 if broken.problem_mark else None
        message = f"is not YAML: {broken.problem or broken.context}"
        raise Refusal(Finding(FindingCode.BAD_MANIFEST, message, "correct that line", name, row)) from broken
    except (yaml.YAMLError, UnicodeDecodeError) as broken:
        message = f"is not YAML text: {str(broken).splitlines()[0]}"
        raise Refusal(Finding(FindingCode.BAD_MANIFEST, message, "save it as UTF-8 text", name)) from broken
    if loaded is None:
        return EMPTY
    if not isinstance(loaded, dict):
        message = f"holds a {type(loaded).__name__}, not keys with values"
        raise Refusal(Finding(FindingCode.BAD_MANIFEST, message, "write lines such as 'unit: percent'", name))
    try:
        return Manifest.model_validate(loaded)
    except ValidationError as wrong:
        raise Refusal(*(_finding(error, name) for error in wrong.errors())) from wrong


def _finding(error: Any, name: str) -> Finding:
    key = ".".join(str(part) for part in error["loc"] if part != "[key]")
    unknown = error["type"] == "extra_forbidden"
    message = "unknown key" if unknown else str(error["msg"]).removeprefix("Value error, ")
    remedy = _REMEDY if unknown else f"correct {key}, or leave it out"
    return Finding(FindingCode.BAD_MANIFEST, message, remedy, name, column=key, value=str(error["input"]))
