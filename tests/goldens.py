"""Golden files: what people see, kept for a reviewer to look at.

``GOLDEN=write pytest …`` writes them anew; the diff then shows what changed for the reader.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def golden(name: str, text: str) -> str:
    """What ``tests/golden/<name>`` holds, to be compared with *text*."""
    path = FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        path.write_bytes(text.encode())
    assert path.exists(), f"{path} is missing: run the test with GOLDEN=write and look at what it wrote"
    return path.read_bytes().decode()
