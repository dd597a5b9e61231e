"""The pages and feeds of the editions that went out, made when somebody asks for them; as files they are all there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from aggregator import select
from aggregator.daemon.rendering import since
from aggregator.digest.sections import grouped
from aggregator.digest.told import headline, tell
from aggregator.model import Config, Digest, Document, Edition
from aggregator.publish import editions, places
from aggregator.publish.editions import Issue, Part
from aggregator.publish.packing import packed
from aggregator.store import Tx

KEPT = 64
"""How many of them are kept."""


class Prints:
    """Good for one configuration; not for use by two threads at once."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._kept: dict[str, tuple[object, Document]] = {}
        self._told: dict[str, object] = {}

    def find(self, tx: Tx, path: str) -> Document | None:
        """What stands at *path*; None when nothing does."""
        state = (tx.stories.revision(), tx.printed.latest())
        before = self._kept.pop(path, None)
        if before is None or before[0] != state:
            made = self._make(tx, path)
            if made is None:
                return None
            before = (state, packed(made))
        self._kept[path] = before
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return before[1]

    def files(self, tx: Tx) -> Iterator[tuple[str, Document | None]]:
        """Every page and feed with its path, uncompressed; None for one that is what it was the last time."""
        for digest in (digest for digest in self._config.digests if digest.public):
            out, looks = tx.printed.editions(digest.id), self._looks(tx, digest)
            changed = _changed(tx, out)
            for path in (places.editions(digest.id), places.editions_feed(digest.id)):
                yield path, self._make(tx, path) if self._is_news(path, (looks, changed)) else None
            for at, edition in enumerate(out):
                path = places.edition(digest.id, edition.slot)
                news = self._is_news(path, (looks, changed[edition.id], _near(out, at)))
                yield path, self._page(tx, digest, out, at) if news else None

    def forget(self) -> None:
        """What ``files`` told of was lost."""
        self._told.clear()

    def _make(self, tx: Tx, path: str) -> Document | None:
        digest = places.mailed(self._config, path)
        if digest is None:
            return None
        out = tx.printed.editions(digest.id)
        if path == places.editions(digest.id):
            changed = max((edition.frozen for edition in out), default=self._looks(tx, digest))
            return editions.render_list(self._config, digest, out, max(changed, self._looks(tx, digest)))
        if path == places.editions_feed(digest.id):
            return self._feed(tx, digest, out[: editions.LATEST])
        paths = [places.edition(digest.id, edition.slot) for edition in out]
        return self._page(tx, digest, out, paths.index(path)) if path in paths else None

    def _feed(self, tx: Tx, digest: Digest, latest: Sequence[Edition]) -> Document:
        changed = max((self._looks(tx, digest), *_changed(tx, latest).values()))
        return editions.feed(self._config, digest, [self._issue(tx, digest, each) for each in latest], changed)

    def _page(self, tx: Tx, digest: Digest, out: Sequence[Edition], at: int) -> Document:
        changed = max((self._looks(tx, digest), *_changed(tx, out[at : at + 1]).values()))
        return editions.render(self._config, digest, self._issue(tx, digest, out[at], *_near(out, at)), changed)

    def _issue(
        self, tx: Tx, digest: Digest, edition: Edition, newer: Edition | None = None, older: Edition | None = None
    ) -> Issue:
        stream = self._config.stream(digest.stream)
        new = _now(tx, edition)
        public = [each for each in tx.stories.all(list(new)) if each.withdrawn is None and not each.held]
        stories = select.newest_first(public, self._config, stream)
        news, again = [[each for each in stories if new[each.id] is is_new] for is_new in (True, False)]
        told = tell(self._config, news, again, edition.plan.first)
        return Issue(
            edition=edition,
            headline=headline(self._config, told),
            parts=[Part(group.heading, group.stories) for group in grouped(self._config, stream, told)],
            newer=newer,
            older=older,
        )

    def _looks(self, tx: Tx, digest: Digest) -> datetime:
        return since(tx, self._config.stream(digest.stream))

    def _is_news(self, path: str, state: object) -> bool:
        before, self._told[path] = self._told.get(path), state
        return before != state


def _near(out: Sequence[Edition], at: int) -> tuple[Edition | None, Edition | None]:
    """The editions after and before one of them."""
    return out[at - 1] if at else None, out[at + 1] if at + 1 < len(out) else None


def _now(tx: Tx, edition: Edition) -> dict[str, bool]:
    """The stories of an edition, with whether they were news in it; for a joined one the story that holds it now."""
    found = tx.printed.stories(edition.id)
    for gone in tx.printed.joined([edition]).get(edition.id, ()):
        is_new, holder = found.pop(gone), _holder(tx, gone)
        found[holder] = found.get(holder, False) or is_new
    return found


def _holder(tx: Tx, story: str) -> str:
    """The story that holds the copies of a joined one now; the joined one itself where nobody knows."""
    seen = {story}
    while (taken := tx.hands.joined_into(story)) and taken not in seen:
        seen.add(taken)
        story = taken
        if (found := tx.stories.get(story)) and found.members:
            break
    return story


def _changed(tx: Tx, editions: Sequence[Edition]) -> dict[int, datetime]:
    """When anything of each of them changed last, by what holds its stories now."""
    changed = tx.printed.changed(editions)
    for edition, gone in tx.printed.joined(editions).items():
        holders = tx.stories.all(sorted({_holder(tx, each) for each in gone}))
        changed[edition] = max(changed[edition], *(holder.changed for holder in holders))
    return changed
