"""One file at a time, every cell accounted for. Only this path writes error findings."""

from __future__ import annotations

from fund_pipeline.backtests.cleaning import clean
from fund_pipeline.backtests.judging import Terms, judge
from fund_pipeline.backtests.model import Backtest, Finding, FindingCode, Refusal
from fund_pipeline.backtests.reading import read_csv_bytes
from fund_pipeline.backtests.scan import SourceFile, signature
from fund_pipeline.backtests.workbook import read_xlsx_bytes


def read_one(file: SourceFile, terms: Terms) -> Backtest:
    """Read, clean and judge one file. Refusal carries the errors, each naming the file."""
    try:
        data = read_unchanged(file)
        table = read_xlsx_bytes(data) if file.path.suffix.lower() == ".xlsx" else read_csv_bytes(data)
        return judge(clean(table, file.manifest), file, terms)
    except Refusal as refusal:
        raise Refusal(*(finding.within(file.path.name) for finding in refusal.findings)) from refusal


def read_unchanged(file: SourceFile) -> bytes:
    """The bytes that were found, hashed. Refusal where the file went away or was written to since."""
    try:
        data = file.path.read_bytes()
        now = signature(file.path, file.manifest_path)
    except OSError as gone:
        message = f"the file cannot be opened: {gone.strerror}"
        raise Refusal(Finding(FindingCode.UNREADABLE, message, "send it again", file.path.name)) from gone
    file.hash_bytes(data)
    if now != file.signature:
        message = "the file changed while the batch was being read"
        remedy = "let the sender finish writing it, then ingest again"
        raise Refusal(Finding(FindingCode.CHANGED_WHILE_READ, message, remedy, file.path.name))
    return data
