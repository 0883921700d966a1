"""From the file that dbt built to what pages read: checked first, then published in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import polars as pl

from fund_pipeline.dashboards.expectations import check_mart
from fund_pipeline.dashboards.model import SCHEMA
from fund_pipeline.errors import FundError
from fund_pipeline.ledger import Ledger
from fund_pipeline.ledger.dashboards import Build, publish, published_marts
from fund_pipeline.warehouse.expectations import ExpectationOutcome
from fund_pipeline.warehouse.marts import Site, read_marts
from fund_pipeline.warehouse.marts.site import SOURCES

Outcomes = Mapping[str, tuple[ExpectationOutcome, ...]]


class NotAsExpectedError(FundError):
    """Whoever changed a model, or what feeds it, must look: a mart is not what may be shown. Nothing was published."""


@dataclass(frozen=True)
class Checked:
    """A build's marts, and what was expected of each."""

    as_of: datetime
    marts: Mapping[str, pl.DataFrame]
    outcomes: Outcomes

    @property
    def broken(self) -> tuple[str, ...]:
        """What was not met, in words."""
        return tuple(
            f"{mart}.{one.column}: {one.expectation}, broken by {one.broken} of {one.checked}: {', '.join(one.samples)}"
            for mart, outcomes in self.outcomes.items()
            for one in outcomes
            if not one.met
        )


@dataclass(frozen=True)
class Publication:
    """What was published, and the file it came from."""

    build: Build
    database: Path


def check_build(site: Site) -> Checked:
    """The marts of the build that dbt has made, and whether each is as it is expected to be."""
    site.begun()
    marts = read_marts(site.database, published_marts())
    as_of = pl.read_parquet(site.building / SOURCES / "build.parquet")["as_of"].item()
    return Checked(as_of.astimezone(UTC), marts, {mart: check_mart(mart, table) for mart, table in marts.items()})


def publish_build(ledger: Ledger, site: Site, now: datetime, checked: Checked | None = None) -> Publication:
    """Publish the build that dbt has made, unless a mart is not as expected. Then its file becomes the last good one.

    NotAsExpectedError names what was not met.
    """
    checked = check_build(site) if checked is None else checked
    if checked.broken:
        raise NotAsExpectedError(
            f"the marts are not as expected: {'; '.join(checked.broken)}",
            remedy="correct the model or what feeds it; what was published before stays",
        )
    build = Build(
        build_id=f"{checked.as_of:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}",
        schema=SCHEMA,
        as_of=checked.as_of,
        built_at=now,
        rows={mart: table.height for mart, table in checked.marts.items()},
    )
    publish(ledger, build, {mart: table.rows(named=True) for mart, table in checked.marts.items()})
    return Publication(build, site.finish())
