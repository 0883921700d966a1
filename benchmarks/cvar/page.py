"""The measured part of `docs/engine.md`, written between its markers from `docs/engine.json`, and its plot."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cvar.measure import AGREEMENT, Measurement
from benchmarks.cvar.peers import HIGHS, PYPORTFOLIOOPT, SKFOLIO
from benchmarks.cvar.plot import draw
from benchmarks.cvar.store import Record, load, save

DOCS = Path(__file__).parents[2] / "docs"
PAGE, FIGURES, PLOT = "engine.md", "engine.json", "engine.png"
BEGIN, END = "<!-- measured: python -m benchmarks.cvar --write -->", "<!-- end of measured -->"
COLUMNS = (PYPORTFOLIOOPT, SKFOLIO, HIGHS)


def publish(record: Record, folder: Path = DOCS) -> None:
    """Keep the figures, and write the page from them."""
    save(record, folder / FIGURES)
    render(folder)


def render(folder: Path = DOCS) -> None:
    """Write the table and the plot from the figures that were kept. ValueError if the page lost its markers."""
    record, page = load(folder / FIGURES), folder / PAGE
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{page} has no place for measurements: {BEGIN} and {END} are missing")
    draw(record.rows, folder / PLOT)
    page.write_text(f"{before}{BEGIN}\n\n{measured(record)}\n{END}{after}", encoding="utf-8")


def measured(record: Record) -> str:
    """The table with what it was measured on, in Markdown."""
    lines = [
        f"| problem | held | ours | {' | '.join(COLUMNS)} | promised | reached |",
        f"|---|---|---|{'---|' * len(COLUMNS)}---|---|",
        *(_line(row) for row in record.rows),
        "",
        f"In brackets: how many of our times a peer takes. †5: scaled from 5 real solves. {_agreement(record)}",
        "",
        f"Measured {record.measured_at[:10]} on {record.machine}; "
        f"{', '.join(f'{name} {version}' for name, version in record.versions.items())}.",
        "",
        f"![Seconds of one solve against days × strategies, ours and the libraries']({PLOT})",
        "",
    ]
    return "\n".join(lines)


def _line(row: Measurement) -> str:
    by_name = {peer.name: peer for peer in row.peers}
    cells = [row.problem, row.held, "–" if row.seconds is None else row.duration]
    for name in COLUMNS:
        peer = by_name.get(name)
        cells.append("–" if peer is None else row.beside(peer))
    if row.promise is None or row.reached is None:
        cells += ["–", "–"]
    else:
        cells += [str(row.promise), f"{row.attained}: {row.promise.verdict(row.reached)}"]
    return f"| {' | '.join(cells)} |"


def _agreement(record: Record) -> str:
    """How far the optima are apart, by peer."""
    worst: dict[str, float] = {}
    for row in record.rows:
        for peer in row.peers:
            worst[peer.name] = max(worst.get(peer.name, 0.0), peer.difference)
    told = ", ".join(f"{name} {difference:.0e}" for name, difference in worst.items())
    within = "all are" if max(worst.values(), default=0.0) <= AGREEMENT else "not all are"
    return f"Greatest relative difference of a peer's optimum from ours: {told}; {within} within {AGREEMENT:.0e}."
