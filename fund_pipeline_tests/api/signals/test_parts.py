"""The parts that need no process: the rate, the settings, the keys, the description."""

from __future__ import annotations

from pathlib import Path

import pytest

from fund_pipeline.api import create_app
from fund_pipeline.api.signals.posting import PATHS, TELLS
from fund_pipeline.api.signals.rates import Rates
from fund_pipeline.clock import utc_now
from fund_pipeline.errors import ConfigurationError
from fund_pipeline.keys import secrets_source
from fund_pipeline.ledger import open_ledger
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.migrate import upgrade
from fund_pipeline.settings import Settings, load_settings
from fund_pipeline.signals import Environment, RejectionReason, SenderOptions
from fund_pipeline.signals.senders import NewSender, Vault, add_sender
from fund_pipeline.users import Security


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_sender_may_go_at_its_rate_for_ever_and_ten_times_as_many_at_once() -> None:
    clock = _Clock()
    rates = Rates(50, clock)
    for _ in range(5000):
        clock.now += 1 / 50
        assert rates.take("tess") == 0
    assert [rates.take("theo") for _ in range(500)] == [0] * 500
    assert rates.take("theo") == 1
    clock.now += 0.11
    assert [rates.take("theo") for _ in range(6)] == [0] * 5 + [1]


@pytest.mark.parametrize("value", ["10.0.0.0/8, fd00::/8", "127.0.0.1", ""])
def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FUND_TRUSTED_PROXIES", value)
    assert ", ".join(load_settings(Path("no-such-file")).proxies) == value


@pytest.mark.parametrize("value", ["*", "proxy.example.org", "10.0.0.1/8"])
def test_whatever_else_is_trusted_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FUND_TRUSTED_PROXIES", value)
    with pytest.raises(ConfigurationError, match="FUND_TRUSTED_PROXIES"):
        load_settings(Path("no-such-file"))


def test_while_a_sender_depends_on_a_key_no_other_is_made_for_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FUND_SECRETS_KEY")
    settings = Settings(home=tmp_path, _env_file=None)  # type: ignore[call-arg]
    upgrade(settings.ledger_url)
    ledger = open_ledger(settings.ledger_url)
    new = NewSender("tess", Environment.STAGING, SenderOptions(strategies=frozenset({"S"})))
    add_sender(ledger, new, "a-long-enough-passphrase", Vault.of(settings, ledger), Act("test", utc_now()))
    secrets_source(settings).home_file.unlink()
    for kind in (Security, Vault):
        with pytest.raises(ConfigurationError, match="does not exist"):
            kind.of(settings, ledger)
    ledger.close()


def test_the_description_has_every_status_of_a_signal_and_examples(tmp_path: Path) -> None:
    document = create_app(Settings(home=tmp_path, _env_file=None)).openapi()  # type: ignore[call-arg]
    assert set(TELLS) == {reason.status for reason in RejectionReason}
    for path in PATHS:
        post = document["paths"][path]["post"]
        assert set(post["responses"]) >= {"200", *map(str, TELLS)}
        content = post["requestBody"]["content"]
        assert set(content) == {"application/json", "text/plain"}
        assert set(content["application/json"]["examples"]) == {"v0", "v1", "v2", "tradingview"}
    assert len({one["operationId"] for path in document["paths"].values() for one in path.values()}) == sum(
        len(path) for path in document["paths"].values()
    )
