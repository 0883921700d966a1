"""The ledger in Parquet: exact, as of one moment, and only what changed is read again."""

from fund_pipeline.warehouse.export.exporting import Export, export_ledger
from fund_pipeline.warehouse.export.sources import SCHEMA, SOURCES, Source

__all__ = ["SCHEMA", "SOURCES", "Export", "Source", "export_ledger"]
