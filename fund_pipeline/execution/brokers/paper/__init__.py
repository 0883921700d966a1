"""A broker without a broker: orders, fills, margin and trouble on demand, in books of its own that survive it."""

from fund_pipeline.execution.brokers.paper.broker import PaperBroker
from fund_pipeline.execution.brokers.paper.faults import FILL, Fault, FaultKind
from fund_pipeline.execution.brokers.paper.prices import closes, feed_closes
from fund_pipeline.execution.brokers.paper.terms import Commission, PaperTerms

__all__ = ["FILL", "Commission", "Fault", "FaultKind", "PaperBroker", "PaperTerms", "closes", "feed_closes"]
