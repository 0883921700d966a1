"""dagster-dbt without dbt in this process: what it knows of the project is the manifest, and dbt is run on its own.

Where dagster-dbt finds dbt it imports most of it, which takes longer than everything else of this location together,
in each process that loads the location. Where it finds none it does the same without.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING, Any

from dagster_shared.libraries import DagsterLibraryRegistry
from packaging.version import Version

if TYPE_CHECKING:
    from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets

__all__ = ["DagsterDbtTranslator", "DbtProcess", "dbt_assets"]


@contextmanager
def _unseen(module: str) -> Iterator[None]:
    """As if a module were not installed, for whoever can do without it."""
    known: dict[str, Any] = sys.modules
    before = {module: known[module]} if module in known else {}
    known[module] = None
    try:
        yield
    finally:
        del known[module]
        known.update(before)


with _unseen("dbt.version"):
    from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets

DagsterLibraryRegistry._libraries.pop("dbt-fusion", None)  # which it takes us to use
DagsterLibraryRegistry.register("dbt-core", metadata.version("dbt-core"), is_dagster_package=False)


class DbtProcess(DbtCliResource):
    """dbt as a process that is told what to do, and says what it did: nothing else is asked of it."""

    @cached_property
    def _cli_version(self) -> Version:
        """As it is installed. `dbt --version` would ask the package index whether there is a newer one."""
        return Version(metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        """None: it would import all of dbt here, to ask the database what nobody asks."""
