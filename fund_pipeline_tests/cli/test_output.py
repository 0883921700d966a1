"""What others print while we have the terminal."""

import os
import pty
import subprocess
import sys

import pytest

from fund_pipeline.cli.output import output_kept_for_us

CHILD = """
import os, subprocess, sys
from fund_pipeline.cli.output import output_kept_for_us
print("before")
with output_kept_for_us() as ours:
    print("noise of ours")
    os.write(1, b"noise of a library")
    subprocess.run([sys.executable, "-c", "print('noise of a process')"], check=True)
    print("meant – for people", file=ours)
print("after")
"""


def test_only_what_is_written_to_it_on_purpose_reaches_standard_output() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", CHILD], capture_output=True, check=True, encoding="utf-8"
    )
    assert done.stdout.splitlines() == ["before", "meant – for people", "after"]


IN_A_TERMINAL = """
from fund_pipeline.cli.nightly import with_progress
def run(correlation_id, tell):
    print("noise")
with_progress(run, quiet=False)
print("after")
"""


def test_beside_a_bar_in_a_terminal_too() -> None:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", IN_A_TERMINAL], stdout=theirs, stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "starting" in shown
    assert "after" in shown
    assert "noise" not in shown


def _fail() -> None:
    with output_kept_for_us() as ours:
        print("noise")
        print("meant", file=ours)
        raise ValueError("it failed")


def test_standard_output_is_as_before_when_the_run_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="it failed"):
        _fail()
    print("after")
    assert capsys.readouterr().out == "meant\nafter\n"
