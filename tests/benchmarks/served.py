"""Our web server over finished documents in a process of its own: ``python -m tests.benchmarks.served``."""

from __future__ import annotations

import asyncio

import uvloop

from aggregator.model import Document
from aggregator.publish import Shelf, of_shelf
from aggregator.publish.packing import packed
from aggregator.web import Server, app
from tests.stories import CONFIG, NOW, STREAM, sighting, story


def documents() -> dict[str, Document]:
    """A stream of fifty stories."""
    text = "De politie controleerde vandaag op verschillende plaatsen in de zone. " * 4
    stories = [story(sighting("bht", f"Bericht {n}", text, key=str(n)), number=n) for n in range(50)]
    made = of_shelf(Shelf(config=CONFIG, stream=STREAM, stories=stories, changed=NOW))
    return {path: packed(each) for path, each in made.items()}


async def serve() -> None:
    found = documents()
    server = Server(app(lambda: found, lambda: (True, ""), CONFIG), "127.0.0.1:0")
    await server.start()
    print(server.address, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve())
