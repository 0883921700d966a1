"""When an optimum counts as proven."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fund_pipeline.allocations.verify import GREATEST_GAP, is_proven
from fund_pipeline_tests.samples import run


@pytest.mark.parametrize(
    ("certificate", "proven"),
    [
        (None, False),
        ({"relative_gap": None}, False),
        ({"relative_gap": 2 * GREATEST_GAP}, False),
        ({"relative_gap": GREATEST_GAP}, True),
        ({"relative_gap": 0.0}, True),
    ],
    ids=["no certificate", "no gap", "wide", "narrow", "none left"],
)
def test_only_a_gap_that_is_known_and_narrow_proves_an_optimum(
    certificate: dict[str, Any] | None, proven: bool
) -> None:
    assert is_proven(replace(run(), result={"certificate": certificate})) is proven
