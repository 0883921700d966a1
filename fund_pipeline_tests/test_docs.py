"""What the documents promise is what the code says."""

import re

import pytest

from fund_pipeline.accounts.accounts import AccountEntry
from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.accounts.limits import FundLimits
from fund_pipeline.accounts.registry import StrategyEntry
from fund_pipeline.accounts.sizing_limits import SizingLimits, StrategyLimits
from fund_pipeline.backtests import FindingCode
from fund_pipeline_tests.homes import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "data" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_reason_for_a_refusal_is_documented() -> None:
    told = set(re.findall(r"`([a-z_0-9]+)`", (ROOT / "docs" / "backtests.md").read_text()))
    assert {code.value for code in FindingCode} <= told


def test_every_limit_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "limits.md").read_text()
    told = (FundLimits, ApprovalPolicy, SizingLimits, StrategyLimits)
    for name, field in [item for one in told for item in one.model_fields.items()]:
        if name in ("approval", "sizing"):
            continue  # their own fields are told in their place
        plain = "mapping" if field.default_factory is not None else field.default
        default = {None: "none", True: "true", False: "false"}.get(plain, plain)
        assert f"| `{name}` | {default} |" in page


def test_every_field_of_a_strategy_and_of_an_account_is_documented() -> None:
    told = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "limits.md").read_text()))
    assert (set(StrategyEntry.model_fields) | set(AccountEntry.model_fields)) - {"name"} <= told


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []
