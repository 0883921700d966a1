"""The room for strategy developers' files: checked, unit-decided daily series in Parquet, or quarantine with reasons.

Scan a folder, read the batch, save what is admitted, keep what is refused. No SQL, no Dagster, no clock."""

from fund_pipeline.backtests.batch import BatchResult, Outcome, Progress, Refused, Unchanged, read_batch, stream_batch
from fund_pipeline.backtests.manifest import Manifest
from fund_pipeline.backtests.model import (
    Backtest,
    Column,
    Finding,
    FindingCode,
    Severity,
    Unit,
    UnitDecision,
    UnitSource,
)
from fund_pipeline.backtests.quarantine import Quarantine, QuarantinedFile
from fund_pipeline.backtests.scan import SourceFile, scan_files, scan_folder
from fund_pipeline.backtests.store import BacktestStore

__all__ = [
    "Backtest",
    "BacktestStore",
    "BatchResult",
    "Column",
    "Finding",
    "FindingCode",
    "Manifest",
    "Outcome",
    "Progress",
    "Quarantine",
    "QuarantinedFile",
    "Refused",
    "Severity",
    "SourceFile",
    "Unchanged",
    "Unit",
    "UnitDecision",
    "UnitSource",
    "read_batch",
    "scan_files",
    "scan_folder",
    "stream_batch",
]
