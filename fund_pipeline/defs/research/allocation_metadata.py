"""What a night came to for a fund, for a person who looks at its asset."""

from __future__ import annotations

from dagster import MetadataValue, TextMetadataValue

from fund_pipeline.allocations.service import FundOutcome
from fund_pipeline.defs.research.decision_aid import Sections, aid_of
from fund_pipeline.ledger.digests import shown_id


def outcome_metadata(outcome: FundOutcome) -> Sections:
    """The recommendation with everything that is known of it, or why there is none."""
    problem: Sections = {"problem": TextMetadataValue(outcome.problem)} if outcome.problem else {}
    one = outcome.recommendation
    if one is None:
        return problem
    found: Sections = {"status": TextMetadataValue(one.run.status), "new": MetadataValue.bool(one.new)}
    if one.allocation is not None:
        named = shown_id(one.allocation.allocation_id, one.allocation.digest)
        found |= {
            "allocation": TextMetadataValue(one.allocation.allocation_id),
            "allocation_status": TextMetadataValue(one.allocation.status.value),
            "to_decide_name": TextMetadataValue(named),
            "digest": TextMetadataValue(one.allocation.digest),
        }
    return problem | found | aid_of(one.run) | {"run": TextMetadataValue(one.run.run_id)}
