"""`fund up` says what a person should know before trusting what is up."""

from __future__ import annotations

from fund_pipeline.cli.up import warnings_of
from fund_pipeline.services import Address, Running

API = Address("127.0.0.1", 8000)
LOADED: dict[str, str | None] = {"research": None, "trading": None}


def test_an_address_that_others_can_reach_is_warned_about() -> None:
    [warning] = warnings_of(Running(Address("0.0.0.0", 3000), API, {}, LOADED))
    assert "no login" in warning


def test_a_location_that_did_not_load_is_named_with_its_error() -> None:
    failed = {"research": "ImportError: no module\n", "trading": None}
    running = Running(Address("127.0.0.1", 3000), API, {}, failed)
    assert warnings_of(running) == ["research did not load: ImportError: no module"]


def test_loaded_locations_on_loopback_need_no_warning() -> None:
    assert warnings_of(Running(Address("127.0.0.1", 3000), API, {}, LOADED)) == []
