"""The page of one story: what it says, all who published it side by side, and why these are one.

Its address derives from the story's id and never changes.  A story that is shown no more says so there; one that was
joined into another leads to that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape

from aggregator import shown
from aggregator.model import Config, Document, Match, Story
from aggregator.publish import entry, page, places, reasons, static
from aggregator.publish.page import Badge

_DESCRIPTION = 200
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Side:
    """One copy beside the others: who published it, where, when and under which title; *reason* is why it is here."""

    name: str
    badge: Badge
    title: str
    href: str | None
    lang: str | None
    published: datetime
    excerpt: str
    reason: str
    differs: str


@dataclass(frozen=True, slots=True)
class Link:
    """A story that this one is linked with, and why."""

    href: str
    title: str
    lang: str | None
    published: datetime
    badges: tuple[Badge, ...]
    reason: str


def render(config: Config, story: Story, related: Sequence[Story] = ()) -> bytes:
    """The page's bytes.

    *story* is as ``select.shown`` gave it for ``places.whole``, and so is each of *related*, in the order of its links.
    """
    path = places.story(story.id)
    root, lead, link = page.root_of(path), story.lead, shown.main_link(story)
    differ = len({shown.excerpt(member.sighting) for member in story.members}) > 1
    sides = [_side(config, member, root, excerpts=differ) for member in story.members]
    return page.written(
        config,
        "story.html",
        **page.frame(config, root),
        canonical=places.base(config) + path,
        title=shown.title(lead),
        tongue=shown.language(lead),
        description=shown.excerpt(lead)[:_DESCRIPTION],
        published=story.published,
        updated=story.updated if story.updated > story.published else None,
        badges=page.badges(config, story.zones, root),
        excerpt=shown.excerpt(lead),
        markup=_markup(config, story),
        lead=shown.zone(config, lead.zone).name,
        href=link.href if link else None,
        sides=sides,
        related=_links(config, story, related, root),
        rights=entry.rights(lead),
    )


def gone(config: Config) -> Document:
    """What stands where a story was that is shown no more."""
    made = static.document("text/html; charset=utf-8", page.render_error(config, 410), _UNDATED)
    return replace(made, status=410)


def moved(config: Config, id: str, to: str) -> Document:
    """A redirect from the page of a story to that of the one which it was joined into; an editor may part them."""
    target = places.story(to)
    made = static.document("text/plain; charset=utf-8", f"{places.base(config)}{target}\n".encode(), _UNDATED)
    return replace(made, status=302, location=places.relative(places.story(id), target))


def _side(config: Config, member: Match, root: str, *, excerpts: bool) -> Side:
    """One of the copies; with *excerpts* where these say different things."""
    copy = member.sighting
    link = shown.link(copy)
    return Side(
        name=shown.zone(config, copy.zone).name,
        badge=page.badges(config, [copy.zone], root)[0],
        title=shown.title(copy),
        href=link.href if link else None,
        lang=shown.language(copy),
        published=copy.published,
        excerpt=shown.excerpt(copy) if excerpts else "",
        reason=reasons.joined(config, member),
        differs=reasons.differs(config, member),
    )


def _links(config: Config, story: Story, related: Sequence[Story], root: str) -> list[Link]:
    why = {each.story: each for each in story.related}
    return [
        Link(
            href=root + places.story(other.id)[1:],
            title=shown.title(other.lead),
            lang=shown.language(other.lead),
            published=other.published,
            badges=page.badges(config, other.zones, root),
            reason=reasons.linked(config, why[other.id]) if other.id in why else "",
        )
        for other in related
    ]


def _markup(config: Config, story: Story) -> str:
    """The whole text, sanitised, where its source may be published in full, else empty.

    Its headings, which carry no attributes, come to stand below the page's own.
    """
    type, value = entry.content(config, story.lead) or ("text", "")
    if type == "text":
        return "".join(f"<p>{escape(part, quote=False)}</p>" for part in value.split("\n\n") if part.strip())
    for level in ("3", "4"):
        value = value.replace(f"<h{level}>", "<h2>").replace(f"</h{level}>", "</h2>")
    return value
