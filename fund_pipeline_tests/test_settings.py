from pathlib import Path

import pytest

from fund_pipeline.errors import ConfigurationError
from fund_pipeline.settings import load_settings
from fund_pipeline_tests.homes import ROOT

NOTHING = Path("no-such-file")


def test_everything_is_embedded_under_the_projects_home_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FUND_HOME", raising=False)
    settings = load_settings(NOTHING)
    assert settings.ledger_url == f"sqlite:///{ROOT / '.fund' / 'ledger.sqlite'}"
    assert settings.backtests_dir == ROOT / "data" / "backtests"
    assert settings.dagster_storage_url is None
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)


def test_the_working_directory_does_not_matter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FUND_HOME", "mine")
    before = load_settings(NOTHING)
    monkeypatch.chdir(tmp_path)
    assert load_settings(NOTHING) == before
    assert before.root == ROOT / "mine"


def test_a_misspelt_setting_is_refused_rather_than_left_at_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUND_DATABASE_URI", "postgresql://u:hunter2@h/d")
    with pytest.raises(ConfigurationError, match="FUND_DATABASE_URI is no setting") as refused:
        load_settings(NOTHING)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"])
def test_any_spelling_of_a_postgresql_url_names_the_one_driver(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("FUND_DATABASE_URL", f"{scheme}://u:p@h:5432/d")
    assert load_settings(NOTHING).ledger_url == "postgresql+psycopg2://u:p@h:5432/d"


def test_an_empty_url_means_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUND_DATABASE_URL", "")
    assert load_settings(NOTHING).ledger_url.startswith("sqlite:///")


def test_a_password_is_not_in_the_text_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUND_DATABASE_URL", "postgresql://u:hunter2@h/d")
    assert "hunter2" not in repr(load_settings(NOTHING))


def test_a_dotenv_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FUND_TIME_ZONE=Europe/Zurich\n")
    assert load_settings(tmp_path / ".env").time_zone == "Europe/Zurich"
    (tmp_path / ".env").write_text("FUND_TIMEZONE=Europe/Zurich\n")
    with pytest.raises(ConfigurationError, match="FUND_TIMEZONE is no setting"):
        load_settings(tmp_path / ".env")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("FUND_TIME_ZONE", "Mars/Base", "FUND_TIME_ZONE.*'Mars/Base' is not an IANA time zone"),
        ("FUND_PORT", "0", "FUND_PORT"),
        ("FUND_MIN_OVERLAP_DAYS", "5", "FUND_MIN_OVERLAP_DAYS"),
        ("FUND_LOG_FORMAT", "xml", "FUND_LOG_FORMAT"),
        ("FUND_API_HOST", "0.0.0.0", "FUND_API_HOST.*'0.0.0.0' is no loopback address"),
        ("FUND_API_HOST", "fund.example.org", "FUND_API_HOST.*is no loopback address"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=told):
        load_settings(NOTHING)
