"""What a filter makes of our mails: SpamAssassin itself, offline, with the rules that it comes with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.digest.render import render
from aggregator.mail.message import compose
from aggregator.model import Letter, Story
from aggregator.subscribing import letters
from tests.stories import CONFIG, DIGEST, ENVELOPE, NOW, fortnight, joint, rendered, sighting, story

# Header rules sleep until a server has taken the message.  Addresses for documentation cost points (RCVD_ILLEGAL_IP).
HOP = (
    b"Received: from mx.example.be (mx.example.be [193.190.198.9]) by in.example.net with ESMTPS id 4F;"
    b" Mon, 23 Nov 2026 08:00:05 +0000\r\n"
)
LINKS = tuple(f"https://nieuws.example.be/mail/{each}" for each in ("dagelijks/2026-11-23/", "p/x", "u/x"))
FILTER = shutil.which("spamassassin")


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    if FILTER is None:
        if os.environ.get("CI"):
            pytest.fail("there is no spamassassin, and in CI a filter must read the mail")
        pytest.skip("THERE IS NO SPAMASSASSIN: no filter read the mail (apt-get install spamassassin)")


def points(raw: bytes, home: Path) -> tuple[float, str]:
    """The score of a message, spam from 5.0 on, and the rules that made it."""
    assert FILTER
    run = subprocess.run(
        [FILTER, "-L", "-t"], input=HOP + raw, capture_output=True, env={**os.environ, "HOME": str(home)}
    )
    head = re.sub(r"\n\t", " ", run.stdout.decode("utf-8", "replace"))
    found = re.search(r"^X-Spam-Status:.*?score=(-?[\d.]+).*?tests=(.*?) autolearn", head, re.MULTILINE)
    assert found, run.stderr.decode()
    return float(found[1]), found[2]


def shouting() -> Letter:
    wanted = story(sighting(title="VERMIST: WIE HERKENT DEZE MAN?", text="BEL GRATIS 0800 30 300!!!"), number=2)
    return rendered(CONFIG, DIGEST, [wanted, joint()], NOW)


def crowd() -> Letter:
    many: list[Story] = [story(sighting(title=f"Verkeerscontrole {n}", key=str(n)), number=n) for n in range(1, 300)]
    return render(CONFIG, DIGEST, many, NOW, lambda letter: len(compose(letter, ENVELOPE)))[0]


@pytest.mark.parametrize(
    "letter",
    [
        pytest.param(lambda: rendered(CONFIG, DIGEST, fortnight(), NOW), id="fortnight"),
        pytest.param(shouting, id="shouting"),
        pytest.param(crowd, id="crowd"),
        pytest.param(
            lambda: letters.confirm(CONFIG, [DIGEST], "https://nieuws.example.be/mail/c/x", NOW), id="confirm"
        ),
        pytest.param(lambda: letters.welcome(CONFIG, [DIGEST], *LINKS), id="welcome"),
        pytest.param(lambda: replace(rendered(CONFIG, DIGEST, fortnight(), NOW), html=""), id="text"),
    ],
)
def test_no_filter_takes_it_for_spam(letter: object, tmp_path: Path) -> None:
    """At or below zero, whatever the news: full, shouted by its source, crowded, or text alone."""
    assert callable(letter)
    score, rules = points(compose(letter(), ENVELOPE), tmp_path)
    assert score <= 0, rules


def test_the_filter_is_awake(tmp_path: Path) -> None:
    """What the headers of a list and a calm subject are worth is seen: without them the same mail scores higher."""
    raw = compose(rendered(CONFIG, DIGEST, fortnight(), NOW), ENVELOPE)
    bare = re.sub(rb"(?m)^(?:List-[A-Za-z]+|Precedence|Message-ID|Date): .*\r\n", b"", raw)
    assert points(bare, tmp_path)[0] > points(raw, tmp_path)[0]
