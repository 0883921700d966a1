"""The asset of what is in force believes the ledger alone, however it is materialised."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance, Failure, build_sensor_context, materialize

from fund_pipeline.allocations.approval.decide import decide
from fund_pipeline.allocations.approval.request import Request, Verb
from fund_pipeline.clock import utc_now
from fund_pipeline.defs.trading.active_assets import active, approved_allocation
from fund_pipeline.defs.trading.release import follow_the_ledger
from fund_pipeline.settings import load_settings
from fund_pipeline.users import Security
from fund_pipeline.warehouse import Warehouse
from fund_pipeline_tests.defs.desk import Desk, desk_in
from fund_pipeline_tests.homes import Home


@pytest.fixture
def desk(demo_home: tuple[Home, str], tmp_path: Path) -> Iterator[Desk]:
    with desk_in(demo_home[0], tmp_path / "home", "ada") as found:
        yield found


def approve(desk: Desk) -> None:
    settings = load_settings()
    matrix = Warehouse(settings.warehouse).read_returns("strategy_returns")
    request = Request(Verb.APPROVE, desk.named(), "ada", desk.code("ada"), note="fine")
    decide(desk.ledger, matrix, Security.of(settings, desk.ledger), request, utc_now())


def falsify(desk: Desk, statement: str) -> None:
    with desk.ledger.writing() as connection:
        connection.exec_driver_sql(statement)


def test_it_refuses_while_nothing_is_approved(desk: Desk) -> None:
    with pytest.raises(Failure, match="no allocation of fund demo is approved") as caught:
        approved_allocation("demo")
    assert not caught.value.allow_retries
    assert "approve_allocations" in str(caught.value.metadata["remedy"].value)


def test_it_refuses_what_somebody_made_active_in_the_database(desk: Desk) -> None:
    falsify(desk, "UPDATE allocations SET status = 'ACTIVE'")
    with pytest.raises(Failure, match="no approval in force names it"):
        approved_allocation("demo")


def test_it_refuses_weights_that_were_changed_after_their_approval(desk: Desk) -> None:
    approve(desk)
    falsify(desk, "UPDATE allocation_weights SET weight = '0.5' WHERE strategy_id = 'TS_Momentum'")
    with pytest.raises(Failure, match="not those that were approved"):
        approved_allocation("demo")


def test_it_shows_who_approved_what_and_its_data_version_is_the_digest(desk: Desk) -> None:
    approve(desk)
    with DagsterInstance.get() as instance:
        (event,) = materialize([active("demo")], instance=instance).get_asset_materialization_events()
    found = event.materialization
    assert {key: found.metadata[key].value for key in ("allocation", "approved_by", "method", "note")} == {
        "allocation": desk.in_force(),
        "approved_by": "ada",
        "method": "CODE",
        "note": "fine",
    }
    assert found.tags is not None
    assert found.tags["dagster/data_version"] == found.metadata["digest"].value


def test_what_is_approved_elsewhere_is_asked_for_until_it_is_shown(desk: Desk) -> None:
    sensor = follow_the_ledger(("demo",))
    with DagsterInstance.get() as instance:

        def asks() -> list[str | None]:
            evaluated = sensor.evaluate_tick(build_sensor_context(instance=instance))
            return [request.run_key for request in evaluated.run_requests or ()]

        assert asks() == []
        approve(desk)
        (key,) = asks()
        assert str(key).startswith(f"{desk.in_force()}:")
        materialize([active("demo")], instance=instance)
        assert asks() == []
        falsify(desk, "DELETE FROM allocation_weights WHERE strategy_id = 'TS_Momentum'")
        assert asks() == []
