"""The signal path pays for no library that it does not use."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "ccxt",
    "dagster_dbt",
    "dbt",
    "duckdb",
    "exchange_calendars",
    "great_expectations",
    "ib_insync",
    "matplotlib",
    "pandas",
    "polars",
    "pypfopt",
    "scipy",
}


def test_the_trading_location_imports_no_heavy_library() -> None:
    code = (
        "import sys, fund_pipeline.defs.trading.definitions; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    modules = set(loaded.stdout.split())
    assert "fund_pipeline" in modules
    assert HEAVY & modules == set()
