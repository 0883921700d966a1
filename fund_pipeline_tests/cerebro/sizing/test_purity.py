"""Sizing is on the path of every signal: it loads nothing heavy and asks no one."""

from __future__ import annotations

import ast
import sys

from fund_pipeline_tests.homes import ROOT

ROOM = ROOT / "fund_pipeline" / "cerebro" / "sizing"
OWN = tuple(f"fund_pipeline.{name}" for name in ("cerebro.sizing", "codes", "errors", "lots", "terms"))
ASKING = {"asyncio", "io", "os", "pathlib", "random", "socket", "sqlite3", "subprocess", "threading", "time"}


def test_sizing_imports_codes_terms_lots_errors_and_what_is_pure_of_the_standard_library() -> None:
    seen = set()
    for file in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                seen.add(node.module or "")
            elif isinstance(node, ast.Import):
                seen.update(name.name for name in node.names)
    assert seen
    foreign = {name for name in seen if not name.startswith(OWN)}
    assert {name.partition(".")[0] for name in foreign} <= sys.stdlib_module_names - ASKING


def test_sizing_reads_no_clock() -> None:
    texts = {file.name: file.read_text() for file in ROOM.rglob("*.py")}
    assert [name for name, text in texts.items() if ".now(" in text or ".today(" in text] == []
