"""Nothing trades until a person has said yes: one function decides, and its record is what counts."""

from fund_pipeline.allocations.approval.decide import Decided, decide
from fund_pipeline.allocations.approval.refusals import Refusal, RefusedError
from fund_pipeline.allocations.approval.request import Override, Request, Verb

__all__ = ["Decided", "Override", "Refusal", "RefusedError", "Request", "Verb", "decide"]
