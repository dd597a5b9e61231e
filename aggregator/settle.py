"""What one poll saw, decided in the writer's turn: every sighting gets its story, and both are kept.

Entries are taken one by one, in an order of their own, each against everything that was kept before it, so that it
makes no difference whether they came in one poll or in many:

    identify (its source has shown it before) → an edit in place
    else learn its sentences → anchors → match → join a story, or found one

What a turn costs does not grow with the database: a key that many stories share finds none, an entry is compared with
a bounded number of others, and anchors of what has become too old to be matched are taken out by the turns that bring
something new.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate

from aggregator import guards, merge, schedule
from aggregator.match import (
    Commonplaces,
    Effort,
    Known,
    anchors,
    claimed,
    compare,
    founded,
    identify,
    is_known,
    match,
    order,
    reuses,
    told,
    uncounted,
    without_guid,
)
from aggregator.model import Config, Guard, Match, Poll, Sighting, Story
from aggregator.said import Said
from aggregator.store import Tx

_GUIDS = "guids:{}"
"""The fact that a source's guids identify nothing."""
_HELD = "held:{}"
"""The fact that a source's flood is being held, of which some has not been stored yet."""
STEP = 100_000
"""How much one transaction takes, in characters of text: fifty entries as they mostly are."""
_ENTRY, _LONGEST = 1_000, 20_000
"""What an entry weighs whose text is short, and how much of a long one is read."""
Look = tuple[str, str, tuple[str, ...]]
"""A copy that this document has shown already: its story, its source, its keys."""


def settle(tx: Tx, seen: tuple[Sighting, ...], noted: Poll, config: Config) -> Poll:
    """Give every sighting its story, and keep both; what was learnt of the source is noted by whoever calls.

    A source's first success is quiet: its stories reach the feed and no digest.  A source that is not new and brings
    a flood has its unknown entries held until the operator has looked.
    """
    return Settling(seen, noted, config).whole(tx)


class Settling:
    """``settle`` in steps, each a transaction of its own: what one source sends keeps nobody waiting for long.

    The first step judges the whole, the others go by what it found.  Who dies in between has noted no poll, so that
    the source is read again; only that a flood is held must be kept, for the rest of it may be no flood.
    """

    def __init__(
        self, seen: tuple[Sighting, ...], noted: Poll, config: Config, *, effort: Effort | None = None
    ) -> None:
        self._effort = effort or Effort()
        self._seen = seen
        self._noted = noted
        self._config = config
        self._rest: list[Sighting] = []
        self._here: frozenset[str] | None = None
        self._held = self._marked = False
        self._looked: set[Look] = set()
        self._arrivals: list[datetime] = []

    def step(self, tx: Tx) -> Poll | None:
        """Place what one step takes; the poll as it is to be noted when that was the last, None while there is more."""
        turn = self._open(tx) if self._here is None else self._go_on(tx)
        many = _fitting(self._rest)
        part, self._rest = self._rest[:many], self._rest[many:]
        loud = self._noted.first_success != self._noted.at
        for sighting in part:
            turn.place(sighting, held=self._held, loud=loud)
        turn.tidy(len(turn.arrivals))
        self._arrivals += turn.arrivals
        self._noted = replace(
            self._noted, held=self._noted.held + turn.held, problems=(*self._noted.problems, *turn.problems)
        )
        return None if self._rest else self._close(tx)

    def whole(self, tx: Tx) -> Poll:
        """All steps, in one transaction."""
        while (settled := self.step(tx)) is None:
            pass
        return settled

    def _open(self, tx: Tx) -> Turn:
        """Look through the whole of what was seen."""
        source = self._noted.source
        turn = Turn(tx, self._seen, self._noted.at, self._config, effort=self._effort)
        judged = turn.judge(tx.polls.of(source), self._config.guard)
        self._rest, self._here, self._looked = list(judged.seen), turn.here, turn.looked
        self._marked = tx.meta.get(_HELD.format(source)) is not None
        self._held = judged.held or (judged.unknown > 0 and self._marked)
        self._noted = replace(self._noted, new=judged.unknown, problems=(*self._noted.problems, *judged.problems))
        if self._held and len(self._rest) > _fitting(self._rest):
            tx.meta.put(_HELD.format(source), "yes")
            self._marked = True
        return turn

    def _go_on(self, tx: Tx) -> Turn:
        part = self._rest[: _fitting(self._rest)]
        turn = Turn(tx, part, self._noted.at, self._config, here=self._here, effort=self._effort)
        turn.looked = self._looked
        return turn

    def _close(self, tx: Tx) -> Poll:
        if self._marked:
            tx.meta.drop(_HELD.format(self._noted.source))
        arrivals = schedule.remembered((*self._noted.arrivals, *self._arrivals), self._config.fetch.interval)
        problems = (*self._noted.problems, *_uncompared(self._effort.without))
        return replace(self._noted, arrivals=arrivals, problems=problems)


class Turn:
    """The writer's turn for one poll of one source, or a part of it; it reads and keeps through *tx*, at *now*.

    *here* are the keys of the whole document, of which *seen* is then a part that was looked through before; *effort*
    is what comparing the whole may cost.
    """

    def __init__(
        self,
        tx: Tx,
        seen: Sequence[Sighting],
        now: datetime,
        config: Config,
        *,
        here: frozenset[str] | None = None,
        effort: Effort | None = None,
    ) -> None:
        self._tx = tx
        self._effort = effort or Effort()
        self._now = now
        self._settings = config.match
        self._facts = tx.meta.some(["authority", *(_GUIDS.format(source) for source in {one.source for one in seen})])
        seen = [without_guid(one) if _GUIDS.format(one.source) in self._facts else one for one in seen]
        self._span = max(self._settings.window, self._settings.related_window)
        self._said = Said(tx)
        self._commonplaces = Commonplaces(self._said)
        self._authority = self._facts.get("authority", "")
        likely = frozenset(founded(one, self._authority) for one in seen)
        self._known = Known(
            tx.stories.sharing((key for one in seen for key in one.keys), likely),
            taken=lambda name: name not in likely and tx.stories.exists(name),
            recall=lambda one: tx.stories.alike(one, self._span),
        )
        self.seen: Sequence[Sighting] = order(self._trusted(seen)) if here is None else seen
        self.here = here if here is not None else frozenset(key for one in self.seen for key in one.keys)
        self.looked: set[Look] = set()
        self.held = 0
        self.problems: list[str] = []
        self.arrivals: list[datetime] = []

    def identify(self, sighting: Sighting) -> tuple[Story, Match] | None:
        """The story and the member of which *sighting* is a new look, None for an entry that is new."""
        return identify(sighting, self._known, self.here, self._is_another)

    def _is_another(self, one: Sighting, other: Sighting) -> bool:
        return claimed(one, other, self._settings, self._commonplaces, brief=True) is not None

    def judge(self, last: Poll | None, settings: Guard) -> guards.Judged:
        """What the guards make of all that was seen, given the source's *last* poll."""
        self.seen = self._living(self.seen)
        before = [found[1].sighting if (found := self.identify(one)) else None for one in self.seen]
        return guards.judge(self.seen, before, self._known, last, settings, self._recent)

    def _recent(self) -> list[Story]:
        """The latest stories of the source's zone, which are known from then on."""
        zones = tuple({one.zone for one in self.seen})
        stories = self._tx.stories.newest(zones, guards.RECENT)
        for story in stories:
            self._known.put(story)
        return stories

    def place(self, sighting: Sighting, *, held: bool, loud: bool) -> None:
        """Give *sighting* its story; one that it founds is *held* back if so, and its arrival is news if *loud*."""
        found = self.identify(sighting)
        if found is not None:
            self._edit(sighting, *found, loud=loud)
        else:
            self._enter(self.decide(sighting), held=held, loud=loud)

    def decide(self, sighting: Sighting) -> Match:
        """The story of an entry that is new, one that is kept or one that it founds."""
        self._said.learn(sighting)
        return match(
            replace(sighting, anchors=anchors(sighting, self._commonplaces)),
            self._known,
            authority=self._authority,
            settings=self._settings,
            commonplaces=self._commonplaces,
            effort=self._effort,
        )

    def tidy(self, new: int) -> None:
        """Keep what was learnt, and forget, in proportion to what came in, what is too old to be found by its text."""
        self._said.keep(self._now)
        if new:
            self._tx.stories.prune(self._now - self._span, 2 * new + 8)
            # One entry in sixteen looks after what its source says; counting takes time, and the bound is no sharp one.
            for source in sorted({one.source for one in self.seen if one.words.startswith("0")}):
                self._tx.sentences.forget(source)

    def _edit(self, sighting: Sighting, story: Story, member: Match, *, loud: bool) -> None:
        old = member.sighting
        if _look(story, member) in self.looked:
            return  # a list that shows an item twice shows one entry, as its first place has it
        if sighting.words != old.words or (not old.anchors and old.seen > self._now - self._span):
            sighting = replace(sighting, anchors=anchors(sighting, self._commonplaces))
        edit = Match(sighting=sighting, story=story.id, rule=member.rule)
        folded = self._fold(story, edit, same=lambda one, _: one is old)
        self.looked.add(_look(story, member if folded == story else folded.members[story.members.index(member)]))
        if folded != story:
            self._report(story, folded, sighting)
            self._keep(folded, loud=loud)

    def _enter(self, found: Match, *, held: bool, loud: bool) -> None:
        story = self._known.get(found.story)
        updated = story is not None and any(self._updates(found.sighting, each.sighting) for each in story.members)
        folded = self._fold(story, found, same=lambda one, _: False, held=held, updated=updated)
        self.held += story is None and held
        self.arrivals.append(found.sighting.published)
        before = story.members if story else ()
        self.looked.update(_look(folded, each) for each in folded.members if all(each is not one for one in before))
        self._keep(folded, loud=loud)
        self._tx.related.note(folded.id, found.related, self._now)

    def _fold(
        self, story: Story | None, match: Match, *, same: merge.Same, held: bool = False, updated: bool = False
    ) -> Story:
        return merge.fold(
            story,
            match,
            self._now,
            same=same,
            differs=self._differs,
            told=lambda one: told(one, self._commonplaces),
            held=held,
            updated=updated,
        )

    def _keep(self, story: Story, *, loud: bool) -> None:
        self._tx.stories.save(story, at=self._now, loud=loud)
        self._known.put(story)

    def _differs(self, one: Sighting, other: Sighting) -> str:
        """Why two copies do not tell the same, by their words alone: an address is easily claimed."""
        bare = uncounted(replace(one, keys=()), replace(other, keys=()), self._commonplaces)
        verdict = compare(*bare, settings=self._settings, commonplaces=self._commonplaces)
        return "" if verdict.verdict == "same" else verdict.evidence or "the texts are no longer alike"

    def _updates(self, sighting: Sighting, other: Sighting) -> bool:
        """Whether a copy that joins is a marked update or correction of one that was there, and not the reverse."""
        verdict = compare(sighting, other, settings=self._settings, commonplaces=self._commonplaces)
        return verdict.updated and sighting.published >= other.published

    def _report(self, before: Story, after: Story, sighting: Sighting) -> None:
        """Say which copies the edit made another text: nobody takes them out but an editor."""
        was = {member.sighting.source for member in before.members if member.differs}
        for member in after.members:
            if member.differs and member.sighting.source not in was:
                self.problems.append(
                    f'"{sighting.entry.title}" was edited, and the copy of {member.sighting.source} no longer says the '
                    f"same as its story ({member.differs}); see aggregator stories explain {_short(after.id)}"
                )

    def _living(self, seen: Sequence[Sighting]) -> Sequence[Sighting]:
        """Without what was deleted; an entry that is kept lives, whatever else was deleted that had its words."""
        buried = self._tx.retention.buried(key for one in seen for key in guards.grave(one))
        return guards.living(seen, buried, window=self._settings.window, kept=lambda one: is_known(one, self._known))

    def _trusted(self, seen: Collection[Sighting]) -> Collection[Sighting]:
        """The sightings without their guids, once their source has given one guid to two entries."""
        distrusted = {one.source for one in seen if reuses(one, self._known)}
        for source in sorted(distrusted):
            self._tx.meta.put(_GUIDS.format(source), "reused")
        return [without_guid(one) if one.source in distrusted else one for one in seen]


def _look(story: Story, member: Match) -> Look:
    return story.id, member.sighting.source, member.sighting.keys


def _fitting(seen: Sequence[Sighting]) -> int:
    """How many of these one step takes, at least one: what it costs goes with what there is to read."""
    taken = accumulate(_ENTRY + min(one.length, _LONGEST) for one in seen)
    return max(1, sum(weight <= STEP for weight in taken))


def _uncompared(many: int) -> tuple[str, ...]:
    """A sentence on the entries for which no effort was left, if there were any."""
    if not many:
        return ()
    entries = "1 entry was" if many == 1 else f"{many} entries were"
    return (f"{entries} not compared by their words with what is known: too much that is alike came at once",)


def _short(id: str) -> str:
    return id.rpartition("/")[2]
