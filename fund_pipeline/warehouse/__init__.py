"""Parquet snapshots between assets: rebuildable from the ledger and the files at any time."""

from fund_pipeline.warehouse.snapshots import Warehouse

__all__ = ["Warehouse"]
