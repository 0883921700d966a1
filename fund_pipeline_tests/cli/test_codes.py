"""How a code is given at the terminal without anybody else on the machine seeing one that is still good."""

from __future__ import annotations

import pytest

from fund_pipeline.cli.codes import code_of
from fund_pipeline.errors import InputError
from fund_pipeline.users.recovery import new_codes


def test_a_code_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    recovery = new_codes()[0]
    monkeypatch.setenv("MY_CODE", recovery)
    assert code_of((None, "MY_CODE"), "ada") == recovery
    assert code_of(("123456", None), "ada") == "123456"


@pytest.mark.parametrize("written", [str, str.lower, lambda code: code.replace("-", " ")])
def test_a_recovery_code_is_refused_as_an_option(written: object) -> None:
    assert callable(written)
    code = written(new_codes()[0])
    with pytest.raises(InputError, match="recovery code") as caught:
        code_of((code, None), "ada")
    assert code not in str(caught.value)
    assert "not been used" in caught.value.remedy


def test_a_variable_without_a_code_and_a_code_given_twice_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MY_CODE", raising=False)
    with pytest.raises(InputError, match="MY_CODE holds no code"):
        code_of((None, "MY_CODE"), "ada")
    with pytest.raises(InputError, match="twice"):
        code_of(("123456", "MY_CODE"), "ada")
