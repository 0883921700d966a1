"""An address is claimed only where it can be bound, and its page is shown as this machine reaches it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fund_pipeline.errors import ConfigurationError
from fund_pipeline.services.probes import Address, claim, code_locations, is_healthy, socket_answers


@pytest.fixture
def stranger() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_port_0_takes_a_free_port() -> None:
    address = claim("127.0.0.1", 0)
    assert address.port > 0
    with socket.create_server((address.host, address.port)):
        pass


def test_a_port_in_use_by_a_stranger_names_the_settings(stranger: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"port {stranger} .* in use") as refused:
        claim("127.0.0.1", stranger)
    assert "FUND_PORT" in refused.value.remedy
    assert "--port" in refused.value.remedy


def test_a_port_of_the_api_in_use_names_the_settings_of_the_api(stranger: int) -> None:
    with pytest.raises(ConfigurationError) as refused:
        claim("127.0.0.1", stranger, what="api")
    assert "FUND_API_PORT or --api-port" in refused.value.remedy


def test_an_api_that_is_not_there_is_not_healthy() -> None:
    assert is_healthy(claim("127.0.0.1", 0)) is False


def test_an_address_of_another_machine_names_the_settings() -> None:
    with pytest.raises(ConfigurationError, match="no address of this machine") as refused:
        claim("192.0.2.1", 0)  # TEST-NET-1 of RFC 5737: nobody's
    assert "FUND_HOST" in refused.value.remedy


def test_a_name_that_is_no_host_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no address of this machine"):
        claim("no such host", 0)


@pytest.mark.parametrize(
    ("host", "local", "url"),
    [
        ("127.0.0.1", True, "http://127.0.0.1:3000"),
        ("127.0.0.2", True, "http://127.0.0.2:3000"),
        ("::1", True, "http://[::1]:3000"),
        ("localhost", True, "http://localhost:3000"),
        ("0.0.0.0", False, "http://127.0.0.1:3000"),
        ("::", False, "http://[::1]:3000"),
        ("10.1.2.3", False, "http://10.1.2.3:3000"),
        ("fund.example", False, "http://fund.example:3000"),
    ],
)
def test_only_loopback_counts_as_local(host: str, local: bool, url: str) -> None:
    address = Address(host, 3000)
    assert (address.is_local, address.url) == (local, url)


def test_a_socket_answers_only_while_someone_listens(tmp_path: Path) -> None:
    path = tmp_path / "s"
    assert not socket_answers(path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert not socket_answers(path)
        server.listen()
        assert socket_answers(path)


def test_a_web_server_that_does_not_answer_has_no_known_locations() -> None:
    assert code_locations(claim("127.0.0.1", 0)) is None
