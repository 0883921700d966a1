"""Cells of a workbook that a spreadsheet shows as percent: they read 0.23 % and hold 0.0023.

A sender who sees percent will state percent; the format is the only sign of what the number means, and the reading
library does not tell it.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Callable
from xml.parsers import expat

Cell = tuple[int, int]
Attributes = dict[str, str]
_BUILT_IN = frozenset({9, 10})
"""Number formats 0% and 0.00% (ECMA-376 part 1, 18.8.30)."""


def percent_cells(data: bytes, sheet: str) -> frozenset[Cell]:
    """Row and column (both from 0) of every cell of a sheet with a percent number format.

    Raises KeyError, ExpatError or ValueError where the archive is not a workbook of the standard's shape.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        styles = _percent_styles(archive)
        if not styles:
            return frozenset()
        found: set[Cell] = set()

        def cell(name: str, attributes: Attributes, _: tuple[str, ...]) -> None:
            if name == "c" and int(attributes.get("s", "0")) in styles and "r" in attributes:
                found.add(_position(attributes["r"]))

        _walk(archive.read(_part_of(archive, sheet)), cell)
    return frozenset(found)


def _percent_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    if "xl/styles.xml" not in archive.namelist():
        return frozenset()
    formats = set(_BUILT_IN)
    styles: list[int] = []

    def style(name: str, attributes: Attributes, parents: tuple[str, ...]) -> None:
        if name == "numFmt" and "%" in attributes["formatCode"]:
            formats.add(int(attributes["numFmtId"]))
        if name == "xf" and parents[-1:] == ("cellXfs",):
            styles.append(int(attributes.get("numFmtId", "0")))

    _walk(archive.read("xl/styles.xml"), style)
    return frozenset(i for i, number_format in enumerate(styles) if number_format in formats)


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    relations: dict[str, str] = {}
    targets: dict[str, str] = {}

    def named(name: str, attributes: Attributes, _: tuple[str, ...]) -> None:
        if name == "sheet":
            key = next(value for key, value in attributes.items() if key.rpartition(":")[2] == "id")
            relations[attributes["name"]] = key

    def target(name: str, attributes: Attributes, _: tuple[str, ...]) -> None:
        if name == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    _walk(archive.read("xl/workbook.xml"), named)
    _walk(archive.read("xl/_rels/workbook.xml.rels"), target)
    path = targets[relations[sheet]]
    return path.lstrip("/") if path.startswith("/") else posixpath.normpath(posixpath.join("xl", path))


def _walk(document: bytes, visit: Callable[[str, Attributes, tuple[str, ...]], None]) -> None:
    """Call ``visit(name without prefix, attributes, names of the enclosing elements)`` for every element."""
    parser = expat.ParserCreate()
    parents: list[str] = []

    def start(name: str, attributes: Attributes) -> None:
        plain = name.rpartition(":")[2]
        visit(plain, attributes, tuple(parents))
        parents.append(plain)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: parents.pop()
    parser.Parse(document, True)


def _position(reference: str) -> Cell:
    letters = reference.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(reference[len(letters) :]) - 1, column - 1
