"""Entries that were rendered before: a change renders what has changed, and the rest is spliced in as it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aggregator.model import Story

Render = Callable[[Story, bool], bytes]


class Kept:
    """The entries of each document as they were when it was rendered last; good for one configuration."""

    def __init__(self) -> None:
        self._rendered: dict[tuple[str, bool], dict[str, tuple[Story, bytes]]] = {}

    def entries(self, name: str, stories: Sequence[Story], render: Render, most: int) -> list[bytes]:
        """The entries of *stories* in the document *name*, in their order, about *most* bytes in all.

        *render* is given a story and whether in full.  From where the bound is passed, the stories are told in short:
        none is left out.
        """
        full = self._entries((name, True), stories, lambda story: render(story, True))
        size = 0
        for number, entry in enumerate(full):
            size += len(entry)
            if size > most:
                rest = self._entries((name, False), stories[number:], lambda story: render(story, False))
                return [*full[:number], *rest]
        return full

    def _entries(
        self, name: tuple[str, bool], stories: Sequence[Story], render: Callable[[Story], bytes]
    ) -> list[bytes]:
        before = self._rendered.get(name, {})
        after: dict[str, tuple[Story, bytes]] = {}
        for story in stories:
            known = before.get(story.id)
            after[story.id] = known if known and known[0] == story else (story, render(story))
        self._rendered[name] = after
        return [rendered for _, rendered in after.values()]
