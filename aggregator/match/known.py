"""The stories that are known, found by any key of any member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from aggregator.model import Sighting, Story


class Known:
    """An index of stories by key; ``put`` replaces a story by what it has become."""

    def __init__(self, stories: Iterable[Story] = (), taken: Callable[[str], bool] = lambda _: False) -> None:
        self._taken = taken
        self._stories: dict[str, Story] = {}
        self._by_key: defaultdict[str, set[str]] = defaultdict(set)
        for story in stories:
            self.put(story)

    def put(self, story: Story) -> None:
        """Add *story*, or what it has become; a story only ever gains keys."""
        self._stories[story.id] = story
        for member in story.members:
            for key in member.sighting.keys:
                self._by_key[key].add(story.id)

    def get(self, id: str) -> Story | None:
        """The story with this id, as it is now."""
        return self._stories.get(id)

    def is_free(self, id: str) -> bool:
        """Whether no story has this id, known here or not."""
        return id not in self._stories and not self._taken(id)

    def sharing(self, sighting: Sighting) -> list[Story]:
        """The stories that have a key of *sighting*, earliest first."""
        ids = {id for key in sighting.keys for id in self._by_key.get(key, ())}
        return sorted((self._stories[id] for id in ids), key=lambda story: (story.published, story.id))

    def __iter__(self) -> Iterator[Story]:
        return iter(self._stories.values())
