"""When automation releases an allocation: after its check has passed for what is recommended now, and only then."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    AssetMaterialization,
    DagsterInstance,
    Definitions,
    evaluate_automation_conditions,
)
from dagster._core.definitions.asset_daemon_cursor import AssetDaemonCursor

from fund_pipeline.defs.funds import ALLOCATION_APPROVED, active_key, recommended_key
from fund_pipeline.defs.research.allocation_assets import recommended_allocation
from fund_pipeline.defs.research.approval_check import approval_check
from fund_pipeline.defs.research.resources import DeskResource, FundResource
from fund_pipeline.defs.trading.active_assets import active


@dataclass
class Automation:
    """The daemon's part, tick by tick."""

    definitions: Definitions
    instance: DagsterInstance
    cursor: AssetDaemonCursor | None = field(default=None)

    def releases(self) -> bool:
        """Whether this tick asks for active_allocation."""
        result = evaluate_automation_conditions(self.definitions, self.instance, cursor=self.cursor)
        self.cursor = result.cursor
        return result.get_num_requested(active_key("demo")) == 1

    def recommended(self) -> None:
        self.instance.report_runless_asset_event(AssetMaterialization(recommended_key("demo")))

    def checked(self, *, passed: bool, severity: AssetCheckSeverity = AssetCheckSeverity.WARN) -> None:
        self.instance.report_runless_asset_event(
            AssetCheckEvaluation(
                asset_key=recommended_key("demo"),
                check_name=ALLOCATION_APPROVED,
                passed=passed,
                severity=severity,
                blocking=True,
            )
        )


@pytest.fixture
def automation() -> Automation:
    definitions = Definitions(
        assets=[recommended_allocation("demo"), active("demo")],
        asset_checks=[approval_check("demo", [])],
        resources={"fund": FundResource(), "desk": DeskResource()},
    )
    return Automation(definitions, DagsterInstance.ephemeral())


@pytest.mark.parametrize("severity", list(AssetCheckSeverity))
def test_a_failed_check_holds_whatever_its_severity(automation: Automation, severity: AssetCheckSeverity) -> None:
    automation.releases()
    automation.recommended()
    assert not automation.releases()
    automation.checked(passed=False, severity=severity)
    assert [automation.releases() for _ in range(3)] == [False] * 3


def test_it_is_released_once_when_the_check_passes(automation: Automation) -> None:
    automation.releases()
    automation.recommended()
    automation.checked(passed=False)
    assert not automation.releases()
    automation.checked(passed=True)
    assert [automation.releases() for _ in range(3)] == [True, False, False]


def test_a_pass_stands_for_nothing_that_is_recommended_later(automation: Automation) -> None:
    automation.releases()
    automation.recommended()
    automation.checked(passed=True)
    assert automation.releases()
    automation.recommended()
    assert not automation.releases()
    automation.checked(passed=True)
    assert automation.releases()


def test_what_was_recommended_before_the_daemon_ran_is_released_too(automation: Automation) -> None:
    automation.recommended()
    automation.checked(passed=False)
    assert not automation.releases()
    automation.checked(passed=True)
    assert automation.releases()
