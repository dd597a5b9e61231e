"""The editor has a look: an edition that is held is mailed to them, and goes out later, or at a word, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html import escape
from typing import Any

from aggregator import i18n
from aggregator.digest import edition as course
from aggregator.model import Config, Digest, Edition, Letter, Lot, Reader
from aggregator.post.envelopes import envelope
from aggregator.store import Tx

KIND = "review"
_BODY = re.compile(r"(<body[^>]*>)")
_FONT = "font:16px/1.5 'Segoe UI',system-ui,-apple-system,'Noto Sans',Arial,sans-serif"
_STYLE = f"margin:0;padding:12px 16px;background:#fff4ce;color:#3d3000;{_FONT}"


def hold(tx: Tx, digest: Digest, now: datetime) -> list[Edition]:
    """Hold every edition of *digest* that is being sent, or held for a time, until somebody releases it."""
    return _each(tx, digest, now, course.hold, ("sending", "held"))


def release(tx: Tx, digest: Digest, now: datetime) -> list[Edition]:
    """Send the editions of *digest* that are held."""
    return _each(tx, digest, now, course.release, ("held",))


def cancel(tx: Tx, digest: Digest, now: datetime) -> list[Edition]:
    """Give up the editions of *digest* that are held; what was not sent of them goes into the next one."""
    return _each(tx, digest, now, course.cancel, ("held",))


def overdue(tx: Tx, now: datetime) -> bool:
    """Whether the time of an edition that is held is up; for looking before taking the writer's turn."""
    return any(course.is_over(edition, now) for edition in tx.mailing.on_the_way())


def release_overdue(tx: Tx, config: Config, now: datetime) -> list[Edition]:
    """Send the held editions whose time is up."""
    expire = {digest.id: digest.expire for digest in config.digests}
    released = [course.release(edition) for edition in tx.mailing.on_the_way() if course.is_over(edition, now)]
    for edition in released:
        tx.mailing.keep(edition, now=now, expires=now + expire.get(edition.digest, timedelta(days=1)))
    return released


def _each(
    tx: Tx, digest: Digest, now: datetime, become: Callable[[Edition], Edition], states: tuple[str, ...]
) -> list[Edition]:
    found = [become(edition) for edition in tx.mailing.on_the_way(digest.id) if edition.state in states]
    for edition in found:
        tx.mailing.keep(edition, now=now, expires=now + digest.expire)
    return found


# -- asking ------------------------------------------------------------------------


def ask(tx: Tx, config: Config, digest: Digest, edition: Edition, lot: Lot, now: datetime) -> None:
    """Mail the letter that most readers would get to those who review the digest."""
    letter = _with(lot.letter, _words(config, digest, edition))
    for address in digest.review_by:
        reviewer = Reader(digest=digest.id, address=address, token="")
        about = envelope(config, digest, f"{KIND}:{edition.slot}", reviewer, now)
        tx.mailing.single(KIND, f"{edition.id}:{address}", letter, about, now=now, expires=now + timedelta(days=1))


def _words(config: Config, digest: Digest, edition: Edition) -> list[str]:
    gettext = i18n.translations(config.language).ugettext
    moment: Any = i18n.environment(config.language, config.timezone).filters["moment"]
    if edition.until:
        first = gettext("For review: this edition goes out on %(moment)s.") % {"moment": moment(edition.until)}
    else:
        first = gettext("For review: this edition goes out when you release it.")
    commands = gettext("To send it now: %(send)s. To hold it longer: %(hold)s. To stop it: %(stop)s.") % {
        "send": f"aggregator digest release {digest.id}",
        "hold": f"aggregator digest hold {digest.id}",
        "stop": f"aggregator digest cancel {digest.id}",
    }
    stopped = gettext("The stories of an edition that is stopped go into the next one.")
    if not config.desk.users:
        return [first, commands, stopped]
    address = f"{config.base_url.rstrip('/')}/desk/digest/{digest.id}/"
    return [first, gettext("On the editors' desk: %(desk)s") % {"desk": address}, commands, stopped]


def _with(letter: Letter, words: list[str]) -> Letter:
    """The letter with *words* above it."""
    above = f'<div style="{_STYLE}">{"<br>".join(map(escape, words))}</div>'
    return replace(
        letter,
        subject=f"[review] {letter.subject}",
        text="\n".join([*words, "", letter.text]),
        html=_BODY.sub(lambda found: found[1] + above, letter.html, count=1),
    )
