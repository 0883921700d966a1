"""What a person fills in to decide: a form in the Launchpad whose every field says what it is."""

from enum import Enum
from urllib.parse import quote

import yaml
from dagster import Config
from pydantic import Field

from fund_pipeline.defs.funds import ALLOCATION_APPROVED, APPROVE, step_of
from fund_pipeline.ledger.digests import shown_id
from fund_pipeline.ledger.model import Allocation


class Choice(Enum):
    """What to do; `wait` decides nothing."""

    wait = "wait"
    approve = "approve"
    reject = "reject"
    approve_edited = "approve_edited"


class DecisionConfig(Config):
    """A decision on the fund's recommendation. Left as it is, nothing is decided and the state is reported."""

    decision: Choice = Field(
        default=Choice.wait,
        description="approve: the weights as shown. approve_edited: the weights given below. reject: none of them. "
        "wait: decide nothing, only report what is pending.",
    )
    allocation_id: str = Field(
        default="",
        description="What is decided, as the decision aid names it: id:digest. It is refused if it is not what stands "
        "now.",
    )
    weights: dict[str, str] = Field(
        default={},
        description="For approve_edited: the weight of every strategy that shall have one, a decimal fraction of fund "
        'equity in quotes, such as "0.25". Strategies left out get none.',
    )
    approved_by: str = Field(
        default="", description="Your user id; you must be an admin. `fund users list` shows them."
    )
    code: str = Field(
        default="",
        description="The six digits your authenticator app shows now, in quotes. A code works once, and is used up "
        "even if the decision is refused, because Dagster keeps this form. Never a recovery code: use "
        "`fund allocations approve` for those.",
    )
    note: str = Field(default="", description="Why; it is kept with the decision for ever.")
    override_reason: str = Field(
        default="",
        description="Only for weights that break a limit of the fund: why they shall be approved all the same.",
    )
    second_approved_by: str = Field(
        default="",
        description="Only for weights that break a limit: the user id of a second admin, if the fund wants one.",
    )
    second_code: str = Field(default="", description="The second admin's code.")


def empty_form(fund_ids: tuple[str, ...]) -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    """The run config with which the job opens: every field of every fund, deciding nothing."""
    fields = DecisionConfig().model_dump(mode="json")
    return {"ops": {step_of(ALLOCATION_APPROVED, fund_id): {"config": dict(fields)} for fund_id in fund_ids}}


def filled_form(allocation: Allocation) -> str:
    """The run config that approves an allocation but for person, code and note, as YAML that explains itself."""
    weights = "\n".join(f"      #   {_text(name)}: {_text(str(w))}" for name, w in allocation.weights.items())
    return f"""\
ops:
  {step_of(ALLOCATION_APPROVED, allocation.fund_id)}:
    config:
      # approve, reject, approve_edited (fill in weights below), or wait (decides nothing)
      decision: approve
      # Exactly what you were shown: leave it as it is.
      allocation_id: {_text(shown_id(allocation.allocation_id, allocation.digest))}
      # Your user id, and between the quotes the six digits your authenticator app shows now. Each code works once.
      approved_by: ""
      code: ""
      # Why. It is kept with the decision for ever.
      note: ""
      # Only for approve_edited: every strategy that shall have a weight. Those recommended are:
{weights}
      weights: {{}}
      # Only for weights that break a limit: why, and a second admin with a code.
      override_reason: ""
      second_approved_by: ""
      second_code: ""
"""


def launchpad(form: str) -> str:
    """Path on the web server that opens the job with a form filled in."""
    return f"/locations/__repository__@research/jobs/{APPROVE}/playground/setup?config={quote(form, safe='')}"


def _text(value: str) -> str:
    return yaml.safe_dump(value, default_style='"', width=10_000).strip()
