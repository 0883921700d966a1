"""Typed settings from the environment: every knob with its unit and default, once.

Each field is read from ``FUND_<NAME>``, or from ``.env`` in the project's folder. Relative paths start there too, so
that a command does the same wherever it is called. ``.env.example`` lists all fields; a test keeps it equal to this.
"""

from __future__ import annotations

import os
from datetime import time
from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

import fund_pipeline
from fund_pipeline.errors import ConfigurationError

PREFIX = "FUND_"
PROJECT = Path(fund_pipeline.__file__).resolve().parent.parent
INTERNAL = frozenset({"FUND_SERVICES_TOKEN"})
"""Variables of ours that are no settings: the mark of the processes that `fund up` started."""


class Settings(BaseSettings):
    """Every knob of the product. Relative paths start at the project's folder; times are in ``time_zone``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, validate_default=True)

    home: Path = Field(
        Path(".fund"), description="Folder of everything embedded: ledger, warehouse, Dagster home, logs."
    )
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL URL of the ledger (postgresql://...). Empty: SQLite under FUND_HOME."
    )
    dagster_database_url: SecretStr | None = Field(
        None, description="PostgreSQL URL of the Dagster instance. Empty: SQLite under FUND_HOME."
    )
    secrets_key: SecretStr | None = Field(
        None,
        description="Fernet keys that encrypt users' one-time code secrets, newest first, separated by commas. "
        "Empty: from FUND_SECRETS_KEY_FILE.",
    )
    secrets_key_file: Path | None = Field(
        None, description="File that holds them. Empty: FUND_HOME/keys/secrets.key, made at the first enrolment."
    )
    audit_key: SecretStr | None = Field(
        None,
        description="Keys of the audit log's chain, at least 32 characters each, newest first, separated by commas. "
        "Empty: from FUND_AUDIT_KEY_FILE.",
    )
    audit_key_file: Path | None = Field(
        None, description="File that holds them. Empty: FUND_HOME/keys/audit.key, made by `fund ledger upgrade`."
    )
    audit_anchors_dir: Path | None = Field(
        None, description="Folder of audit-anchors.jsonl, best on another disk than the ledger. Empty: FUND_HOME."
    )
    lockout_failures: int = Field(5, ge=1, le=20, description="Failed codes (or passwords) that lock a user.")
    lockout_window_minutes: int = Field(15, ge=1, description="Minutes within which those failures count.")
    lockout_minutes: int = Field(15, ge=1, description="Minutes that a lock lasts.")
    login_minutes: int = Field(60, ge=1, le=720, description="Minutes that a login to the dashboards lasts.")
    time_zone: str = Field("America/New_York", description="IANA time zone of the fund's day and of the schedules.")
    nav_close: time = Field(
        time(17), description="Local time, HH:MM, at which the fund's day closes and its NAV is struck."
    )
    backtests_dir: Path = Field(Path("data/backtests"), description="Folder that strategy developers' files arrive in.")
    market_prices: Path = Field(
        Path("data/prices/sp500_index.csv"), description="CSV of the market's daily closes: date, then one column."
    )
    calendar: str = Field("XNYS", description="Exchange calendar (exchange_calendars code) of files that name none.")
    environment: Literal["staging", "production"] = Field(
        "staging", description="Which signals this deployment takes; those of the other are refused."
    )
    instruments: Path = Field(
        Path("data/instruments.yaml"), description="The instrument master: how each instrument of a signal trades."
    )
    paper_prices: Path | None = Field(
        Path("data/prices"),
        description="Folder of daily closes whose newest are the quotes of paper accounts. Empty: none are fed.",
    )
    spool_dir: Path | None = Field(
        None, description="Folder in which signals wait while the ledger is away. Empty: FUND_HOME/spool."
    )
    signal_rate: int = Field(
        100,
        ge=1,
        le=100_000,
        description="Signals per second that one sender may send; ten times as many at once after a rest.",
    )
    signal_target_seconds: float = Field(
        10.0,
        gt=0,
        description="Seconds from a signal's receipt within which 95 % of orders shall be acknowledged by the broker.",
    )
    run_days: int = Field(
        60, ge=1, description="Days that finished runs of jobs that run all day are kept; all others are for ever."
    )
    warm_launcher: bool = Field(
        True,
        description="Whether runs of `trading` are forked from a warm process, and sensors wait for signals inside "
        "their tick: orders in about a second.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas. "
        "Empty: none is.",
    )
    mongodb_url: SecretStr | None = Field(
        None, description="URL of the signal collector's MongoDB (mongodb://...). Empty: it is not followed."
    )
    mongodb_database: str | None = Field(None, description="Its database. Empty: the one that FUND_MONGODB_URL names.")
    mongodb_collection: str = Field("trading_signals", description="Its collection of signals.")
    min_overlap_days: int = Field(252, ge=20, description="Least common days of a correlation and of the allocation.")
    host: str = Field("127.0.0.1", description="Address the web server binds. Dagster has no login: keep it local.")
    port: int = Field(3000, ge=1, le=65535, description="TCP port of the Dagster web server.")
    api_host: str = Field(
        "127.0.0.1",
        description="Address the HTTP API binds. It takes passwords over plain HTTP: loopback, unless "
        "FUND_TRUSTED_PROXIES says who else may connect.",
    )
    api_port: int = Field(8000, ge=1, le=65535, description="TCP port of the HTTP API.")
    log_format: Literal["console", "json"] = Field("console", description="Log lines for people or for programs.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="Least severity that is logged to standard error."
    )

    @field_validator(
        "database_url",
        "dagster_database_url",
        "secrets_key",
        "secrets_key_file",
        "audit_key",
        "audit_key_file",
        "audit_anchors_dir",
        "spool_dir",
        "paper_prices",
        "mongodb_url",
        "mongodb_database",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator(
        "home",
        "backtests_dir",
        "market_prices",
        "instruments",
        "secrets_key_file",
        "audit_key_file",
        "audit_anchors_dir",
        "spool_dir",
        "paper_prices",
    )
    @classmethod
    def _from_the_project(cls, value: Path | None) -> Path | None:
        return None if value is None else PROJECT / value.expanduser()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            raise ValueError(f"{value!r} is not an IANA time zone such as America/New_York") from unknown
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in filter(None, map(str.strip, value.split(","))):
            try:
                ip_network(part)
            except ValueError as wrong:
                raise ValueError(f"{part!r} is no address or network such as 10.0.0.5 or 10.0.0.0/24") from wrong
        return value

    @field_validator("api_host")
    @classmethod
    def _only_this_machine(cls, value: str, others: ValidationInfo) -> str:
        try:
            address = ip_address(value)
        except ValueError:
            address = None
        if address is None or not (address.is_loopback or others.data.get("trusted_proxies")):
            raise ValueError(
                f"{value!r} is no loopback address such as 127.0.0.1; put a proxy with TLS in front for other "
                "machines, and name it in FUND_TRUSTED_PROXIES where it is not on this one"
            )
        return value

    @property
    def root(self) -> Path:
        """The home as an absolute path."""
        return self.home.resolve()

    @property
    def dagster_home(self) -> Path:
        """Folder given to Dagster as DAGSTER_HOME."""
        return self.root / "dagster"

    @property
    def warehouse(self) -> Path:
        """Folder of the Parquet snapshots; rebuildable at any time."""
        return self.root / "warehouse"

    @property
    def marts(self) -> Path:
        """Folder of the ledger's export and of the marts that are built from it; rebuildable at any time."""
        return self.warehouse / "marts"

    @property
    def quarantine(self) -> Path:
        """Folder that keeps a copy of every refused file."""
        return self.root / "quarantine"

    @property
    def audit_anchors(self) -> Path:
        """Folder of the audit log's anchors."""
        return self.audit_anchors_dir or self.root

    @property
    def spool(self) -> Path:
        """Folder in which signals wait while the ledger is away."""
        return self.spool_dir or self.root / "spool"

    @property
    def proxies(self) -> tuple[str, ...]:
        """Addresses and networks of proxies whose X-Forwarded-For is believed."""
        return tuple(filter(None, map(str.strip, self.trusted_proxies.split(","))))

    @property
    def mongodb_positions(self) -> Path:
        """Folder that keeps how far the collector's database has been followed."""
        return self.root / "mongodb"

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger. It may hold a password: never print it."""
        if self.database_url is None:
            return f"sqlite:///{self.root / 'ledger.sqlite'}"
        return _psycopg2(self.database_url.get_secret_value(), "FUND_DATABASE_URL")

    @property
    def dagster_storage_url(self) -> str | None:
        """SQLAlchemy URL of the Dagster instance's PostgreSQL, or None for SQLite under the home."""
        if self.dagster_database_url is None:
            return None
        return _psycopg2(self.dagster_database_url.get_secret_value(), "FUND_DAGSTER_DATABASE_URL")


def _psycopg2(url: str, name: str) -> str:
    """Name the driver: dagster-postgres needs psycopg2, and one process should not load two drivers."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"}:
        raise ConfigurationError(
            f"{name} has scheme {scheme.split(':')[0]!r}, which is not PostgreSQL",
            remedy=f"set {name}=postgresql://user:password@host:5432/name, or leave it empty for SQLite",
        )
    return f"postgresql+psycopg2://{rest}"


def load_settings(dotenv: Path = PROJECT / ".env") -> Settings:
    """Read the settings, or raise ConfigurationError naming each bad or unknown variable (never its secret value)."""
    given = frozenset((name, value) for name, value in os.environ.items() if name.upper().startswith(PREFIX))
    return _load(dotenv, _stamp(dotenv), given)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes with a file's content; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4)
def _load(dotenv: Path, _stamped: tuple[int, int, int] | None, _given: frozenset[tuple[str, str]]) -> Settings:
    """Read once for as long as the environment and the file are the same: every tick and step asks."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | INTERNAL
    given = {name.upper() for name in (*os.environ, *dotenv_values(dotenv)) if name.upper().startswith(PREFIX)}
    if unknown := sorted(given - known):
        raise ConfigurationError(
            f"{', '.join(unknown)} is no setting", remedy="`fund settings` lists them; correct or remove it"
        )
    try:
        return Settings(_env_file=dotenv)
    except ValidationError as invalid:
        problems = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in invalid.errors())
        raise ConfigurationError(problems, remedy="correct the variable in the environment or in .env") from None
