"""What a picture file is."""

from pathlib import Path


def is_png(path: Path) -> bool:
    """Whether it begins and ends as the PNG specification says."""
    content = path.read_bytes()
    return content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82")
