"""What the documents promise is what the code says."""

import re

import pytest

from fund_pipeline.accounts.approval_policy import ApprovalPolicy
from fund_pipeline.accounts.limits import FundLimits
from fund_pipeline.accounts.registry import StrategyEntry
from fund_pipeline.backtests import FindingCode
from fund_pipeline_tests.homes import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "data" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_reason_for_a_refusal_is_documented() -> None:
    told = set(re.findall(r"`([a-z_0-9]+)`", (ROOT / "docs" / "backtests.md").read_text()))
    assert {code.value for code in FindingCode} <= told


def test_every_limit_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "limits.md").read_text()
    for name, field in (FundLimits.model_fields | ApprovalPolicy.model_fields).items():
        if name == "approval":
            continue  # its own fields are told in its place
        default = {None: "none", True: "true", False: "false"}.get(field.default, field.default)
        assert f"| `{name}` | {default} |" in page


def test_every_field_of_a_strategy_is_documented() -> None:
    told = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "limits.md").read_text()))
    assert set(StrategyEntry.model_fields) - {"name"} <= told


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(document) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []
