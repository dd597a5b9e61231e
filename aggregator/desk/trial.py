"""Whether the operator's templates of the desk can be rendered: tried on an invented story before an editor asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from aggregator import templating
from aggregator.desk import pages, sessions
from aggregator.desk.pages import Asked, Next, Past
from aggregator.desk.sessions import Session
from aggregator.explain import Explanation, Neighbour
from aggregator.model import Config, Deed, Digest, Edition, Letter, Move, Plan, Poll, Story, User, Verdict
from aggregator.status import SourceStatus

_AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
_APART = Verdict(verdict="different", rule="slots", score=0.5, evidence="'a' ≠ 'b'")


def problems(config: Config, stories: Sequence[Story]) -> list[str]:
    """What is wrong with them, each a sentence; *stories* are invented ones, the first with much on it."""
    if any(name.startswith("page/") for name, _ in config.theme.templates):
        for user in (User(name="a", role="editor"), User(name="a", role="reader")):
            for render in _pages(config, sessions.begin(b"a", user, "a", _AT)[0], stories):
                render()
    return [f"publish.templates: {fault}" for fault in templating.broken(config.theme)]


def _pages(config: Config, session: Session, stories: Sequence[Story]) -> list[Callable[[], object]]:
    """Every page, with much on it and with little."""
    told, other, *_ = stories
    deeds = [Deed(id=1, at=_AT, who="a", act="join", story=told.id, detail="", why="b", other=other.id)]
    log = [pages.line(config, deed, "a", undoable=True, other="b") for deed in deeds]
    compared = Explanation(told, (None, *(_APART for _ in told.members[1:])), (Neighbour(other, _APART),))
    alone = Explanation(replace(other, withdrawn=_AT), (None,), ())
    return [
        *(partial(pages.login, config, "", wrong=wrong) for wrong in ("", "password")),
        *(partial(pages.refused, config, whose, "missing") for whose in (session, None)),
        lambda: pages.stories(config, session, Asked(number=2), stories, more=True),
        lambda: pages.stories(config, session, Asked(), (), more=False),
        lambda: pages.story(config, session, compared, log, 1, said="done"),
        lambda: pages.story(config, session, compared, log, 1, said="why", why="a"),
        lambda: pages.story(config, session, alone, (), 0),
        lambda: pages.held(config, session, stories, _ailing(), 1, said="none"),
        lambda: pages.held(config, session, (), (), 0),
        lambda: pages.log(config, session, log, of=told.id, title="a", older=1),
        lambda: pages.log(config, session, (), of="", title="", older=None),
        *(partial(_digest, config, session, digest, stories, log) for digest in config.digests[:1]),
    ]


def _digest(config: Config, session: Session, digest: Digest, stories: Sequence[Story], log: list[pages.Line]) -> None:
    out = Edition(id=1, digest=digest.id, slot="x", frozen=_AT, state="held", stories=1, until=_AT)
    coming = Next(
        letter=Letter(subject="a", text="b", html="c"),
        why="held",
        held=(out,),
        sending=(),
        plan=Plan(introduction="a", first=(stories[0].id,)),
        stories=tuple(stories),
        goes=_AT,
    )
    calm = replace(coming, letter=None, why="", held=(), sending=(out,), plan=Plan(), stories=())
    for each in (coming, replace(coming, why=""), calm):
        pages.digests(config, session, {one.id: each for one in config.digests})
    pages.digest(config, session, digest.id, coming, [Past(out, "a")], 1, log, said="done")
    pages.digest(config, session, digest.id, calm, (), 0, ())


def _ailing() -> list[SourceStatus]:
    """Sources that fail, and one that has moved."""
    poll = Poll(
        source="a", url="https://example.org/", at=_AT, next_poll=_AT, status="ok", last_success=_AT, failures=2
    )
    moved = replace(poll, moved=Move(to="https://example.com/", since=_AT, same=True))
    return [
        SourceStatus(source="a", url=poll.url, condition="failing", words="b", poll=poll),
        SourceStatus(source="b", url=poll.url, condition="gone", words="b"),
        SourceStatus(source="c", url=poll.url, condition="ok", words="b", poll=moved),
    ]
