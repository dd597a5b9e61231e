"""What the operator is told of mail that does not get out: once, in plain words, and with what to do."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator import remedy
from aggregator.cli import mailbag
from aggregator.daemon.saying import AGAIN, Saying
from aggregator.daemon.troubles import Troubles, of_mail
from aggregator.errors import StoreError
from aggregator.mail.pace import Breaker
from aggregator.model import Config, Delivery, DeliveryState
from aggregator.status import Mailing
from tests.stories import CONFIG, DIGEST, NOW
from tests.test_post import AN, BO, office


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("the relay 127.0.0.1:25 cannot be used: Connection refused", "look whether the relay runs"),
        ("the relay mail.example.be:25 cannot be used: timed out", "look whether the relay runs"),
        ("the relay nowhere.example:25 cannot be used: Name or service not known", "names are resolved"),
        ("its certificate does not stand up: certificate has expired", "renew"),
        ("its certificate does not stand up: Hostname mismatch, certificate is not valid for a.b", "the name in the"),
        ("535 5.7.8 Authentication credentials invalid", "password_file"),
        ("530 5.7.0 Authentication required", "password_file"),
        ("554 5.7.1 <***>: Sender address rejected: Access denied", "will not relay for us"),
        ("the program /usr/sbin/sendmail is not there, or may not be run", "the path in [mail].relay"),
    ],
)  # fmt: skip
def test_what_to_do_about_a_relay(said: str, what: str) -> None:
    """Each way in which a relay takes nothing names the setting, or whom to ask."""
    assert what in remedy.of(said)
    assert remedy.told(said) == f"{said} ({remedy.of(said)})"


def test_what_passes_by_itself_asks_for_nothing() -> None:
    """A relay that is busy needs no hand."""
    assert remedy.told("421 4.3.2 Service shutting down") == "421 4.3.2 Service shutting down"


def test_a_failure_is_said_once_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    """A full disk does not fill the log too; another failure, or the same of something else, is said at once."""
    now = [NOW]
    say = Saying(lambda: now[0])

    def lines() -> int:
        return len(caplog.records)

    with caplog.at_level(logging.ERROR, "aggregator"):
        for _ in range(100):
            say(StoreError("the disk is full"), "tick")
            now[0] += timedelta(seconds=10)
        assert lines() == 1
        say(StoreError("the disk is full"), "watchdog")
        say(StoreError("the disk is torn"), "tick")
        assert lines() == 3
        now[0] = NOW + AGAIN
        say(StoreError("the disk is full"), "tick")
        assert lines() == 4
        now[0] = NOW - timedelta(days=1)
        say(StoreError("the disk is full"), "tick")
        assert lines() == 5, "a clock that was set back silences nothing"


def test_the_operators_feed_has_what_keeps_mail_back() -> None:
    """A trouble keeps its name and its time as long as it lasts, and is a new one when it comes back."""
    closed = Breaker(failures=1, until=NOW, reason="535 5.7.8 Authentication credentials invalid")
    late = Mailing(late_editions=("dagelijks 2026-11-23",), held_mails=2)
    troubles = Troubles()
    first = troubles.faults(of_mail(closed, late), NOW)
    assert [fault.title for fault in first] == ["mail: relay", "mail: late", "mail: doubt"]
    assert "password_file" in first[0].words
    assert troubles.faults(of_mail(replace(closed, failures=2), late), NOW + AGAIN) == first
    assert troubles.faults(of_mail(Breaker(), Mailing()), NOW + AGAIN) == []
    again = troubles.faults(of_mail(closed, Mailing()), NOW + AGAIN)
    assert again[0].name != first[0].name
    assert again[0].at == NOW + AGAIN


def _mail(id: int, state: DeliveryState, said: str) -> Delivery:
    when = datetime(2026, 11, 23, 7, id, tzinfo=UTC)
    return Delivery(
        id=id, edition=1, digest="dagelijks", address=f"{id}@example.be", state=state, next_attempt=when, expires=when,
        reply=said,
    )  # fmt: skip


def test_what_a_relay_said_to_many_stands_once(capsys: pytest.CaptureFixture[str]) -> None:
    """At three in the morning nobody reads twelve lines that say the same."""
    down = [_mail(id, "deferred", "the relay cannot be used") for id in range(1, 13)]
    mailbag.show(CONFIG, {"deferred": 12, "failed": 1}, [*down, _mail(13, "failed", "550 5.1.1 gone")], 0)
    said = capsys.readouterr().out
    assert said.count("the relay cannot be used") == 1
    assert "deferred 12 mails of edition 1 (dagelijks): the relay cannot be used; next attempt 2026-11-23 08:01" in said
    assert "failed mail 13 of edition 1 (dagelijks): 550 5.1.1 gone" in said


def test_recipients_that_are_mailed_nothing_are_told(tmp_path: Path) -> None:
    """Who is in the configuration and gets nothing is not missed in silence."""
    config: Config = replace(CONFIG, digests=(replace(DIGEST, recipients=(AN, BO)),))
    with office(tmp_path) as post:
        post.store.submit(lambda tx: tx.audience.suppress(BO, DIGEST.id, "bounced", NOW)).result()
        found = post.store.look(lambda tx: mailbag.unmailed(tx, config))
    assert found == {DIGEST.id: (BO,)}
    (told,) = mailbag.told_unmailed(found)
    assert told.startswith(f"1 recipient of {DIGEST.id} ")
    assert BO not in told
