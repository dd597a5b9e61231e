"""The pages of the desk.  Pure: what they are of is given to them.

Who opens one of them has changed nothing; only a form does, and every form carries the token of the login.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator import shown, text
from aggregator.desk import copies, words
from aggregator.desk.sessions import Session
from aggregator.explain import Explanation
from aggregator.model import Config, Deed, Edition, Letter, Plan, Story
from aggregator.publish import page, places
from aggregator.status import WRONG, SourceStatus
from aggregator.subscribing.words import speaker, title

HOME = "/desk/"
LONGEST = 300
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Row:
    """A story in a list."""

    id: str
    name: str
    title: str
    lang: str | None
    published: datetime
    badges: tuple[page.Badge, ...]
    copies: int
    state: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A deed in the log; *href* leads to what it was done to, *title* is what that is called; *other* is the same of
    the story that came of it, or went into it.
    """

    deed: Deed
    act: str
    what: str
    title: str
    href: str
    undoable: bool = False
    other: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a list of stories is filtered by."""

    text: str = ""
    zone: str = ""
    state: str = "shown"
    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The edition of a digest that goes out next; *letter* is None without news, *why* says why it is this one.

    *stories* are the new ones in it, in the order in which they stand under their headings.
    *goes* is when it is made, where that is a matter of the calendar.
    """

    letter: Letter | None
    why: str
    held: tuple[Edition, ...]
    sending: tuple[Edition, ...]
    plan: Plan
    stories: tuple[Story, ...]
    goes: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """An edition as it stands, with how many of its mails are in which state; nobody's address."""

    edition: Edition
    counts: str


def here(config: Config, below: str = "") -> str:
    """An address of the desk as a reference that works behind any proxy: from the root of the host."""
    return f"{places.prefix(config)}{HOME}{below}"


def login(config: Config, to: str, *, wrong: str = "", name: str = "") -> bytes:
    """The form to log in with; *wrong* is ``password`` or ``often``; *to* is where it leads."""
    _ = speaker(config)
    told = {
        "password": _("That name and that password do not belong together."),
        "often": _("Too many attempts. Try again in a quarter of an hour."),
        "expired": _("You were logged out meanwhile. Log in, and do it again."),
        "unknown": _("You are logged in at the network, but nobody has given you access to this desk."),
    }
    return _render(
        config,
        None,
        "login",
        title=_("The editors' desk"),
        wrong=told.get(wrong, ""),
        typed=name,
        to=to,
        by_password=config.desk.trusted_header is None,
        action=here(config, "login"),
    )


def stories(config: Config, session: Session, asked: Asked, found: Sequence[Story], more: bool) -> bytes:
    _ = speaker(config)
    states = {
        "shown": _("As readers see them"),
        "joint": _("Published by several zones"),
        "differs": _("With a copy that was changed into another text"),
        "hidden": _("Hidden"),
        "held": _("Held"),
        "": _("All of them"),
    }
    return _render(
        config,
        session,
        "stories",
        title=_("Stories"),
        rows=[row(config, story) for story in found],
        asked=asked,
        states=states,
        zones=[(zone.id, text.clean(zone.name)) for zone in config.zones],
        newer=replace(asked, number=asked.number - 1) if asked.number > 1 else None,
        older=replace(asked, number=asked.number + 1) if more else None,
    )


def story(
    config: Config,
    session: Session,
    told: Explanation,
    log: Sequence[Line],
    seen: int,
    *,
    said: str = "",
    why: str = "",
) -> bytes:
    """One story; *said* names what came of the last form, *why* is the reason that stood in one that was not taken."""
    found = told.story
    whole = found.within(found.zones) or found
    made = copies.copies(config, told)
    name = copies.name(found.id)
    return _render(
        config,
        session,
        "story",
        title=shown.title(whole.lead),
        tongue=shown.language(whole.lead),
        story=found,
        state=copies.state(found),
        page=here(config, f"story/{name}/"),
        public=f"{places.prefix(config)}{places.story(found.id)}",
        copies=made,
        others=copies.others(config, found, told.neighbours),
        log=log,
        seen=seen,
        said=words.said(config, said),
        done=log[0] if said == "done" and log else None,
        why=why,
    )


def held(
    config: Config,
    session: Session,
    found: Sequence[Story],
    ailing: Sequence[SourceStatus],
    seen: int,
    *,
    said: str = "",
) -> bytes:
    _ = speaker(config)
    return _render(
        config,
        session,
        "held",
        title=_("Held"),
        floods=_floods(config, found),
        ailing=[each for each in ailing if each.condition in WRONG],
        moved=[each for each in ailing if each.poll and each.poll.moved and each.condition != "off"],
        names={source.id: text.clean(source.title or source.id) for source in config.sources},
        seen=seen,
        said=said,
    )


def log(config: Config, session: Session, lines: Sequence[Line], *, of: str, title: str, older: int | None) -> bytes:
    """What was done; *of* is the only story that it is about, if any, and *title* what that is called."""
    _ = speaker(config)
    return _render(config, session, "log", title=_("Log"), lines=lines, of=of, of_title=title, older=older)


def digests(config: Config, session: Session, nexts: Mapping[str, Next]) -> bytes:
    _ = speaker(config)
    rows = [(each.id, title(config, each), nexts[each.id]) for each in config.digests]
    return _render(config, session, "digests", title=_("Digests"), rows=rows)


def digest(
    config: Config,
    session: Session,
    id: str,
    coming: Next,
    past: Sequence[Past],
    seen: int,
    log: Sequence[Line],
    *,
    said: str = "",
) -> bytes:
    return _render(
        config,
        session,
        "digest",
        title=title(config, config.digest(id)),
        id=id,
        next=coming,
        reviewed=config.digest(id).review is not None,
        ranks=ranks(config, coming),
        past=past,
        seen=seen,
        log=log,
        said=said,
    )


def ranks(config: Config, coming: Next) -> list[tuple[str, str, str | None, int | None]]:
    """The stories of an edition: id, title, language, and the place that an editor gave it."""
    place = {id: at for at, id in enumerate(coming.plan.first, 1)}
    return [
        (story.id, shown.title(story.lead), shown.language(story.lead), place.get(story.id)) for story in coming.stories
    ]


def refused(config: Config, session: Session | None, why: str) -> bytes:
    """What is said to somebody whose request is not carried out: *why* is ``role``, ``forged``, ``missing`` or
    ``unwell``.
    """
    _ = speaker(config)
    told = {
        "role": _("You may look at everything here, and change nothing. An editor can do it."),
        "forged": _("This form did not come from your login, so nothing was done. Open the page again, and repeat it."),
        "missing": _("There is nothing of that name here."),
        "unwell": _(
            "The database does not answer, so nothing was done. Try again in a minute; if that does not help, "
            "tell whoever runs this site."
        ),
    }
    return _render(config, session, "refused", title=_("Nothing was done"), told=told[why])


def row(config: Config, story: Story) -> Row:
    lead = (story.within(story.zones) or story).lead
    return Row(
        id=story.id,
        name=copies.name(story.id),
        title=shown.title(lead),
        lang=shown.language(lead),
        published=story.published,
        badges=page.badges(config, story.zones, ""),
        copies=len(story.members),
        state=copies.state(story),
        differs=any(member.differs for member in story.members),
    )


def line(config: Config, deed: Deed, called: str, *, undoable: bool = False, other: str = "") -> Line:
    """A deed in the readers' words; *called* is the title of its story, or of its digest, and *other* that of the story
    that it is about too, which stands for the ids in the detail.
    """
    detail = "" if deed.other else deed.detail
    if deed.why and detail.endswith(deed.why):
        detail = detail.removesuffix(deed.why).removesuffix("; ")
    return Line(
        deed=deed,
        act=words.act(config, deed.act),
        what=detail,
        title=called,
        href=_address(config, deed.story),
        undoable=undoable,
        other=(_address(config, deed.other), other) if deed.other and other else None,
    )


def _address(config: Config, subject: str) -> str:
    kind, _, name = subject.rpartition("/")
    return here(config, f"digest/{name}/" if kind == "digest" else f"story/{name}/")


def past(config: Config, edition: Edition, tally: Mapping[str, int]) -> Past:
    return Past(edition, words.counted(config, tally))


def _floods(config: Config, found: Iterable[Story]) -> list[tuple[str, list[Row]]]:
    """What is held, by the source that brought it."""
    floods: dict[str, list[Row]] = {}
    for story in found:
        floods.setdefault(story.members[0].sighting.source, []).append(row(config, story))
    return list(floods.items())


def _render(config: Config, session: Session | None, name: str, **values: object) -> bytes:
    return page.written(
        config,
        f"desk/{name}.html",
        **page.frame(config, f"{places.prefix(config)}/"),
        **values,
        here=here(config),
        tab=name,
        session=session,
        editor=session is not None and session.user.is_editor,
        longest=LONGEST,
        by_header=config.desk.trusted_header is not None,
    )
