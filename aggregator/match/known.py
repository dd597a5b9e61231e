"""The stories that are known: found by any key of any member, or by what their texts have in common."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from aggregator.match.anchors import anchors
from aggregator.model import Sighting, Story

CROWD = 10
"""A key that more stories than this have tells none of them: a constant guid, a list's address, a template's text."""
HITS = 2
"""How many anchors two texts must have in common to be worth comparing."""
CANDIDATES = 12
"""How many stories one entry is compared with at most, those with the most anchors in common."""

Recall = Callable[[Sighting], Sequence[Story]]


class Known:
    """An index of stories; ``put`` replaces a story by what it has become.

    *taken* tells which ids stories have that are not here; *recall* brings, from where the others are kept, the
    stories whose texts have anchors in common with a sighting, most first.
    """

    def __init__(
        self,
        stories: Iterable[Story] = (),
        taken: Callable[[str], bool] = lambda _: False,
        recall: Recall | None = None,
    ) -> None:
        self._taken = taken
        self._recall = recall
        self._stories: dict[str, Story] = {}
        self._by_key: defaultdict[str, set[str]] = defaultdict(set)
        self._by_anchor: defaultdict[int, set[str]] = defaultdict(set)
        for story in stories:
            self.put(story)

    def put(self, story: Story) -> None:
        """Add *story*, or what it has become; a story only ever gains keys."""
        self._stories[story.id] = story
        for member in story.members:
            for key in member.sighting.keys:
                self._by_key[key].add(story.id)
            if self._recall is None:
                for anchor in _anchors(member.sighting):
                    self._by_anchor[anchor].add(story.id)

    def get(self, id: str) -> Story | None:
        """The story with this id, as it is now."""
        return self._stories.get(id)

    def is_free(self, id: str) -> bool:
        """Whether no story has this id, known here or not."""
        return id not in self._stories and not self._taken(id)

    def sharing(self, sighting: Sighting) -> list[Story]:
        """The stories that have a key of *sighting* in common with few others, earliest first."""
        found: set[str] = set()
        for key in sighting.keys:
            having = self._by_key.get(key, set())
            if len(having) <= CROWD:
                found.update(id for id in having if not key.startswith("text:") or not self._is_full(id, sighting))
        return sorted((self._stories[id] for id in found), key=lambda story: (story.published, story.id))

    def near(self, sighting: Sighting) -> list[Story]:
        """The stories whose texts may be like that of *sighting*, most anchors in common first; few, and bounded."""
        if self._recall is not None:
            for story in (recalled := self._recall(sighting)):
                if story.id not in self._stories:
                    self.put(story)
            return [self._stories[story.id] for story in recalled if not self._is_full(story.id, sighting)]
        hits = Counter(id for anchor in _anchors(sighting) for id in self._by_anchor.get(anchor, ()))
        ids = sorted((id for id in hits if hits[id] >= HITS), key=lambda name: (-hits[name], name))
        return [self._stories[id] for id in ids[:CANDIDATES] if not self._is_full(id, sighting)]

    def _is_full(self, id: str, sighting: Sighting) -> bool:
        """Whether the source has repeated itself in this story so often that saying it once more tells nothing."""
        return sum(member.sighting.source == sighting.source for member in self._stories[id].members) >= CROWD

    def __iter__(self) -> Iterator[Story]:
        return iter(self._stories.values())


def _anchors(sighting: Sighting) -> Sequence[int]:
    return sighting.anchors or anchors(sighting)
