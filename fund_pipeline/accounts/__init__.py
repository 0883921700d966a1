"""Funds, accounts and strategies as people describe them, checked before they reach the ledger; halts."""

from fund_pipeline.accounts.registry import FundEntry, ImportResult, StrategyEntry, import_registry, read_registry

__all__ = ["FundEntry", "ImportResult", "StrategyEntry", "import_registry", "read_registry"]
