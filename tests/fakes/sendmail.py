#!/usr/bin/env python3
"""A sendmail for tests: keeps its arguments and what it read beside itself, and ends as a file there tells it to.

``run`` holds what to do: an exit status, ``hang``, or ``killed``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

here = Path(__file__).parent


def main() -> None:
    number = len(list(here.glob("*.args")))
    (here / f"{number}.eml").write_bytes(sys.stdin.buffer.read())
    (here / f"{number}.args").write_text(json.dumps(sys.argv[1:]))
    told = (here / "run").read_text()
    if told == "hang":
        time.sleep(60)
    elif told == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    print("words of its own: lezer@example.be", file=sys.stderr)
    sys.exit(int(told))


if __name__ == "__main__":
    main()
