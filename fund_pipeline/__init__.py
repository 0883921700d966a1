"""Fund Pipeline: the operating pipeline of a small hedge fund, on Dagster."""

import gc

__version__ = "0.1.0"

gc.set_threshold(50_000, 20, 10)
"""Python looks for garbage 70 times as rarely as it would: an import of Dagster or dbt makes half a million objects
that all stay, and looking at them again and again takes a quarter of the start of each process."""
