"""The Dagster home: its folder, its configuration and its tables.

`python -m fund_pipeline.defs.home` brings the ledger and the Dagster instance up to date and exits: the step before
any service starts. It changes nothing when both are.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fund_pipeline
from fund_pipeline.errors import ConfigurationError, FundError
from fund_pipeline.settings import Settings, load_settings

CONFIGURATION = "dagster.yaml"


def prepare_home(settings: Settings) -> Path:
    """Make the Dagster home ready for many processes, point DAGSTER_HOME at it and return it (absolute).

    The tables are made here, once and by one process: two that meet a fresh SQLite home race in its migrations.

    Raises
    ------
    ConfigurationError : the product's `dagster.yaml` is missing, or the home cannot be written.
    TemporaryError : the PostgreSQL of the Dagster instance does not answer.
    """
    home = settings.dagster_home
    configuration = _product_configuration()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(home):
            _install(configuration, home / CONFIGURATION)
            os.environ["DAGSTER_HOME"] = str(home)
            _create_tables()
    except OSError as refused:
        raise ConfigurationError(
            f"the Dagster home {home} cannot be written: {refused.strerror}",
            remedy="set FUND_HOME to a folder of yours",
        ) from refused
    return home


def _product_configuration() -> bytes:
    path = Path(fund_pipeline.__file__).resolve().parent.parent / CONFIGURATION
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path} does not exist",
            remedy="install from the product's folder with `pip install --editable .`, which leaves dagster.yaml there",
        ) from None


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    with (home / ".prepare.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _install(content: bytes, target: Path) -> None:
    if target.exists() and target.read_bytes() == content:
        return
    staged = target.with_suffix(".staged")
    staged.write_bytes(content)
    staged.replace(target)


def _create_tables() -> None:
    from dagster import DagsterInstance  # here, because the caller may only want to know where the home is

    with DagsterInstance.get() as instance:
        instance.get_runs(limit=1)
        instance.all_instigator_state()
        instance.event_log_storage.get_maximum_record_id()


def main() -> int:
    """Bring both stores up to date; return the process's exit code. A failure is one line on standard error."""
    from fund_pipeline.ledger.migrate import upgrade

    try:
        settings = load_settings()
        upgrade(settings.ledger_url)
        prepare_home(settings)
    except FundError as failed:
        sys.stderr.write(f"{failed}\n")
        return failed.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
