"""Subscribing: what is done about what somebody asked for, decided and stored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Choices, Envelope, Letter, Lot
from aggregator.post import envelope
from aggregator.post.doubts import policy
from aggregator.store import EVERY, Store, Tx, privacy, schema
from aggregator.subscribing import addresses, desk, forms, lists, words
from tests.stories import CONFIG, DIGEST, NOW, fortnight

T = TypeVar("T")
EDITOR, JAN, MIEKE = "redactie@example.be", "jan@example.be", "mieke@example.be"
DAILY = replace(DIGEST, open=True, recipients=(EDITOR,), topics=("Verkeer", "Preventie"))
WEEKLY = replace(DIGEST, id="wekelijks", title="Elke week", open=True, recipients=(), zones=("hz",))
CLOSED = replace(DIGEST, id="intern", title="Intern", recipients=(EDITOR,))
OPEN = replace(CONFIG, digests=(DAILY, WEEKLY, CLOSED))
ONE = Choices(digests=("dagelijks",), zones=("bht",), categories=("Verkeer",), format="text")
BOTH = Choices(digests=("dagelijks", "wekelijks"))
DAY = timedelta(days=1)


def do(store: Store, work: Callable[[Tx], T]) -> T:
    return store.submit(work).result()


def mails(store: Store) -> list[tuple[Letter, Envelope]]:
    """Every mail that waits, oldest first."""
    return store.look(lambda tx: [tx.mailing.contents(each) for each in tx.mailing.due(NOW + 400 * DAY, 99)])


def ask(store: Store, address: str = JAN, choices: Choices = ONE, now: datetime = NOW) -> None:
    do(store, lambda tx: desk.ask(tx, OPEN, address, choices, now))


def link(store: Store, before: int = 0) -> str:
    """The token in the link to confirm of the latest mail, or of one so many before it."""
    found = re.findall(r"/mail/c/([A-Za-z0-9_-]{22})", mails(store)[-1 - before][0].text)
    return str(found[0])


def subscribe(store: Store, address: str = JAN, choices: Choices = ONE, now: datetime = NOW) -> str:
    """The token of a subscriber who asked and confirmed."""
    ask(store, address, choices, now)
    token = link(store)
    reader = do(store, lambda tx: desk.confirm(tx, OPEN, token, now))
    assert reader
    return reader.token


def readers(store: Store, digest: str = "dagelijks") -> list[str]:
    configured = OPEN.digest(digest).recipients
    return [each.address for each in store.look(lambda tx: tx.audience.readers(digest, configured))]


def readers_with(store: Store, *configured: str) -> list[str]:
    return [each.address for each in store.look(lambda tx: tx.audience.readers("dagelijks", configured))]


def rows(store: Store) -> str:
    """All tables that could hold an address, as text."""
    held = ("subscriber", "recipient", "confirmation", "consent", "delivery", "letter", "edition", "mailed", "amended")
    tables = (*held, "suppression", "told", "meta")

    def look(tx: Tx) -> str:
        run = tx._connection.exec_driver_sql
        return "\n".join(str(row) for table in tables for row in run(f"SELECT * FROM {table}"))

    return store.look(look)


class TestConfirming:
    def test_who_has_not_confirmed_is_no_reader(self, store: Store) -> None:
        """Asking sends one mail, to that address, with a link that works seven days; nothing else happens."""
        ask(store)
        ((letter, about),) = mails(store)
        assert about.recipient == JAN
        assert about.unsubscribe is None
        assert readers(store) == []
        assert store.look(lambda tx: desk.pending(tx, link(store), NOW + 6 * DAY))
        assert not store.look(lambda tx: desk.pending(tx, link(store), NOW + 7 * DAY))
        assert letter.subject.startswith("Bevestig")

    def test_the_button_subscribes_and_welcomes(self, store: Store) -> None:
        """The choices are kept, and so is the proof: when it was asked and confirmed, in which words, and no address
        of a network."""
        subscribe(store)
        (reader,) = store.look(lambda tx: tx.audience.by_address(JAN))
        assert (reader.zones, reader.categories, reader.format) == (("bht",), ("Verkeer",), "text")
        assert readers(store) == [JAN]
        asked, confirmed = store.look(lambda tx: tx.subscribers.proof(JAN))
        assert (asked.act, confirmed.act) == ("asked", "confirmed")
        assert confirmed.words == words.consent(OPEN)
        assert confirmed.version == words.version(confirmed.words)
        letter, about = mails(store)[-1]
        assert letter.subject.startswith("Welkom")
        assert about.unsubscribe
        assert about.unsubscribe.endswith(f"/mail/u/{reader.token}")
        assert f"/mail/p/{reader.token}" in letter.text

    def test_a_link_works_once(self, store: Store) -> None:
        """Whoever finds it later cannot bring back somebody who has left."""
        ask(store)
        token = link(store)
        reader = do(store, lambda tx: desk.confirm(tx, OPEN, token, NOW))
        assert reader
        do(store, lambda tx: tx.subscribers.leave(reader.token, NOW))
        assert do(store, lambda tx: desk.confirm(tx, OPEN, token, NOW)) is None
        assert readers(store) == []

    @pytest.mark.parametrize("address", [JAN, "Jan@example.be", "JAN+krant@example.be"])
    def test_a_mailbox_is_asked_once_a_day(self, store: Store, address: str) -> None:
        """Whoever types it, in whichever spelling, and whatever was asked."""
        ask(store)
        ask(store, address, now=NOW + DAY - timedelta(seconds=1))
        assert len(mails(store)) == 1
        ask(store, address, BOTH, now=NOW + DAY)
        assert len(mails(store)) == 2

    def test_a_reader_is_told_so_in_their_mailbox(self, store: Store) -> None:
        """And nothing changes: not even the choices that a stranger may have typed."""
        subscribe(store)
        ask(store, choices=replace(ONE, zones=("hz",)), now=NOW + 2 * DAY)
        assert "al ingeschreven" in mails(store)[-1][0].subject
        assert store.look(lambda tx: tx.audience.by_address(JAN))[0].zones == ("bht",)

    def test_a_recipient_of_the_configuration_is_a_reader(self, store: Store) -> None:
        """They are sent the link to their preferences, and are not subscribed a second time."""
        do(store, lambda tx: tx.audience.enrol("dagelijks", [EDITOR], NOW))
        ask(store, EDITOR)
        assert "al ingeschreven" in mails(store)[-1][0].subject

    def test_a_mailbox_is_one_reader_in_whatever_capitals(self, store: Store) -> None:
        """Of the form and of the configuration, whichever was first, and after leaving too."""
        subscribe(store)
        do(store, lambda tx: tx.audience.enrol("dagelijks", ["Jan@Example.be"], NOW))
        assert len(readers_with(store, "Jan@Example.be")) == 1
        do(store, lambda tx: tx.audience.enrol("dagelijks", [EDITOR], NOW))
        do(store, lambda tx: tx.subscribers.leave(EDITOR, NOW))
        subscribe(store, EDITOR.title())
        assert [address.lower() for address in readers(store)] == [JAN, EDITOR]

    def test_what_is_missing_is_asked(self, store: Store) -> None:
        """Who reads one digest and asks for both confirms the other one."""
        subscribe(store)
        ask(store, choices=BOTH, now=NOW + 2 * DAY)
        token = link(store)
        do(store, lambda tx: desk.confirm(tx, OPEN, token, NOW + 2 * DAY))
        assert readers(store, "wekelijks") == [JAN]
        assert store.look(lambda tx: tx.audience.by_address(JAN))[0].zones == ("bht",)

    def test_a_digest_that_was_closed_meanwhile_takes_nobody(self, store: Store) -> None:
        """Nor does one that was never open."""
        ask(store)
        token, shut = link(store), replace(OPEN, digests=(replace(DAILY, open=False),))
        assert do(store, lambda tx: desk.confirm(tx, shut, token, NOW)) is None
        assert readers(store) == []

    @pytest.mark.parametrize("reason", ["refused", "complained"])
    def test_who_must_never_be_asked_is_not(self, store: Store, reason: str) -> None:
        """Whoever said so, or complained, hears nothing until the operator lifts it."""
        do(store, lambda tx: tx.audience.suppress("Jan@example.be", EVERY, reason, NOW))
        ask(store)
        assert mails(store) == []
        do(store, lambda tx: tx.audience.lift(JAN, EVERY))
        ask(store)
        assert len(mails(store)) == 1

    def test_the_other_button_says_never_again(self, store: Store) -> None:
        """It forgets what was asked, so that the first button works no longer."""
        ask(store)
        token = link(store)
        assert do(store, lambda tx: desk.refuse(tx, token, NOW))
        assert not do(store, lambda tx: desk.refuse(tx, token, NOW))
        assert do(store, lambda tx: desk.confirm(tx, OPEN, token, NOW)) is None
        ask(store, now=NOW + 9 * DAY)
        assert len(mails(store)) == 1

    def test_never_again_is_of_the_mailbox(self, store: Store) -> None:
        """Not of one of its spellings: whoever asks for others could go on for ever."""
        ask(store, "jan+1@example.be")
        token = link(store)
        do(store, lambda tx: desk.refuse(tx, token, NOW))
        ask(store, "jan+2@example.be", now=NOW + DAY)
        assert len(mails(store)) == 1
        entered = do(store, lambda tx: desk.enter(tx, OPEN, "Jan+1@example.be", ONE, "imported", "a list", NOW))
        assert entered == "suppressed"

    def test_never_again_outlives_what_was_wished_before(self, store: Store) -> None:
        """Who was erased at their own wish, and is asked by a stranger after that, can still say it."""
        do(store, lambda tx: tx.privacy.erase(JAN, NOW))
        ask(store)
        token = link(store)
        do(store, lambda tx: desk.refuse(tx, token, NOW))
        do(store, lambda tx: tx.audience.suppress(MIEKE, EVERY, "erased", NOW))
        do(store, lambda tx: tx.audience.suppress(MIEKE, EVERY, "complained", NOW))
        for address in (JAN, MIEKE):
            ask(store, address, now=NOW + 2 * DAY)
        assert len(mails(store)) == 1

    def test_never_again_keeps_what_they_get(self, store: Store) -> None:
        """A stranger who asks for one more digest cannot have a reader give up the one they chose."""
        subscribe(store)
        ask(store, choices=BOTH, now=NOW + 2 * DAY)
        token = link(store)
        assert do(store, lambda tx: desk.refuse(tx, token, NOW + 2 * DAY))
        assert (readers(store), readers(store, "wekelijks")) == ([JAN], [])

    def test_dots_make_no_other_mailbox_at_google(self, store: Store) -> None:
        """A mailbox there has thousands of addresses: none of them is one more mail a day."""
        ask(store, "jan.peeters@gmail.com")
        ask(store, "j.a.npeeters+x@googlemail.com")
        assert len(mails(store)) == 1
        ask(store, "jan.peeters@example.be")
        ask(store, "janpeeters@example.be")
        assert len(mails(store)) == 3

    def test_who_left_may_come_back(self, store: Store) -> None:
        """Confirming takes back what they wished for before."""
        token = subscribe(store)
        do(store, lambda tx: tx.subscribers.leave(token, NOW))
        assert readers(store) == []
        assert subscribe(store, now=NOW + 2 * DAY) == token
        assert readers(store) == [JAN]


class TestMails:
    def test_the_welcome_leads_to_the_last_edition(self, store: Store) -> None:
        """Its page, without anything of a reader; where there is none, the stream's."""
        subscribe(store, MIEKE)
        assert "https://nieuws.example.be/\n" in mails(store)[-1][0].text
        do(store, sent_edition)
        subscribe(store)
        assert "https://nieuws.example.be/mail/dagelijks/2026-11-24/\n" in mails(store)[-1][0].text

    def test_one_that_waits_is_no_fault_of_health(self, store: Store) -> None:
        """Strangers choose where it goes; and nobody holds it back, for somebody waits for its link."""
        ask(store)
        (due,) = store.look(lambda tx: tx.mailing.due(NOW, 9))
        do(store, lambda tx: tx.mailing.note(replace(due, state="deferred")))
        assert store.look(lambda tx: tx.mailing.late(NOW + DAY)) == 0
        assert policy(OPEN, due.digest) == "resend"


class TestLeaving:
    def test_one_click_leaves_one_digest(self, store: Store) -> None:
        """Twice is once; the other digest still comes."""
        subscribe(store, choices=BOTH)
        token = store.look(lambda tx: tx.audience.token("dagelijks", JAN))
        assert do(store, lambda tx: tx.subscribers.leave(token, NOW)) == 1
        assert do(store, lambda tx: tx.subscribers.leave(token, NOW)) == 0
        assert (readers(store), readers(store, "wekelijks")) == ([], [JAN])

    def test_a_mail_leaves_all_of_them(self, store: Store) -> None:
        """By address, in any capitals; a stranger's mail leaves nothing behind."""
        subscribe(store, choices=BOTH)
        assert do(store, lambda tx: tx.subscribers.leave("JAN@example.be", NOW)) == 2
        assert do(store, lambda tx: tx.subscribers.leave("x@example.be", NOW)) == 0
        assert store.look(lambda tx: tx.audience.suppressions("x@example.be")) == []
        assert readers(store) == readers(store, "wekelijks") == []

    def test_a_recipient_of_the_configuration_is_suppressed(self, store: Store) -> None:
        """Until the operator lifts it, whatever the file says."""
        do(store, lambda tx: tx.audience.enrol("dagelijks", [EDITOR], NOW))
        token = store.look(lambda tx: tx.audience.token("dagelijks", EDITOR))
        assert do(store, lambda tx: tx.subscribers.leave(token, NOW)) == 1
        do(store, lambda tx: tx.audience.enrol("dagelijks", [EDITOR], NOW))
        assert readers(store) == []
        do(store, lambda tx: tx.audience.lift(EDITOR, "dagelijks"))
        assert readers(store) == [EDITOR]

    def test_a_mail_that_waits_is_not_sent_any_more(self, store: Store) -> None:
        """Leaving takes effect at once."""
        token = subscribe(store)
        assert store.look(lambda tx: tx.audience.wants("dagelijks", JAN, ()))
        do(store, lambda tx: tx.subscribers.leave(token, NOW))
        assert not store.look(lambda tx: tx.audience.wants("dagelijks", JAN, ()))


class TestPausing:
    def test_a_pause_ends_by_itself(self, store: Store) -> None:
        """On its day, and not before."""
        token = subscribe(store)
        reader = store.look(lambda tx: tx.audience.by_token(token))
        assert reader
        number = reader.subscriber
        assert number
        do(store, lambda tx: tx.subscribers.pause(number, NOW + 3 * DAY))
        assert readers(store) == []
        assert do(store, lambda tx: tx.subscribers.resume_due(NOW + 2 * DAY)) == 0
        assert do(store, lambda tx: tx.subscribers.resume_due(NOW + 3 * DAY)) == 1
        assert readers(store) == [JAN]

    def test_without_a_day_it_lasts(self, store: Store) -> None:
        """Until they go on; meanwhile they are a reader to whoever types their address."""
        token = subscribe(store)
        number = store.look(lambda tx: tx.subscribers.of(JAN))
        assert number
        do(store, lambda tx: tx.subscribers.pause(number.id, None))
        assert do(store, lambda tx: tx.subscribers.resume_due(NOW + 400 * DAY)) == 0
        ask(store, now=NOW + 2 * DAY)
        assert "al ingeschreven" in mails(store)[-1][0].subject
        assert store.look(lambda tx: desk.person(tx, OPEN, token))

    def test_who_was_suspended_confirms_and_is_back(self, store: Store) -> None:
        """That the mail with the link arrived is what had to be shown."""
        subscribe(store)
        number = store.look(lambda tx: tx.subscribers.of(JAN))
        assert number
        do(store, lambda tx: tx.subscribers.suspend(number.id))
        assert readers(store) == []
        subscribe(store, now=NOW + 2 * DAY)
        assert readers(store) == [JAN]


class TestMoving:
    def test_capitals_make_no_second_reader(self, store: Store) -> None:
        """Who moves to an address that is subscribed in other letters is that one reader: one mail a mailbox."""
        subscribe(store, "Jan@example.be")
        token = subscribe(store, MIEKE)
        reader = store.look(lambda tx: tx.audience.by_token(token))
        assert reader
        do(store, lambda tx: desk.move(tx, OPEN, reader, JAN, NOW + 2 * DAY))
        confirming = link(store)
        assert do(store, lambda tx: desk.confirm(tx, OPEN, confirming, NOW + 2 * DAY))
        assert [address.lower() for address in readers(store)] == [JAN]
        assert store.look(lambda tx: tx.audience.by_token(token)) is None

    def move(self, store: Store, token: str, address: str = MIEKE) -> None:
        reader = store.look(lambda tx: tx.audience.by_token(token))
        assert reader
        do(store, lambda tx: desk.move(tx, OPEN, reader, address, NOW))

    def test_the_new_address_confirms_and_the_old_one_is_told(self, store: Store) -> None:
        """Until then nothing changes; the old mailbox does not learn the new address."""
        token = subscribe(store, choices=BOTH)
        self.move(store, token)
        assert readers(store) == [JAN]
        assert mails(store)[-1][1].recipient == MIEKE
        asked = link(store)
        assert do(store, lambda tx: desk.confirm(tx, OPEN, asked, NOW))
        assert readers(store) == readers(store, "wekelijks") == [MIEKE]
        letter, about = mails(store)[-1]
        assert about.recipient == JAN
        assert MIEKE not in letter.text + letter.html
        assert {line.address for line in store.look(lambda tx: tx.subscribers.proof(MIEKE))} == {MIEKE}
        assert store.look(lambda tx: tx.subscribers.proof(JAN)) == []

    def test_links_in_the_old_mailbox_end(self, store: Store) -> None:
        """Whoever reads it now has no business with the new address."""
        token = subscribe(store)
        self.move(store, token)
        asked = link(store)
        reader = do(store, lambda tx: desk.confirm(tx, OPEN, asked, NOW))
        assert reader
        assert reader.token != token
        assert store.look(lambda tx: desk.person(tx, OPEN, token)) is None

    def test_the_new_address_may_be_a_subscriber(self, store: Store) -> None:
        """Both become one, with every digest that either had."""
        first = subscribe(store, choices=Choices(digests=("dagelijks",)))
        subscribe(store, MIEKE, BOTH)
        self.move(store, first)
        # Mieke was asked today already, and is left alone until tomorrow.
        assert len([1 for _, about in mails(store) if about.recipient == MIEKE]) == 2
        reader = store.look(lambda tx: tx.audience.by_token(first))
        assert reader
        do(store, lambda tx: desk.move(tx, OPEN, reader, MIEKE, NOW + DAY))
        asked = link(store)
        assert do(store, lambda tx: desk.confirm(tx, OPEN, asked, NOW + DAY))
        assert readers(store) == readers(store, "wekelijks") == [MIEKE]
        assert [who.address for who, _ in store.look(lambda tx: list(tx.subscribers.all()))] == [MIEKE]

    def test_what_waits_goes_along(self, store: Store) -> None:
        """A mail that was frozen for the old address goes to the new one, with its links."""
        token = subscribe(store)
        reader = store.look(lambda tx: tx.audience.by_token(token))
        assert reader
        about = envelope(OPEN, DAILY, "2026-11-24", reader, NOW)
        letter = Letter(subject="Nieuws", text="Nieuws", html="")
        do(store, lambda tx: freeze(tx, letter, about))
        self.move(store, token)
        asked = link(store)
        moved = do(store, lambda tx: desk.confirm(tx, OPEN, asked, NOW))
        assert moved
        sent = [each for each in mails(store) if each[0].subject == "Nieuws"]
        assert [each.recipient for _, each in sent] == [MIEKE]
        assert sent[0][1].unsubscribe == f"https://nieuws.example.be/mail/u/{moved.token}"
        assert sent[0][1].message_id == about.message_id


def sent_edition(tx: Tx) -> None:
    """An edition with news that went out."""
    news = fortnight()[0]
    tx.stories.save(news, at=NOW, loud=True)
    reader = tx.audience.by_address(MIEKE)[0]
    about = envelope(OPEN, DAILY, "2026-11-24", reader, NOW)
    lot = Lot(letter=Letter(subject="Nieuws", text="", html=""), stories=(news.id,), envelopes=(about,))
    tx.mailing.freeze("dagelijks", "2026-11-24", now=NOW, expires=NOW + DAY, lots=[lot])


def freeze(tx: Tx, letter: Letter, about: Envelope) -> None:
    lot = Lot(letter=letter, stories=(), envelopes=(about,))
    tx.mailing.freeze("dagelijks", "2026-11-24", now=NOW, expires=NOW + DAY, lots=[lot])


class TestForgetting:
    def test_every_table_with_an_address_is_known(self) -> None:
        """Whoever adds one has to say how it is exported and erased."""
        holding = {table.name for table in schema.metadata.sorted_tables if "address" in table.c}
        assert holding == {table.name for table in privacy._HOLDING}

    def test_export_tells_all_and_erase_leaves_a_hash(self, store: Store) -> None:
        """After erasing, the address stands in no table, and importing does not bring it back."""
        token = subscribe(store, choices=BOTH)
        reader = store.look(lambda tx: tx.audience.by_token(token))
        assert reader
        do(store, lambda tx: desk.move(tx, OPEN, reader, MIEKE, NOW))
        do(
            store,
            lambda tx: freeze(tx, Letter(subject="Nieuws", text="", html=""), envelope(OPEN, DAILY, "s", reader, NOW)),
        )
        known = store.look(lambda tx: tx.privacy.known(JAN))
        assert json.loads(json.dumps(known)) == known
        assert {each["digest"] for each in known["digests"]} == {"dagelijks", "wekelijks"}
        assert [each["act"] for each in known["consent"]] == ["asked", "confirmed"] * 2
        assert len(known["mails"]) == 3
        assert token not in json.dumps(known)
        gone = do(store, lambda tx: tx.privacy.erase("Jan@Example.be", NOW))
        assert gone["recipient"] == 2
        assert JAN not in rows(store).lower()
        assert token not in rows(store)
        entered = do(store, lambda tx: desk.enter(tx, OPEN, JAN, ONE, "imported", "een lijst", NOW))
        assert entered == "suppressed"
        assert readers(store) == []

    def test_what_is_not_confirmed_is_forgotten_after_a_week(self, store: Store) -> None:
        """With the mail that asked for it."""
        ask(store)
        assert JAN in rows(store)
        assert do(store, lambda tx: tx.privacy.purge(NOW + 7 * DAY, 90 * DAY, DAY))
        assert JAN not in rows(store)
        assert not do(store, lambda tx: tx.privacy.purge(NOW + 7 * DAY, 90 * DAY, DAY))

    def test_deliveries_are_kept_no_longer_than_wanted(self, store: Store) -> None:
        """What waits still is kept; so is the ledger, for nothing may be mailed twice."""
        token = subscribe(store)
        reader = store.look(lambda tx: tx.audience.by_token(token))
        assert reader
        do(
            store,
            lambda tx: freeze(tx, Letter(subject="Nieuws", text="", html=""), envelope(OPEN, DAILY, "s", reader, NOW)),
        )
        do(store, lambda tx: tx.privacy.purge(NOW + 91 * DAY, 90 * DAY, DAY))
        assert len(mails(store)) == 2
        for each in store.look(lambda tx: tx.mailing.due(NOW, 99)):
            do(store, lambda tx, each=each: tx.mailing.note(replace(each, state="sent")))  # type: ignore[misc]
        do(store, lambda tx: tx.privacy.purge(NOW + 89 * DAY, 90 * DAY, DAY))
        assert store.look(lambda tx: len(tx.privacy.known(JAN)["mails"])) == 2
        do(store, lambda tx: tx.privacy.purge(NOW + 91 * DAY, 90 * DAY, DAY))
        assert store.look(lambda tx: tx.privacy.known(JAN)["mails"]) == []
        assert readers(store) == [JAN]
        assert len(store.look(lambda tx: tx.subscribers.proof(JAN))) == 2

    def test_the_proof_outlives_leaving_for_as_long(self, store: Store) -> None:
        """As long as it may have to be shown why there was a mail."""
        token = subscribe(store)
        do(store, lambda tx: tx.subscribers.leave(token, NOW))
        do(store, lambda tx: tx.privacy.purge(NOW + 89 * DAY, 90 * DAY, DAY))
        assert [line.act for line in store.look(lambda tx: tx.subscribers.proof(JAN))] == ["asked", "confirmed", "left"]
        do(store, lambda tx: tx.privacy.purge(NOW + 91 * DAY, 90 * DAY, DAY))
        assert store.look(lambda tx: tx.subscribers.proof(JAN)) == []


class TestForms:
    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            (" Jan.Peeters+x@Example.BE ", ("Jan.Peeters+x@example.be", None)),
            ("jan@müller.be", ("jan@xn--mller-kva.be", None)),
            ("jän@example.be", ("", "beyond_ascii")),
            ("", ("", "missing")),
            ("jan", ("", "malformed")),
            ("root@localhost", ("", "malformed")),
            ("jan@[127.0.0.1]", ("", "malformed")),
            ("jan@example.be\r\nBcc: x@example.be", ("", "malformed")),
            ("Jan <jan@example.be>", ("", "malformed")),
            ("a@example.be, b@example.be", ("", "malformed")),
            ("a" * 5000 + "@example.be", ("", "malformed")),
            ("a" * 64 + "@example.be", ("a" * 64 + "@example.be", None)),
            ("a" * 65 + "@example.be", ("", "malformed")),
            ("a" * 65 + "@bücher.example", ("", "malformed")),
        ],
    )
    def test_addresses(self, typed: str, found: tuple[str, str | None]) -> None:
        """One address in ASCII, the domain folded; nothing that could be a header."""
        assert addresses.read(typed) == found

    @given(st.text(max_size=300))
    def test_an_address_is_one_line_of_ascii(self, typed: str) -> None:
        """Whatever is typed: an address that a header can hold, or a problem."""
        address, problem = addresses.read(typed)
        assert bool(address) != bool(problem)
        assert address.isascii()
        assert address.isprintable()
        assert not {" ", ","} & set(address)

    @pytest.mark.parametrize(
        ("client", "network"),
        [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2ab::1", "2001:db8:1:200::/56"),
            ("fe80::1%eth0", "fe80::/56"),
            ("", ""),
        ],
    )
    def test_networks(self, client: str, network: str) -> None:
        """What an access provider gives to one of its customers counts as one."""
        assert addresses.network(client) == network

    def test_every_zone_is_no_choice(self) -> None:
        """Who ticked all of them gets what a zone to come publishes too."""
        offered = forms.offer(OPEN)
        assert [zone.id for zone in offered.zones] == ["bht", "hz"]
        chosen, problems = forms.choosing({"digest": ["dagelijks"], "zone": ["bht", "hz"]}, OPEN, offered)
        assert (chosen.zones, problems) == ((), {})
        chosen, problems = forms.choosing({"digest": ["dagelijks"], "zone": ["bht", "x"]}, OPEN, offered)
        assert (chosen.zones, problems) == (("bht",), {})

    def test_what_cannot_be_is_told(self) -> None:
        """No digest, no zone, a closed digest, a digest that has no news of the zone."""
        offered = forms.offer(OPEN)
        assert forms.choosing({"digest": ["intern"]}, OPEN, offered)[1] == {"digest": "none", "zone": "none"}
        wrong = forms.choosing({"digest": ["wekelijks"], "zone": ["bht"]}, OPEN, offered)[1]
        assert wrong == {"zone": "elsewhere"}

    @pytest.mark.parametrize(
        ("later", "problem"),
        [(0, "early"), (1.9, "early"), (2.1, None), (86_000, None), (86_500, "stale"), (-60, "early")],
    )
    def test_a_form_takes_time_to_fill_in(self, later: float, problem: str | None) -> None:
        """And is made here: one that nobody signed is as an old one."""
        stamp = forms.stamp(b"k", NOW)
        form = {"address": [JAN], "digest": ["dagelijks"], "zone": ["bht"], "t": [stamp]}
        found = forms.subscribing(form, OPEN, b"k", NOW + timedelta(seconds=later))
        assert found.problems.get("form") == problem
        assert forms.subscribing(form, OPEN, b"other", NOW + timedelta(seconds=9)).problems["form"] == "stale"

    @pytest.mark.parametrize("typed", ["2026-11-23", "2020-01-01", "2028-01-01", "morgen", "9999-12-31", "0001-01-01"])
    def test_a_pause_ends_within_a_year(self, typed: str) -> None:
        """A day that is over, too far or none is told."""
        assert forms.pausing({"until": [typed]}, "Europe/Brussels", NOW) == (None, "date")
        until, wrong = forms.pausing({"until": ["2026-11-24"]}, "Europe/Brussels", NOW)
        assert (until and until.isoformat(), wrong) == ("2026-11-24T00:00:00+01:00", None)
        assert forms.pausing({}, "Europe/Brussels", NOW) == (None, None)


class TestLists:
    def test_every_bad_line_is_told(self) -> None:
        """With its number; the good ones are taken, each address once."""
        text = (
            "e-mail;zones;topics;format\nJan@EXAMPLE.be;bht|hz;Verkeer;text\n\nniemand;;;\n"
            "jan@example.be;;;\nan@example.be;brussel;;\nbo@example.be;;Sport;\ncas@example.be;;;pdf\ndo@example.be;;;\n"
        )
        lines, wrong = lists.read(text, ["bht", "hz"], ["Verkeer"])
        assert [(each.number, each.address, each.zones, each.format) for each in lines] == [
            (2, "Jan@example.be", ("bht", "hz"), "text"),
            (9, "do@example.be", (), "both"),
        ]
        assert [words.partition(":")[0] for words in wrong] == ["line 4", "line 5", "line 6", "line 7", "line 8"]

    @pytest.mark.parametrize("text", ["jan@example.be\nmieke@example.be\n", "jan@example.be,Jan\nmieke@example.be,M"])
    def test_a_plain_list_is_one_too(self, text: str) -> None:
        """Without names of columns the first one has the addresses."""
        lines, wrong = lists.read(text, [], [])
        assert ([each.address for each in lines], wrong) == ([JAN, MIEKE], [])

    def test_importing_twice_is_importing_once(self, store: Store) -> None:
        """And who left in between stays away."""
        enter = [do(store, lambda tx: desk.enter(tx, OPEN, JAN, ONE, "imported", "lijst", NOW)) for _ in range(2)]
        assert enter == ["added", "there"]
        assert [line.source for line in store.look(lambda tx: tx.subscribers.proof(JAN))] == ["lijst"]
        do(store, lambda tx: tx.subscribers.leave(JAN, NOW))
        assert do(store, lambda tx: desk.enter(tx, OPEN, JAN, ONE, "imported", "lijst", NOW)) == "suppressed"
        assert mails(store) == []
