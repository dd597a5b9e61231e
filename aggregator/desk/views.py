"""What a page of the desk is of, read in one transaction, and what a form does, in one of the writer's turn."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from zoneinfo import ZoneInfo

from aggregator import hand, post, select, shown, status
from aggregator.desk import acts, editions, pages, words
from aggregator.desk.pages import Asked, Line, Next
from aggregator.desk.sessions import Session
from aggregator.digest.slots import next_slot
from aggregator.digest.told import tell
from aggregator.errors import DigestError
from aggregator.explain import explain
from aggregator.hand import Hand, NoSuchStory
from aggregator.mail.message import filled
from aggregator.model import Config, Deed, Digest, Envelope, Letter, Plan, Poll, Story
from aggregator.publish import places
from aggregator.store import Tx, Wanted
from aggregator.subscribing.words import title

PAGE = 30
MOST = 50
"""How many stories a page of the list has, and how many pages there are at most."""
LINES = 100
_NAME = re.compile(r"(?:.*story/)?([0-9a-f]{1,32})/?", re.DOTALL)
_STATES = ("shown", "joint", "differs", "hidden", "held", "")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form asks for, *what* it is about beside its story, and the last deed that it knew of."""

    act: str
    what: str
    seen: str
    hand: Hand

    @property
    def last(self) -> int:
        """-1 for what is no number, which no story has as its last deed."""
        return int(self.seen) if self.seen.isascii() and self.seen.isdigit() and len(self.seen) < 16 else -1


def named(config: Config, typed: str) -> str | None:
    """The id of the story that an address, an id or a name of it means; whether there is one is another matter."""
    found = _NAME.fullmatch(typed.strip())
    return places.told(config, f"/story/{found[1]}/") if found else None


# -- looking -------------------------------------------------------------------------


def asked(config: Config, values: Mapping[str, str]) -> Asked:
    """What the address says; a zone or a state that is not there is none, and so is a page."""
    state, number = values.get("state", "shown"), values.get("page", "")
    return Asked(
        text=values.get("q", "")[:200].strip(),
        zone=next((zone.id for zone in config.zones if zone.id == values.get("zone")), ""),
        state=state if state in _STATES else "shown",
        number=min(max(int(number), 1), MOST) if number.isascii() and number.isdigit() and len(number) < 4 else 1,
    )


def stories(tx: Tx, config: Config, session: Session, wanted: Asked) -> bytes:
    first = (wanted.number - 1) * PAGE
    found = list(islice(_listed(tx, config, wanted), first, first + PAGE + 1))
    more = len(found) > PAGE and wanted.number < MOST
    return pages.stories(config, session, wanted, found[:PAGE], more)


def _listed(tx: Tx, config: Config, wanted: Asked) -> Iterator[Story]:
    state = next((each for each in ("shown", "joint", "differs", "hidden", "held") if each == wanted.state), None)
    streams = config.streams if wanted.state == "shown" else None
    fits = partial(select.fits, config=config, typed=wanted.text, streams=streams)
    word = select.longest_word(wanted.text)
    return filter(fits, tx.stories.listed(Wanted(zone=wanted.zone or None, state=state, word=word)))


def story(tx: Tx, config: Config, session: Session, id: str, said: str, why: str) -> bytes | str | None:
    """The page of a story; the name of the one that took it in; None when there is no such story."""
    found = tx.stories.get(id)
    if found is None:
        return None
    if not found.members:
        into = tx.hands.joined_into(id)
        return into.rpartition("/")[2] if into else None
    deeds = tx.hands.log(story=id, limit=LINES)
    undoable = acts.undoable(tx, found, deeds)
    log = _lines(tx, config, deeds, undoable)
    seen = tx.hands.latest(id)
    told = explain(tx, found, config.match)
    return pages.story(config, session, told, log, seen, said=said, why=why)


def held(tx: Tx, config: Config, session: Session, polls: Mapping[str, Poll], now: datetime, said: str) -> bytes:
    ailing, seen = status.sources(config, polls, now), tx.hands.latest()
    return pages.held(config, session, tx.stories.held(), ailing, seen, said=words.said(config, said))


def log(tx: Tx, config: Config, session: Session, of: str, before: str) -> bytes:
    last = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    id = named(config, of) if of else None
    deeds = tx.hands.log(story=id if of else None, before=last, limit=LINES) if id or not of else []
    lines = _lines(tx, config, deeds)
    called = lines[0].title if of and lines else of
    older = deeds[-1].id if len(deeds) == LINES else None
    return pages.log(config, session, lines, of=of, title=called, older=older)


def digests(tx: Tx, config: Config, session: Session, now: datetime) -> bytes:
    return pages.digests(config, session, {each.id: _next(tx, config, each, now) for each in config.digests})


def digest(tx: Tx, config: Config, session: Session, id: str, now: datetime, said: str) -> bytes:
    wanted, subject = config.digest(id), editions.subject(id)
    past = [pages.past(config, each, tx.mailing.tally(each.id)) for each in tx.mailing.editions(id)]
    deeds = tx.hands.log(story=subject, limit=LINES)
    log = _lines(tx, config, deeds, _arranged(tx, wanted, deeds))
    coming, seen = _next(tx, config, wanted, now), tx.hands.latest(subject)
    return pages.digest(config, session, id, coming, past, seen, log, said=words.said(config, said))


def letter(tx: Tx, config: Config, digest: Digest, now: datetime) -> str:
    """The markup of what goes out next; empty when nothing does, or as text only."""
    found = _preview(tx, config, digest, now)
    return _filled(found).html if found else ""


def trial(tx: Tx, config: Config, digest: Digest, to: str, now: datetime) -> tuple[Letter, Envelope] | None:
    """A test to one address of what goes out next; of the last stories when nothing is new."""
    found = post.preview(tx, config, digest, now, last=True) if config.mail else None
    return post.trial(config, digest, found.letter, to, now) if found else None


def _preview(tx: Tx, config: Config, digest: Digest, now: datetime) -> post.Preview | None:
    return post.preview(tx, config, digest, now) if config.mail else None


def _filled(found: post.Preview) -> Letter:
    """As it reads, with no link that is a reader's own: who has those can unsubscribe somebody."""
    return filled(found.letter, replace(found.envelope, unsubscribe=None, preferences=None))


def _next(tx: Tx, config: Config, digest: Digest, now: datetime) -> Next:
    found = _preview(tx, config, digest, now)
    way = tx.mailing.on_the_way(digest.id)
    plan = editions.plan_of(tx, digest)
    return Next(
        letter=_filled(found) if found else None,
        why=found.why if found else "",
        held=tuple(each for each in way if each.state == "held"),
        sending=tuple(each for each in way if each.state == "sending"),
        plan=plan,
        stories=tuple(tell(config, found.stories, (), plan.first).newest) if found else (),
        goes=next_slot(digest, ZoneInfo(config.timezone), now),
    )


def _lines(tx: Tx, config: Config, deeds: Sequence[Deed], undoable: Collection[int] = ()) -> list[Line]:
    ids = {id for deed in deeds for id in (deed.story, deed.other) if id}
    found = {each.id: each for each in tx.stories.all(sorted(ids))}
    known = {editions.subject(each.id): title(config, each) for each in config.digests}

    def called(id: str | None) -> str:
        whole = found[id].within(found[id].zones) if id in found else None
        return shown.title(whole.lead) if whole else known.get(id or "", "")

    def line(deed: Deed) -> Line:
        # A story that was joined away has no title any more; the one that took it in is what people know.
        own, other = called(deed.story), called(deed.other)
        return pages.line(config, deed, own or other or deed.story, undoable=deed.id in undoable, other=other)

    return list(map(line, deeds))


# -- doing ---------------------------------------------------------------------------


def do(tx: Tx, config: Config, id: str, wish: Wish) -> str:
    """What came of a form of a story's page, as ``pages.said`` knows it."""
    what = wish.what
    if wish.act == "join":
        what = what if tx.stories.exists(what) else named(config, what) or ""
    if wish.act not in acts.ACTS and wish.act != "undo":
        return "impossible"
    try:
        with editions.following(tx, config, wish.hand.at):
            acts.do(tx, id, wish.act, what, wish.last, wish.hand)
    except acts.Stale:
        return "stale"
    except NoSuchStory:
        return "impossible"
    return "done"


def let_go(tx: Tx, config: Config, names: Sequence[str], wish: Wish) -> str:
    """Release or absorb the held stories with these ids; all of them or none."""
    doing = {"release": hand.release, "absorb": hand.absorb}.get(wish.act)
    if doing is None or not names:
        return "none"
    if wish.last < 0 or tx.hands.touched(wish.last) & set(names):
        return "stale"
    waiting = {story.id for story in tx.stories.held()}
    if not waiting.issuperset(names):
        return "impossible"
    with editions.following(tx, config, wish.hand.at):
        for name in dict.fromkeys(names):
            doing(tx, name, wish.hand)
    return "let"


def settle(tx: Tx, config: Config, digest: Digest, wish: Wish, plan: Plan) -> str:
    """Hold, release or cancel an edition, or arrange the next one after *plan*, or undo that."""
    if wish.act not in (*editions.ACTS, "arrange", "undo"):
        return "nothing"
    if not is_current(tx, digest, wish):
        return "stale"
    try:
        if wish.act in editions.ACTS:
            return "let" if editions.do(tx, digest, wish.act, wish.hand) else "nothing"
        if wish.act == "arrange":
            editions.arrange(tx, config, digest, plan, wish.hand)
            return "done"
        return _unarrange(tx, config, digest, wish)
    except DigestError:
        return "same" if wish.act == "arrange" else "nothing"


def is_current(tx: Tx, digest: Digest, wish: Wish) -> bool:
    """Whether nothing was done to *digest* since the form was made."""
    return tx.hands.latest(editions.subject(digest.id)) == wish.last


def _unarrange(tx: Tx, config: Config, digest: Digest, wish: Wish) -> str:
    deeds = tx.hands.log(story=editions.subject(digest.id), limit=LINES)
    found = next((deed for deed in deeds if str(deed.id) == wish.what), None)
    if found is None or found.id not in _arranged(tx, digest, deeds):
        return "impossible"
    editions.undo(tx, config, digest, found, wish.hand)
    return "done"


def _arranged(tx: Tx, digest: Digest, deeds: Sequence[Deed]) -> list[int]:
    """The last arranging among a digest's *deeds*, the latest first: it alone can be undone, while it holds."""
    last = [deed for deed in deeds if deed.act == "arrange"][:1]
    return [deed.id for deed in last if editions.holds(tx, digest, deed)]
