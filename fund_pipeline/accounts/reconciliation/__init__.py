"""Our books against a broker's: what differs, what it would take to agree, and what cannot be known.

`reconcile` is pure. `reconcile_accounts` asks, repairs facts, and keeps what stands; no part of it sends an order.
"""

from fund_pipeline.accounts.reconciliation.core import Reconciled, Repair, RepairKind, reconcile
from fund_pipeline.accounts.reconciliation.model import Ours, Theirs
from fund_pipeline.accounts.reconciliation.rules import RULES, Rules

__all__ = ["RULES", "Ours", "Reconciled", "Repair", "RepairKind", "Rules", "Theirs", "reconcile"]
