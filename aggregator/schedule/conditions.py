"""The validators to send (RFC 9110 §13.1): those of the last body that was read, byte for byte, and never halves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from aggregator.model import Poll, Response, Validators


def conditions(known: Iterable[tuple[Poll | None, str]], unconditional: timedelta, now: datetime) -> Validators | None:
    """The condition of one request on behalf of several sources, each with its latest poll and its present reading.

    None, so that the whole body is sent, unless all of them have read the same bytes as they would be read today;
    and once each *unconditional*, in case the server says 304 whatever happens.
    """
    found = {_validators(last, reading, unconditional, now) for last, reading in known}
    return found.pop() if len(found) == 1 else None


def _validators(last: Poll | None, reading: str, unconditional: timedelta, now: datetime) -> Validators | None:
    if last is None or last.reading != reading or last.full is None or now - last.full >= unconditional:
        return None
    return last.validators


def kept(answer: Response) -> Validators | None:
    """Both validators of an answer, for the URL that gave it (RFC 9110 §8.8); None when it has neither."""
    etag, last_modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    if etag is None and last_modified is None:
        return None
    return Validators(url=answer.url, etag=etag, last_modified=last_modified)


def renewed(answer: Response, old: Validators | None) -> Validators | None:
    """What a 304 makes of the validators: those that it names are ours already, or else replace the pair.

    Taking over another ETag departs from RFC 9111 §4.3.4, which would drop what is stored: servers behind a balancer
    answer so, and a fetch without conditions once a day covers the risk.
    """
    new = kept(answer)
    if new is None or old is None or new.url != old.url:
        return old
    repeats = new.etag in (None, old.etag) and new.last_modified in (None, old.last_modified)
    return old if repeats else new
