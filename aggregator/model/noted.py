"""What we noted ourselves: polls, matches, stories, what editors did."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from aggregator.model.pushed import Announced
from aggregator.model.written import Entry, Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """The validators (RFC 9110 §8.8) of one answer, byte for byte; they belong to *url* and to nothing else."""

    url: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An entry, by its strongest key, whose article is still to be read; *attempts* is how often that failed."""

    key: str
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entry, by its strongest key, whose article was read, and the validators that the article came with."""

    key: str
    validators: Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class Caching:
    """What an answer said of its freshness (RFC 9111 §5), as it was written; a 304 need not repeat it."""

    cache_control: str | None = None
    expires: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A permanent redirect (RFC 9110 §15.4.2, §15.4.9) and how far it is believed.

    It has led to *to* at every poll since *since*; *same* says that the feed there is the one that was here, *direct*
    that it has held for long enough, so that *to* is asked without the detour, and *seen* is when the redirect was last
    seen to be there.
    """

    to: str
    since: datetime
    same: bool
    direct: bool = False
    seen: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """The latest poll of a source, what came of it, and what the next one needs to know.

    *at* is when its request began (of one that failed, when it ended), *answered* the URL that answered, after
    redirects; *status* is ``asked`` while nothing has come of the first one.  *error* is a sentence for the operator,
    None after a success; *failures* counts them in a row; *unreachable* is since when nothing answers, be it their
    network or ours.  *not_before* is what the server asked for by Retry-After; *throttled* is the server that this
    holds for when it is not about this source alone.

    *body* identifies the bytes last read, *reading* how they were read (the source's settings and the program's
    version): when *reading* changes, neither validators nor *body* save us the work.  *tried* is how it was last to be
    read, whatever came of it: a source that is configured anew is asked at once.  *unread* are entries whose articles
    come with a later poll, *articles* those that were read.  *full* is when the server last sent a whole body, *feed*
    that feed's id, *pace* and *caching* how often it wants to be asked, and *arrivals* the latest moments at which
    there was news.
    """

    source: str
    url: str
    at: datetime
    next_poll: datetime
    status: Literal["asked", "ok", "not_modified", "failed", "gone"]
    http_status: int | None = None
    answered: str | None = None
    error: str | None = None
    failures: int = 0
    unreachable: datetime | None = None
    not_before: datetime | None = None
    throttled: str | None = None
    entries: int = 0
    new: int = 0
    held: int = 0
    first_success: datetime | None = None
    last_success: datetime | None = None
    validators: Validators | None = None
    full: datetime | None = None
    body: str | None = None
    reading: str | None = None
    tried: str | None = None
    feed: str | None = None
    pace: Pace | None = None
    caching: Caching | None = None
    arrivals: tuple[datetime, ...] = ()
    moved: Move | None = None
    problems: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    articles: tuple[Kept, ...] = ()
    announced: Announced | None = None
    relied: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An entry as one poll of one source saw it.

    *keys* identify it, strongest first (``match.keys``); *words* is a hash of what a reader would read, so that churn
    in the markup is not taken for an edit; *length* is how much there is to read, in characters of plain text.
    *timeless*: its source named the day of publication and no time.  *anchors* are hashes by which texts like this one
    are found (``match.anchors``); there are none until it is decided, and none once it is too old to be found.
    """

    source: str
    zone: str
    entry: Entry
    keys: tuple[str, ...]
    words: str
    length: int
    seen: datetime
    timeless: bool = False
    anchors: tuple[int, ...] = ()

    @property
    def published(self) -> datetime:
        """When it was published, as far as can be believed: never later than it was first seen."""
        return min(self.entry.published or self.entry.updated or self.seen, self.seen)


Rule = Literal["first", "own-key", "guid", "url", "text", "alike", "excerpt", "reordered", "update", "title", "editor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What comparing two sightings gave: whether they are one story, by which *rule*, and the *evidence* in words.

    ``related`` is a link and never a merge: a rewrite, another chapter, a round-up that contains the other.  *score*
    (0 to 1) says how alike the texts are, whatever the verdict.  *updated*: one of them is a marked update or
    correction of the other.
    """

    verdict: Literal["same", "related", "different"]
    rule: str
    score: float
    evidence: str
    updated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A sighting, the story it belongs to, and why: *rule*, *score* (0 to 1) and *evidence* in words.

    *rule* is ``first`` for the entry that founded the story.  *related* are the stories that it is to be linked with
    and was not merged into, nearest first, each with the verdict on its nearest member; news of the moment of matching,
    it is no part of what a member is.  *differs* says, in words, why a copy that was edited since is no longer what
    joined; it stays where it is, and does not lead.
    """

    sighting: Sighting
    story: str
    rule: Rule
    score: float = 1.0
    evidence: str = ""
    related: tuple[tuple[str, Verdict], ...] = field(default=(), compare=False)
    differs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another story that a story is linked with and not merged, and why (``Verdict``)."""

    story: str
    rule: str
    score: float
    evidence: str


FULLER = 1.25
"""How many times as long a later copy must be to lead: who adds a line to another's text does not get its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Entries that are the same publication, merged.

    *id* (a tag URI) and *published* never change.  *updated* moves when the words shown change; *changed* when
    anything shown does.  A *withdrawn* story is shown nowhere and cannot come back by itself; a *held* one waits for
    the operator's word.  *related* are the shown stories that it is linked with, in both directions, nearest first.
    *chosen* is a key of the copy that an editor lets lead; *pinned* is since when the story comes before all others.
    """

    id: str
    published: datetime
    updated: datetime
    changed: datetime
    members: tuple[Match, ...]
    withdrawn: datetime | None = None
    held: bool = False
    chosen: str | None = None
    pinned: datetime | None = None
    related: tuple[Related, ...] = field(default=(), compare=False)

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones that published it, each once, in the order in which their copies were first seen."""
        return tuple(dict.fromkeys(member.sighting.zone for member in self.members))

    @property
    def lead(self) -> Sighting:
        """The copy whose title and text are shown."""
        return self.members[0].sighting

    def within(self, zones: tuple[str, ...], prefer: str | None = None) -> Story | None:
        """The story as a stream of these zones shows it, its lead first; None when none of them published it.

        The lead is the copy that an editor chose; else the fullest, the zone *prefer* before all others; of those that
        are about as full the one seen first (``FULLER``).  A copy that *differs* from what it joined leads only where
        there is no other.
        """
        members = [member for member in self.members if member.sighting.zone in zones]
        if not members:
            return None
        lead = next((m for m in members if self.chosen in m.sighting.keys), None) or _fullest(members, prefer)
        return replace(self, members=(lead, *(member for member in members if member is not lead)))


def _fullest(members: list[Match], prefer: str | None) -> Match:
    least = min((bool(m.differs), m.sighting.zone != prefer) for m in members)
    first = [m.sighting for m in members if (bool(m.differs), m.sighting.zone != prefer) == least]
    full = max(copy.length for copy in first)
    copy = min((c for c in first if c.length * FULLER >= full), key=lambda c: (c.seen, -c.length, c.source))
    return next(member for member in members if member.sighting is copy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What an editor did: *act* to a *story*, or to a digest (``digest/<id>``); *other* is the second story of it.

    *detail* says what in words, *why* is the reason that was given; what was noted before reasons stood apart has it in
    *detail*.  *undo* is what undoing has to know.
    """

    id: int
    at: datetime
    who: str
    act: str
    story: str
    detail: str
    why: str = ""
    other: str | None = None
    undo: str | None = None
