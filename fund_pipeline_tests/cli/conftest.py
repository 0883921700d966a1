from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """600 weekdays of three made-up strategies; B has a gap."""
    rng = np.random.default_rng(11)
    values = rng.standard_t(4, size=(600, 3)) * 0.006 + np.array([0.0008, 0.0006, 0.0002])
    days = np.arange("2020-01-01", 600, dtype="datetime64[D]")
    rows = [
        f"{day},{a:.8f},{'' if day == days[5] else f'{b:.8f}'},{c:.8f}"
        for day, (a, b, c) in zip(days, values, strict=True)
    ]
    file = tmp_path / "wide.csv"
    file.write_text("date,A,B,C\n" + "\n".join(rows) + "\n")
    return file
