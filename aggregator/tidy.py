"""What is kept no longer: stories past their time, and notices of wanted and missing persons.

``tidy`` is one small step in the writer's turn; a day's work is as many of them as there is something to do.  A story
that is deleted keeps its id, and leaves tombstones by which its entries are recognised and stay away; its words, its
links and its pictures are gone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from aggregator import guards, text
from aggregator.model import Config, Story
from aggregator.store import Tx

LOOKED_AT = 100
"""How many stories one step looks at for being notices."""
DELETED = 10
"""How many stories one step deletes."""
LOOKED = "tidy:changes"
"""Up to which change stories have been looked at, and by which rules."""
REACHED = "tidy:published"
"""Up to which publication stories have been deleted; what came later and is older is found by its change."""
LONG_AGO = "1970-01-01T00:00:00+00:00"
GONE = "deleted"
"""When a story was deleted last: a change of whatever showed it."""


def tidy(tx: Tx, config: Config, now: datetime) -> int:
    """Do one step; how many stories it looked at or deleted, 0 when there is nothing left to do for now."""
    looked_at = _look(tx, config, now)
    expired = tx.retention.expired(now, DELETED)
    ids = [*expired, *_old(tx, now - config.retention.stories, DELETED - len(expired))]
    for id in dict.fromkeys(ids):
        _delete(tx, id, now)
    return looked_at + len(ids)


def _look(tx: Tx, config: Config, now: datetime) -> int:
    """Look at the stories that changed since the last look, and note which of them go, and when."""
    rules = text.digest(repr(config.notices))
    said, _, place = (tx.meta.get(LOOKED) or "").partition(" ")
    moment, _, id = place.partition(" ") if said == rules else (LONG_AGO, "", "")
    found = tx.retention.changed_after(datetime.fromisoformat(moment), id, LOOKED_AT)
    for story in tx.stories.all([id for _, id in found]):
        tx.retention.expect(story.id, _expires(story, config, now))
    if found:
        changed, id = found[-1]
        tx.meta.put(LOOKED, f"{rules} {changed.isoformat()} {id}")
    return len(found)


def _old(tx: Tx, before: datetime, limit: int) -> list[str]:
    """The ids of stories that were published *before*, as many as are wanted, from where the last step stopped."""
    since = datetime.fromisoformat(tx.meta.get(REACHED) or LONG_AGO)
    found = tx.retention.published(since, before, limit) if limit and since < before else []
    reached = found[-1][0] if len(found) == limit and found else before
    if limit and reached != since:
        tx.meta.put(REACHED, reached.isoformat())
    return [id for _, id in found]


def _expires(story: Story, config: Config, now: datetime) -> datetime | None:
    """When a notice goes, at once where none is published; what is too old at first sight goes with it."""
    settings = config.notices
    copies = [member.sighting for member in story.members]
    if not any(guards.is_notice(copy.entry, settings) for copy in copies):
        return now if copies and story.published < now - config.retention.stories else None
    first = min(copy.seen for copy in copies)
    return first + settings.keep if settings.publish else first


def _delete(tx: Tx, id: str, now: datetime) -> None:
    story = tx.stories.get(id)
    assert story is not None
    keys = (key for member in story.members for key in guards.grave(member.sighting))
    tx.retention.bury(id, keys, story.published)
    gone = replace(story, members=(), withdrawn=story.withdrawn or now, held=False, changed=now)
    tx.stories.save(gone, at=now, loud=False)
    tx.hands.note(at=now, who="aggregator", act="delete", story=id, detail="kept no longer ([retention], [notices])")
    tx.meta.put(GONE, now.isoformat())
