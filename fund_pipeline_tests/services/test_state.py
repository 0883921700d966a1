"""One home has one supervisor, and a start that was cut short is remembered."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from fund_pipeline.errors import ConfigurationError, ConflictError
from fund_pipeline.services.state import RunFolder, State

STATE = State(pid=4242, url="http://127.0.0.1:3000", token="t", sockets="/s", pids={"daemon": 4243})


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "home" / "run")
    made.make()
    return made


def test_only_the_owner_may_enter_the_folder(folder: RunFolder) -> None:
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_the_state_comes_back_until_it_is_cleared(folder: RunFolder) -> None:
    folder.write(STATE)
    assert folder.read() == STATE
    folder.clear()
    assert folder.read() is None


def test_a_second_holder_is_told_the_process_and_the_address(folder: RunFolder) -> None:
    folder.write(STATE)
    with folder.held(), pytest.raises(ConflictError, match=r"process 4242, http://127\.0\.0\.1:3000"), folder.held():
        pass


def test_a_second_holder_is_refused_before_the_first_has_said_who_it_is(folder: RunFolder) -> None:
    with folder.held(), pytest.raises(ConflictError, match="just starting"), folder.held():
        pass


def test_the_folder_is_free_again_afterwards(folder: RunFolder) -> None:
    with folder.held():
        pass
    with folder.held():
        pass


@pytest.mark.parametrize("content", ["", "{", '{"pid": 1}', "[]", '{"unknown": 1}'])
def test_a_state_that_cannot_be_understood_is_named(folder: RunFolder, content: str) -> None:
    (folder.path / "up.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"up\.json cannot be understood"):
        folder.read()


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(ConfigurationError, match="set FUND_HOME"):
        RunFolder(tmp_path / "home" / "run").make()
