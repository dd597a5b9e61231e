"""Stories as a letter: what a subscriber reads, in HTML and in plain text, both complete.

Who asks for help comes first, then what several zones published, then each zone's own news in the order of the
configuration, and last what was mailed before and has been updated since; of every section the newest stories in full,
then some as rows, and the rest as headlines, so that 150 of them stay within what mail programs show uncut.  What even
so does not fit is counted and left to the next edition.
The words stand in ``templates/mail``; what is each reader's own is left blank (``blanks``).  Styles are written into
the elements, because many programs drop style sheets; only what cannot be (dark mode) stays in one.  Nothing is loaded,
and every link is its publisher's, our own page's or the reader's own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import datetime
from email.utils import parseaddr

import css_inline

from aggregator import i18n, templating, text
from aggregator.digest import blanks
from aggregator.digest.sections import sections, styles
from aggregator.digest.told import preheader, subject, tell
from aggregator.model import AS_IT_COMES, Config, Digest, Letter, Plan, Story, Stream

SHOWN = ((4, ALL := 1000), (2, ALL), (2, 8), (1, 2), (0, 0))
"""How many stories of a section are shown in full, and how many of the others as rows: the first with which all fit."""

MAX_MAIL = 90_000
"""Bytes of the whole message as sent; Gmail cuts a message off at 102 kB, and relays add headers."""

MOST = 600
"""Stories that one letter is tried with: a headline and its address take more than ``MAX_MAIL / MOST``."""


def render(
    config: Config,
    digest: Digest,
    stories: Sequence[Story],
    frozen: datetime,
    size: Callable[[Letter], int],
    *,
    updates: Sequence[Story] = (),
    plan: Plan = AS_IT_COMES,
) -> tuple[Letter, int]:
    """The letter of an edition, frozen at *frozen*, and how many of *stories*, from the first on, it holds.

    *stories* are as the digest's stream shows them (``Story.within``), in the order in which they are to be mailed;
    *size* gives the bytes of a letter's message.  Of too many, the letter holds as many as fit, one at least.
    *updates* are stories that its readers were mailed before and that were edited since; *plan* is the editor's.
    """
    for shown_so in SHOWN if len(stories) <= MOST else ():
        letter = _letter(config, digest, stories, updates, frozen, shown_so, 0, plan)
        if size(letter) < MAX_MAIL:
            return letter, len(stories)

    def first(count: int) -> Letter:
        return _letter(config, digest, stories[:count], updates, frozen, SHOWN[-1], len(stories) - count, plan)

    many = max(1, bisect_left(range(1, min(len(stories), MOST) + 1), MAX_MAIL, key=lambda count: size(first(count))))
    return first(many), many


def _letter(
    config: Config,
    digest: Digest,
    stories: Sequence[Story],
    updates: Sequence[Story],
    frozen: datetime,
    shown_so: tuple[int, int],
    more: int,
    plan: Plan,
) -> Letter:
    stream = config.stream(digest.stream)
    told = tell(config, stories, updates, plan.first)
    title = text.clean(digest.title or stream.title) or digest.id
    headline = subject(config, digest, title, told, frozen)
    looks = styles(config, (*told.newest, *told.again))
    words = {
        "subject": headline,
        "title": title,
        "frozen": frozen,
        "introduction": plan.introduction,
        "count": len(told.newest),
        "joint": sum(len(story.zones) > 1 for story in told.newest),
        "urgent": len(told.urgent),
        "updates": len(told.again),
        "preheader": preheader(told),
        "sections": sections(config, stream, told, looks, shown_so),
        "more": more,
        "styles": list(looks.values()),
        "publishers": [text.clean(config.zone(id).name) for id in config.zones_of(stream)],
        "direction": "rtl" if i18n.locale(config.language).text_direction == "rtl" else "ltr",
        **_places(config, stream),
        "unsubscribe": blanks.blank(blanks.UNSUBSCRIBE),
        "preferences": blanks.blank(blanks.PREFERENCES),
        "view": blanks.blank(blanks.VIEW) if digest.public else None,
    }
    return Letter(
        subject=headline,
        text=templating.written(config, "mail/digest.txt", words),
        html=_inlined(templating.written(config, "mail/digest.html", words)),
    )


def _inlined(markup: str) -> str:
    """Styles from the sheet to the elements, and no line breaks between elements."""
    lines = (line.strip() for line in markup.splitlines())
    return css_inline.inline("\n".join(filter(None, lines)).replace(">\n<", "><"), load_remote_stylesheets=False)


def _places(config: Config, stream: Stream) -> dict[str, str | None]:
    """Where every reader can go: the page, the feed, and the mailbox that takes their name off the list."""
    base = config.base_url.rstrip("/")
    address = parseaddr(config.mail.reply_to or config.mail.sender)[1] if config.mail else ""
    return {
        "page": f"{base}/" if config.streams[0].id == stream.id else f"{base}/{stream.id}/",
        "feed": f"{base}/{stream.id}.atom",
        "address": address,
    }
