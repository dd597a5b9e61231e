"""Permanent redirects (RFC 9110 §15.4.2, §15.4.9), believed only when they have proved themselves.

A captive portal or a slip of a webmaster's hand redirects "permanently", too.  So the target is asked directly only
after it has been the only answer for days and has shown itself to be the same feed; the configuration stays as the
operator wrote it.  The first failure leads back to it; so does as much time again, in case that the redirect was taken
back, and a copy that nobody tends goes on answering.
"""

from __future__ import annotations

from dataclasses import replace

from aggregator.model import Fetch, Move, Poll, Response, Source


def asked(source: Source, last: Poll | None) -> str:
    """The URL to ask: the configured one, or where it has moved for good."""
    if last and last.url == source.url and last.moved and last.moved.direct:
        return last.moved.to
    return source.url


def moved(old: Move | None, fetch: Fetch, noted: Poll, answer: Response | None, *, same: bool) -> Move | None:
    """What is believed after a poll of a redirect that was believed as *old*; *same*: this feed is known here.

    Nobody says anything by being unreachable or by failing.  Once a redirect has proved itself, whichever of the two
    addresses fails, the other one is asked next: the old one may have been switched off since.
    """
    if old and old.direct:
        well = noted.error is None and answer is not None and not answer.hops
        seen = old.seen or old.since + fetch.redirect_after
        return replace(old, direct=well and noted.at - seen < fetch.redirect_after, seen=seen)
    if answer is None or (noted.error and not answer.hops):
        return replace(old, direct=True, seen=noted.at) if old and _is_proved(old, fetch) else old
    if not answer.permanent:
        return None
    if noted.error:
        return old if old and old.to == answer.url else None
    return _held(old, fetch, noted, answer, same=same)


def _held(old: Move | None, fetch: Fetch, noted: Poll, answer: Response, *, same: bool) -> Move:
    if old is None or old.to != answer.url:
        return Move(to=answer.url, since=noted.at, same=same)
    now = replace(old, seen=noted.at)
    return replace(now, direct=_is_proved(now, fetch))


def _is_proved(move: Move, fetch: Fetch) -> bool:
    return move.same and move.seen is not None and move.seen - move.since >= fetch.redirect_after
