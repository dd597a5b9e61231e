"""Permanent redirects: believed when they have held for days and lead to the same feed, and looked at again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.model import Fetch, Move, Poll, Response, Source
from aggregator.schedule.move import asked, moved

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW, OTHER = "https://old.example/", "https://new.example/", "https://other.example/"
SOURCE = Source(id="s", zone="z", url=OLD)
WELL = Poll(source="s", url=OLD, at=NOW, next_poll=NOW, status="ok")
FAILED = replace(WELL, status="failed", error="it failed")
FRESH = Move(to=NEW, since=NOW - DAY, same=True)
OLD_ENOUGH = replace(FRESH, since=NOW - 7 * DAY)
DIRECT = replace(OLD_ENOUGH, direct=True, seen=NOW)
PROVED = replace(DIRECT, direct=False)


def came(url: str = NEW, *hops: str, permanent: bool = True, status: int = 200) -> Response:
    return Response(url=url, status=status, date=NOW, hops=hops, permanent=permanent and bool(hops))


REDIRECTED = came(NEW, OLD)
STRAIGHT = came(OLD)


@pytest.mark.parametrize(
    ("old", "noted", "answer", "believed"),
    [
        # it begins
        (None, WELL, REDIRECTED, Move(to=NEW, since=NOW, same=True)),
        (None, WELL, came(NEW, OLD, OTHER), Move(to=NEW, since=NOW, same=True)),
        (None, WELL, came(NEW, OLD, permanent=False), None),
        (None, WELL, STRAIGHT, None),
        (None, FAILED, came(NEW, OLD, status=404), None),
        (None, FAILED, None, None),
        # it holds
        (FRESH, WELL, REDIRECTED, replace(FRESH, seen=NOW)),
        (FRESH, WELL, came(NEW, OLD, status=304), replace(FRESH, seen=NOW)),
        (OLD_ENOUGH, WELL, REDIRECTED, DIRECT),
        (replace(OLD_ENOUGH, same=False), WELL, REDIRECTED, replace(OLD_ENOUGH, same=False, seen=NOW)),
        # nothing is said by failing
        (FRESH, FAILED, None, FRESH),
        (FRESH, FAILED, came(OLD, status=503), FRESH),
        (OLD_ENOUGH, FAILED, came(NEW, OLD, status=500), OLD_ENOUGH),
        (OLD_ENOUGH, FAILED, None, OLD_ENOUGH),
        # it does not hold
        (FRESH, WELL, STRAIGHT, None),
        (FRESH, WELL, came(NEW, OLD, permanent=False), None),
        (FRESH, FAILED, came(NEW, OLD, permanent=False, status=404), None),
        (FRESH, FAILED, came(OTHER, OLD, status=404), None),
        (OLD_ENOUGH, WELL, came(OTHER, OLD), Move(to=OTHER, since=NOW, same=True)),
        # asked directly
        (DIRECT, WELL, came(NEW), DIRECT),
        (DIRECT, WELL, came(NEW, status=304), DIRECT),
        (DIRECT, FAILED, came(NEW, status=404), PROVED),
        (DIRECT, FAILED, None, PROVED),
        (DIRECT, WELL, came(OTHER, NEW), PROVED),
        (DIRECT, WELL, came(OTHER, NEW, permanent=False), PROVED),
        # asked at its old address again, as it is after so many days
        (replace(DIRECT, seen=NOW - 7 * DAY), WELL, came(NEW), replace(PROVED, seen=NOW - 7 * DAY)),
        (PROVED, WELL, REDIRECTED, DIRECT),
        (PROVED, WELL, STRAIGHT, None),
        (PROVED, WELL, came(OTHER, OLD), Move(to=OTHER, since=NOW, same=True)),
        (PROVED, FAILED, None, DIRECT),
        (PROVED, FAILED, came(OLD, status=404), DIRECT),
        (PROVED, FAILED, came(NEW, OLD, status=500), PROVED),
    ],
)
def test_what_is_believed_after_a_poll(
    old: Move | None, noted: Poll, answer: Response | None, believed: Move | None
) -> None:
    """Standards, items 30 and 31: only 301 and 308 at every hop, for seven days at every poll, to the same feed."""
    assert moved(old, Fetch(), noted, answer, same=True) == believed


def test_another_feed_is_never_asked_directly() -> None:
    """It was another feed when the redirect began; that its entries are known by now proves nothing."""
    began = moved(None, Fetch(), WELL, REDIRECTED, same=False)
    assert began == Move(to=NEW, since=NOW, same=False)
    later = replace(WELL, at=NOW + 30 * DAY)
    assert moved(began, Fetch(), later, REDIRECTED, same=True) == replace(began, seen=later.at)


def test_how_long_is_the_operators_choice() -> None:
    """[fetch].redirect_after, to the second."""
    for held, direct in ((2 * DAY, True), (2 * DAY - timedelta(seconds=1), False)):
        believed = moved(replace(FRESH, since=NOW - held), Fetch(redirect_after=2 * DAY), WELL, REDIRECTED, same=True)
        assert believed
        assert believed.direct is direct


def test_the_configuration_goes_first() -> None:
    """A new URL in the configuration is asked, whatever the old one had become."""
    assert asked(SOURCE, None) == OLD
    assert asked(SOURCE, replace(WELL, moved=OLD_ENOUGH)) == OLD
    assert asked(SOURCE, replace(WELL, moved=DIRECT)) == NEW
    assert asked(replace(SOURCE, url=OTHER), replace(WELL, moved=DIRECT)) == OTHER
