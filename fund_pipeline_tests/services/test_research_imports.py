"""Loading `research` takes as long as it must: every run there, and its code server, does it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version

NEEDLESS = {"dbt", "dbt_common", "mashumaro", "networkx", "great_expectations", "cvxpy", "pypfopt", "matplotlib"}

TOLD = """
import json, sys
import fund_pipeline.defs.research.definitions
from dagster_shared.libraries import DagsterLibraryRegistry
print(json.dumps([sorted(sys.modules), dict(DagsterLibraryRegistry.get())]))
"""


def test_the_research_location_leaves_dbt_to_its_own_process_and_still_names_the_one_that_is_run() -> None:
    loaded = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, check=True)
    modules, libraries = json.loads(loaded.stdout)
    assert NEEDLESS & {name.partition(".")[0] for name in modules} == set()
    assert "scipy.stats" not in modules
    assert libraries["dbt-core"] == version("dbt-core")
    assert "dbt-fusion" not in libraries
