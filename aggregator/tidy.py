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

LOOKED_AT = 200
"""How many stories one step looks at for being notices."""
DELETED = 50
"""How many stories one step deletes."""
CURSOR = "notices"
GONE = "deleted"
"""When a story was deleted last: a change of whatever showed it."""


def tidy(tx: Tx, config: Config, now: datetime) -> int:
    """Do one step; how many stories it looked at or deleted, 0 when there is nothing left to do for now."""
    looked_at = _find_notices(tx, config)
    expired = tx.retention.expired(now, DELETED)
    old = tx.retention.older(now - config.retention.stories, DELETED - len(expired))
    for id in dict.fromkeys((*expired, *old)):
        _delete(tx, id, now)
    return looked_at + len(expired) + len(old)


def _find_notices(tx: Tx, config: Config) -> int:
    """Look at the stories that changed since the last look, and note which of them go, and when."""
    rules = text.digest(repr(config.notices))
    said, _, place = (tx.meta.get(CURSOR) or "").partition(" ")
    moment, _, id = place.partition(" ") if said == rules else ("1970-01-01T00:00:00+00:00", "", "")
    found = tx.retention.changed_after(datetime.fromisoformat(moment), id, LOOKED_AT)
    for story in tx.stories.all([id for _, id in found]):
        tx.retention.expect(story.id, _expires(story, config))
    if found:
        changed, id = found[-1]
        tx.meta.put(CURSOR, f"{rules} {changed.isoformat()} {id}")
    return len(found)


def _expires(story: Story, config: Config) -> datetime | None:
    """When a notice goes: at once where none is published; None for what is no notice."""
    settings = config.notices
    copies = [member.sighting for member in story.members]
    if not any(guards.is_notice(copy.entry, settings) for copy in copies):
        return None
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
