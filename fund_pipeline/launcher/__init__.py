"""Starting runs: light ones as forks of a warm process, all others as Dagster does, and knowing of each if it lives."""

from fund_pipeline.launcher.launcher import WarmRunLauncher

__all__ = ["WarmRunLauncher"]
