"""What is well and what is not, in words that a person can act on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.model import Move, Poll, Source
from aggregator.status import Condition, Mailing, health, sources
from tests.stories import BHT_NEWS, CONFIG, NOW

OK = Poll(
    source="bht-nieuws",
    url=BHT_NEWS.url,
    at=NOW - timedelta(minutes=10),
    next_poll=NOW + timedelta(minutes=50),
    status="ok",
    entries=12,
    last_success=NOW - timedelta(minutes=10),
)
FAILED = replace(
    OK, status="failed", error="www.x.example: no such host (DNS)", failures=3, last_success=NOW - timedelta(hours=5)
)


@pytest.mark.parametrize(
    ("poll", "condition", "words"),
    [
        (None, "waiting", "not polled yet"),
        (OK, "ok", "read 10m ago, 12 entries"),
        (replace(OK, entries=1, at=NOW), "ok", "read just now, 1 entry"),
        (replace(OK, problems=("2 items without a link",)), "ok", "read 10m ago, 12 entries; 2 items without a link"),
        (
            FAILED,
            "failing",
            "www.x.example: no such host (DNS) (failed 3 times in a row; last read 5h ago; asked again in 50m)",
        ),
        (
            replace(FAILED, failures=1, last_success=None),
            "failing",
            "www.x.example: no such host (DNS) (failed once; never read yet; asked again in 50m)",
        ),
        (
            replace(FAILED, failures=0),
            "failing",
            "www.x.example: no such host (DNS) (last read 5h ago; asked again in 50m)",
        ),
        (replace(FAILED, status="gone", error="it is gone (410)"), "gone", "it is gone (410); not asked any more"),
        (replace(OK, status="asked", at=NOW), "waiting", "asked just now, and nothing has come of it yet"),
        (replace(OK, url="https://elsewhere.example/"), "waiting", "not polled yet at its new address"),
        (
            replace(OK, next_poll=NOW - timedelta(days=3)),
            "late",
            "should have been polled 3d ago; is the daemon running?",
        ),
    ],
)
def test_each_condition_has_its_words(poll: Poll | None, condition: Condition, words: str) -> None:
    """A source is well, waiting, late, failing or gone, and the sentence says since when and what to do."""
    (first, _) = sources(CONFIG, {"bht-nieuws": poll} if poll else {}, NOW)
    assert (first.condition, first.words) == (condition, words)


def test_the_operators_note_stands_beside_a_failure() -> None:
    """What the operator noted about a source is said when it fails, and not when it is well."""
    noted = replace(CONFIG, sources=(replace(BHT_NEWS, note="The URL is a guess."),))
    assert sources(noted, {"bht-nieuws": FAILED}, NOW)[0].words.endswith("Note: The URL is a guess.")
    assert "guess" not in sources(noted, {"bht-nieuws": OK}, NOW)[0].words


def test_a_source_that_is_off_is_no_fault() -> None:
    """Switching a source off does not make the whole unhealthy."""
    off = replace(CONFIG, sources=(Source(id="x", zone="bht", url="https://x.example/", enabled=False),))
    statuses = sources(off, {}, NOW)
    assert statuses[0].condition == "off"
    assert health(statuses) == (True, "every source is read within its interval")


def test_health_means_that_the_job_works() -> None:
    """One failing source is said by name, without what only the operator should read; a waiting one is no fault."""
    well, words = health(sources(CONFIG, {"bht-nieuws": FAILED}, NOW))
    assert not well
    assert words == "not read within their interval: bht-nieuws (failing); `aggregator status` says more"


def test_one_hiccup_is_no_alarm() -> None:
    """A source that was read within twice its interval, or failed just once since, is failing; health says so later."""
    hour = timedelta(hours=1)

    def judged(**noted: Any) -> tuple[str, bool]:
        statuses = sources(CONFIG, {"bht-nieuws": replace(FAILED, **noted)}, NOW)
        return statuses[0].condition, health(statuses)[0]

    assert judged(failures=2, last_success=NOW - hour) == ("failing", True)
    assert judged(failures=2, last_success=NOW - 3 * hour) == ("failing", False)
    assert judged(failures=1, last_success=NOW - 24 * hour) == ("failing", True)
    assert judged(failures=1, last_success=NOW - 24 * hour, at=NOW - 3 * hour) == ("failing", False)


def test_mail_that_does_not_get_out_is_a_fault() -> None:
    """Health means that the digest is out too."""
    assert health(sources(CONFIG, {}, NOW), Mailing(late_mails=2)) == (
        False,
        "2 mails could not be handed over for an hour; `aggregator status` says more",
    )


def test_a_new_address_is_not_judged_by_the_old_one() -> None:
    """What came of the old URL says nothing about the new one."""
    moved = replace(OK, url="https://bht.example/old")
    assert sources(CONFIG, {"bht-nieuws": moved}, NOW)[0].condition == "waiting"


def test_a_move_is_reported_until_the_configuration_knows() -> None:
    """Where a permanent redirect leads, since when, and once it is used, what to do."""
    provisional = Move(to="https://new.example/", since=NOW - timedelta(days=2), same=True)

    def words(moved: Move) -> str:
        return sources(CONFIG, {"bht-nieuws": replace(OK, moved=moved)}, NOW)[0].words

    assert words(provisional).endswith("; redirects permanently to https://new.example/ since 2026-11-21")
    assert "where another feed seems to be" in words(replace(provisional, same=False))
    assert words(replace(provisional, direct=True)).endswith(
        "; moved permanently to https://new.example/, and is asked there: put it into the configuration"
    )


def test_a_source_that_its_server_keeps_waiting_is_not_late() -> None:
    """Another source there was told to go away (429): that is obeyed, and no fault of the daemon's."""
    overdue = {"bht-nieuws": replace(OK, next_poll=NOW - timedelta(days=1), at=NOW - timedelta(days=2))}
    held = {"bht.example": NOW + timedelta(hours=3)}
    assert sources(CONFIG, overdue, NOW)[0].condition == "late"
    (first, _) = sources(CONFIG, overdue, NOW, held)
    assert first.condition == "ok"
    assert first.words.endswith("its server asked to be left alone for another 3h")
    assert sources(CONFIG, overdue, NOW, {"hz.example": NOW + timedelta(hours=3)})[0].condition == "late"
