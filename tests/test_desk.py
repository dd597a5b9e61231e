"""``/desk/`` over real HTTP, attacked: nobody gets in, does what they may not, or does anything twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from aggregator import post
from aggregator.desk import copies, passwords
from aggregator.errors import ConfigError, MailError
from aggregator.model import AS_IT_COMES, Desk, User
from aggregator.store import Tx
from aggregator.web import door
from tests.desks import AN, BO, OPEN, PASSWORD, Site, id_of, opened
from tests.stories import NOW

PATHS = ("", "story/0090/", "held/", "log/", "digest/", "digest/dagelijks/", "digest/dagelijks/mail", "nowhere")
FORMS = ("story/0090/", "held/", "digest/dagelijks/")
"""Those of them that forms are sent to."""
VOUCHED = replace(
    OPEN, desk=Desk(trusted_header="X-Remote-User", users=(User(name="an", role="editor"), User(name="bo")))
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path) as found:
        yield found


def test_it_is_off_until_there_are_users(tmp_path: Path) -> None:
    """Without users its addresses answer as any that is not there."""
    with opened(tmp_path, replace(OPEN, desk=Desk())) as site:
        nothing = site.ask("/nowhere/at/all")
        for path in ("/desk", "/desk/", "/desk/login", "/desk/story/0090/"):
            said = site.ask(path)
            assert (said.status, said.content) == (404, nothing.content), path
            assert "set-cookie" not in said.headers


def test_nothing_is_seen_or_done_without_a_login(site: Site) -> None:
    """Every address shows the form and nothing else; what is sent there does nothing."""
    for path in PATHS:
        said = site.ask(f"/desk/{path}")
        assert (said.status, said.headers["cache-control"]) == (403, "no-store"), path
        assert "Wachtwoord" in said.content
        assert "Korenbloemstraat" not in said.content
        sent = site.ask(f"/desk/{path}", {"act": "hide", "why": "x", "token": "", "seen": "0"})
        assert sent.status == (403 if path in FORMS else 405), path
    assert not site.story(90).withdrawn


@pytest.mark.parametrize("path", PATHS)
def test_what_may_be_sent_is_said(site: Site, path: str) -> None:
    """Another method than a page takes is refused with those that it takes (RFC 9110 §15.5.6), whoever asks."""
    wanted = "GET, HEAD, POST" if path in FORMS else "GET, HEAD"
    for _ in range(2):
        for method in {"PUT", "DELETE", "POST"} - set(wanted.split(", ")):
            said = site.ask(f"/desk/{path}", method=method)
            assert (said.status, said.headers["allow"]) == (405, wanted), method
        site.enter()


def test_no_public_page_tells_of_it(site: Site) -> None:
    """No document of the site says that there is a desk, or what was done there."""
    site.enter()
    site.act(90, "hide", why="heel geheim")
    for path, each in site.documents().items():
        if not path.startswith("/static/"):
            assert b"/desk" not in each.content, path
            assert b"heel geheim" not in each.content, path


def test_the_cookie_is_for_the_desk_alone(site: Site) -> None:
    """No script, no other path and no other site's form gets it; with https it is sent over nothing else."""
    cookie = site.enter().headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/desk/", "Max-Age=36000"))
    site.config[0] = replace(OPEN, base_url="https://nieuws.example.be/nieuws")
    cookie = site.enter().headers["set-cookie"]
    assert "; Secure" in cookie
    assert "Path=/nieuws/desk/" in cookie


def test_guessing_is_bounded_and_tells_nothing(site: Site) -> None:
    """A wrong name looks like a wrong password; after ten attempts even the right one waits."""
    wrong, nobody = site.enter(password="iets heel anders"), site.enter(name="ax")
    assert wrong.status == nobody.status == 403
    assert wrong.content == nobody.content.replace('value="ax"', 'value="an"')
    said = [site.enter(password="geraden woord").status for _ in range(door.RATES["user"])]
    assert said == [403] * (door.RATES["user"] - 1) + [429]
    assert site.enter().status == 429
    site.clock.now += door.WHILE
    assert site.enter().status == 303


def test_a_stranger_cannot_keep_an_editor_out(site: Site) -> None:
    """Who guesses somebody's password has used up their own network's attempts, not those of its owner."""
    for _ in range(door.RATES["user"] + 1):
        stranger = site.enter(password="geraden woord", X_Forwarded_For="192.0.2.1")
    assert stranger.status == 429
    assert site.enter().status == 303


def test_the_log_tells_of_logins_and_never_what_was_typed(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Who came in, whose password was wrong, and once that attempts are refused; a password in the wrong field is not
    told.
    """
    caplog.set_level("INFO", "aggregator")
    site.enter()
    site.enter(password="iets heel anders")
    site.enter(name="per ongeluk het wachtwoord")
    for _ in range(door.RATES["user"]):
        site.enter(password="geraden woord")
    site.enter()
    said = [record.getMessage() for record in caplog.records]
    assert said[:3] == ["desk: an logged in", "desk: a wrong password for an", "desk: a wrong name, with some password"]
    assert sum("too many attempts" in each for each in said) == 1
    assert not any(word in each for each in said for word in ("wachtwoord", "geraden", "anders"))


def test_a_login_cannot_be_planted_forged_or_led_away(site: Site) -> None:
    """Each login has a name of its own; another site logs nobody in; one arrives at the desk and nowhere else."""
    site.enter("bo")
    before = site.cookie
    site.enter()
    assert site.cookie.partition(".")[0] != before.partition(".")[0]
    site.cookie = "desk=" + "A" * 22 + ".99999999999.616e." + "0" * 64
    assert site.ask("/desk/").status == 403
    form = {"name": "an", "password": PASSWORD, "to": "//evil.example/"}
    assert site.ask("/desk/login", form, Sec_Fetch_Site="cross-site").status == 403
    assert site.ask("/desk/login", form, Origin="https://evil.example").status == 403
    assert site.ask("/desk/login", form).headers["location"] == "/desk/"


def test_a_login_ends(site: Site) -> None:
    """By time, also where that is shortened or the clock set back; by logging out, for a thief of the cookie too; with
    another password; with its user.
    """
    site.enter()
    site.clock.now += OPEN.desk.session - timedelta(seconds=1)
    assert site.ask("/desk/").status == 200
    site.clock.now += timedelta(seconds=1)
    assert site.ask("/desk/").status == 403
    site.enter()
    site.config[0] = replace(OPEN, desk=replace(OPEN.desk, session=timedelta(hours=1)))
    assert site.ask("/desk/").status == 403
    site.config[0] = OPEN
    site.clock.now -= timedelta(minutes=4)
    assert site.ask("/desk/").status == 200
    site.clock.now -= timedelta(minutes=4)
    assert site.ask("/desk/").status == 403
    site.enter()
    assert site.ask("/desk/logout", {"token": "x"}).status == 403
    assert site.ask("/desk/logout", {"token": site.ask("/desk/").field("token")}).status == 303
    assert site.ask("/desk/").status == 403
    site.enter()
    site.config[0] = replace(OPEN, desk=Desk(users=(replace(AN, password_hash=passwords.hashed("nieuw")),)))
    assert site.ask("/desk/").status == 403
    site.config[0] = replace(OPEN, desk=Desk(users=(BO,)))
    assert site.ask("/desk/").status == 403


def test_another_site_logs_nobody_out(site: Site) -> None:
    """What it sends has no cookie along, so that there is no login whose token it could lack."""
    cookie, site.cookie = site.enter().headers["set-cookie"], ""
    said = site.ask("/desk/logout", {"token": "x"}, Sec_Fetch_Site="cross-site")
    assert cookie
    assert (said.status, said.headers.get("set-cookie")) == (403, None)


def test_a_proxy_vouches_for_names_of_any_letters(tmp_path: Path) -> None:
    """A field is bytes; names in it are UTF-8, as in the configuration."""
    with opened(tmp_path, replace(VOUCHED, desk=replace(VOUCHED.desk, users=(User(name="renée"),)))) as site:
        assert site.ask("/desk/", X_Remote_User="renée".encode().decode("latin-1")).status == 200


def test_a_proxy_vouches_and_nobody_else(tmp_path: Path) -> None:
    """Its header is believed from its address alone; without it a cookie is nobody's, and no password helps."""
    with opened(tmp_path, VOUCHED) as site:
        said = site.ask("/desk/", X_Remote_User="an")
        assert said.status == 200
        assert [site.ask("/desk/", X_Remote_User=who).status for who in ("eve", "an, bo", "AN")] == [403] * 3
        site.cookie = said.headers["set-cookie"].partition(";")[0]
        assert site.ask("/desk/").status == 403
        token = site.ask("/desk/story/0090/", X_Remote_User="an").field("token")
        form = {"token": token, "seen": "0", "act": "hide", "why": "x"}
        assert site.ask("/desk/story/0090/", form, X_Remote_User="bo").status == 403
        assert site.ask("/desk/login", {"name": "an", "password": PASSWORD}).status == 403
        site.config[0] = replace(VOUCHED, desk=replace(VOUCHED.desk, proxies=("192.0.2.1",)))
        assert site.ask("/desk/", X_Remote_User="an", X_Forwarded_For="192.0.2.1").status == 403


def test_a_reader_changes_nothing(site: Site) -> None:
    """No form is shown to them, and one that is sent even so is refused."""
    site.enter("bo")
    page = site.ask("/desk/story/0090/")
    assert 'name="act"' not in page.content
    form = {"token": page.field("token"), "seen": "0", "act": "hide", "why": "x"}
    assert [site.ask(f"/desk/{p}", form).status for p in ("story/0090/", "held/", "digest/dagelijks/")] == [403] * 3


def test_forged_and_replayed_forms_do_nothing(site: Site) -> None:
    """Without the login's token, with another login's, from another site, or a second time."""
    site.enter()
    other = site.ask("/desk/").field("token")
    site.enter()
    assert [site.act(90, "hide", token=token).status for token in ("", "0" * 64, other)] == [403] * 3
    page = site.ask("/desk/story/0090/")
    form = {"token": page.field("token"), "seen": page.field("seen"), "act": "hide", "why": "x"}
    assert site.ask("/desk/story/0090/", form, Sec_Fetch_Site="cross-site").status == 403
    assert site.ask("/desk/story/0090/", form).status == 303
    assert site.act(90, "show").status == 303
    assert site.ask("/desk/story/0090/", form).status == 409
    assert not site.story(90).withdrawn


def test_who_comes_too_late_is_told_where_the_story_went(site: Site) -> None:
    """A form of a story that somebody joined away meanwhile leads to the one that has it now, and says that it did
    nothing.
    """
    site.enter()
    page = site.ask("/desk/story/0091/")
    form = {"token": page.field("token"), "seen": page.field("seen"), "act": "pin", "why": "x"}
    assert site.act(90, "join", id_of(91)).status == 303
    said = site.ask("/desk/story/0091/", form)
    assert said.headers["location"] == "/desk/story/0090/?said=stale"
    assert "iemand was u voor" in site.ask(said.headers["location"]).content.lower()


def test_a_form_of_what_is_held_is_taken_once(site: Site) -> None:
    """Sent again after its deed was undone it releases nothing; without a word of what it knew, never."""
    site.enter()
    page = site.ask("/desk/held/")
    form = {"token": page.field("token"), "seen": page.field("seen"), "story": id_of(800), "act": "release", "why": "x"}
    assert site.ask("/desk/held/", form).status == 303
    undo(site, 800)
    assert site.ask("/desk/held/", form).status == 409
    assert site.ask("/desk/held/", {**form, "seen": ""}).status == 409
    assert site.story(800).held


def test_what_the_database_refuses_is_told_to_both(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The editor hears that nothing was done, and that it can be tried again; the operator hears why, in one line."""
    site.enter()
    page = site.ask("/desk/story/0090/")
    form = {"token": page.field("token"), "seen": page.field("seen"), "act": "hide", "why": "x"}
    site.break_down()
    said = site.ask("/desk/story/0090/", form)
    assert (said.status, said.headers["retry-after"]) == (503, "60")
    assert "databank antwoordt niet" in said.content
    assert [record.getMessage().partition(":")[0] for record in caplog.records if record.name == "aggregator"] == [
        "desk"
    ]


def test_an_arrangement_that_went_out_is_not_undone(site: Site) -> None:
    """An edition takes its introduction along: undoing it afterwards would put an older one into the next edition."""
    site.enter()
    path = "/desk/digest/dagelijks/"
    for introduction in ("Een eerste zin", "Een tweede zin"):
        page = site.ask(path)
        form = {"token": page.field("token"), "seen": page.field("seen"), "act": "arrange", "why": "x"}
        assert site.ask(path, {**form, "introduction": introduction}).status == 303
    assert ">Een tweede zin" in site.ask(path).content
    last = site.store.look(lambda tx: tx.hands.latest())
    form |= {"act": "undo", "what": str(last), "seen": str(last)}
    assert f'value="{last}"' in site.ask(path).content
    freeze = partial(post.freeze, config=OPEN, digest=OPEN.digests[0], slot="2026-11-23", now=NOW)
    site.store.submit(freeze).result()
    assert site.ask(path, form).status == 409
    assert site.store.look(lambda tx: tx.mailing.plan("dagelijks")) == AS_IT_COMES


def test_who_cancels_is_told_what_is_lost(site: Site) -> None:
    """An edition that is cancelled is not brought back: its stories come again, its introduction and order do not."""
    site.enter()
    path = "/desk/digest/dagelijks/"
    page = site.ask(path)
    form = {"token": page.field("token"), "seen": page.field("seen"), "why": "x"}
    assert site.ask(path, {**form, "act": "arrange", "introduction": "Een eerste zin"}).status == 303
    freeze = partial(post.freeze, config=OPEN, digest=OPEN.digests[0], slot="2026-11-23", now=NOW)
    site.store.submit(freeze).result()
    for act in ("hold", "cancel"):
        page = site.ask(path)
        assert ">Een eerste zin" in page.content
        assert ("Dit kan niet ongedaan gemaakt worden" in page.content) == (act == "cancel")
        assert site.ask(path, {**form, "act": act, "seen": page.field("seen")}).status == 303
    after = site.ask(path).content
    assert "Een eerste zin" not in after.partition('id="past"')[0]
    assert "Fietsgraveeractie op zaterdag" in after
    assert 'value="undo"' not in after


@pytest.mark.parametrize(
    ("act", "what"),
    [("explode", ""), ("undo", "1"), ("join", ""), ("join", "/story/0090/"), ("split", "bht-nieuws 1"), ("lead", "x")],
)
def test_what_cannot_be_done_changes_nothing(site: Site, act: str, what: str) -> None:
    """A strange act, or one about another story's copies and deeds, is refused in words; so is one without a reason."""
    site.enter()
    before = site.story(90)
    assert site.act(90, act, what).status == 409
    assert site.act(90, "hide", why=" \n ").status == 422
    assert site.act(90, act, f"{what}\0").status == 400
    assert site.story(90) == before
    assert site.store.look(lambda tx: tx.hands.log()) == []


def test_nothing_hostile_is_markup(site: Site) -> None:
    """Titles, texts, reasons, names and what was searched for are text wherever they stand."""
    bad = "<script>alert(3)</script>\"'>"
    site.enter()
    site.act(66, "pin", why=bad)
    paths = ("story/0066/", "", "log/", "log/?story=%3Cscript%3E", "?q=%3Cscript%3E", "digest/dagelijks/")
    said = [site.ask(f"/desk/{path}") for path in paths]
    said.append(site.act(66, "hide", why=bad, seen="99"))
    said.append(site.enter(name=bad))
    for each in said:
        assert "<script" not in each.content
        assert "<img src=x" not in each.content


@pytest.mark.parametrize(
    ("number", "act", "what"),
    [
        (90, "hide", ""),
        (90, "pin", ""),
        (90, "split", "hz-nieuws 714"),
        (90, "split", "bht-nieuws 712"),
        (90, "join", id_of(91)),
        (90, "join", id_of(800)),
        (800, "join", id_of(90)),
        (800, "join", id_of(801)),
        (90, "lead", "hz-nieuws 714"),
        (800, "release", ""),
        (800, "absorb", ""),
    ],
)
def test_each_act_is_undone(site: Site, number: int, act: str, what: str) -> None:
    """Undone from the log everything is as before, the reasons of merges, links and what is news included, and so is
    what is done by undoing the undoing; every deed stands there, with who and why.
    """
    site.enter()
    before = as_it_is(site)
    assert site.act(number, act, what).status == 303
    after = as_it_is(site)
    assert after != before
    undo(site, number)
    assert as_it_is(site) == before
    undo(site, number)
    assert as_it_is(site) == after
    deeds = site.store.look(lambda tx: tx.hands.log(story=id_of(number)))
    assert [(deed.who, deed.why) for deed in deeds] == [("an", "omdat")] * 3


@pytest.mark.parametrize("number", [90, 91])
def test_words_do_not_decide_what_is_undone(site: Site, number: int) -> None:
    """Whatever reason was given for a split, its undoing leaves the story that was split, from either page."""
    site.enter()
    site.act(90, "join", id_of(91))
    site.act(90, "split", id_of(91), f"moet out of {id_of(91)}, en niet out of {id_of(90)}")
    undo(site, number)
    assert len(site.story(90).members) == 3
    assert not site.story(91).members


def undo(site: Site, number: int) -> None:
    """Undo what was done to a story last, an hour later."""
    site.clock.now += timedelta(hours=1)
    assert site.act(number, "undo", str(site.store.look(lambda tx: tx.hands.latest(id_of(number))))).status == 303


def as_it_is(site: Site) -> list[object]:
    """The stories that these tests do anything to, without the moments at which something was done to them."""

    def one(tx: Tx, number: int) -> object:
        story = tx.stories.get(id_of(number))
        assert story
        members = [replace(member, story="") if member.rule == "editor" else member for member in story.members]
        state = copies.state(story), story.held, story.chosen
        return members, state, tx.stories.is_loud(story.id), tx.related.of(story.id)

    return site.store.look(lambda tx: [one(tx, number) for number in (90, 91, 800, 801)])


@pytest.mark.parametrize(("first", "then", "news"), [("release", "absorb", False), ("absorb", "release", True)])
def test_who_let_something_go_by_mistake_can_do_it_the_other_way(site: Site, first: str, then: str, news: bool) -> None:
    """A flood that was released and held again goes into no mail once it is let in quietly; and the other way round."""
    site.enter()
    site.act(800, first)
    undo(site, 800)
    site.act(800, then)
    assert site.store.look(lambda tx: tx.stories.is_loud(id_of(800))) == news


def test_what_is_pinned_again_keeps_its_place(site: Site) -> None:
    """Of two pinned stories the later one stands first; undoing that one was unpinned changes no order."""
    site.enter()
    for number in (10, 90):
        site.act(number, "pin")
        site.clock.now += timedelta(hours=1)
    site.act(10, "unpin")
    undo(site, 10)
    assert [story.id for story in site.store.look(lambda tx: tx.stories.pinned())] == [id_of(90), id_of(10)]


def test_the_public_side_follows(site: Site) -> None:
    """What is pinned stands first on the page, where it was in the feed; what is hidden is in neither."""
    site.enter()
    title = "Fietsgraveeractie op zaterdag"
    site.act(10, "pin")
    page, feed = (site.documents()[path].content.decode() for path in ("/", "/samenwerking.atom"))
    assert page.index(title) < page.index("gezamenlijk verkeersteam")
    assert feed.index(title) > feed.index("gezamenlijk verkeersteam")
    site.act(10, "hide")
    assert all(title not in site.documents()[path].content.decode() for path in ("/", "/samenwerking.atom"))
    assert title not in site.ask("/desk/digest/dagelijks/").content


def test_a_mail_is_shown_harmless_and_tested_on_oneself(site: Site) -> None:
    """The page of a mail is sandboxed and has nobody's address; a test goes to the user, whatever the form says."""
    site.enter()
    said = site.ask("/desk/digest/dagelijks/mail?width=360")
    assert said.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "redactie@example.be" not in said.content
    page = site.ask("/desk/digest/dagelijks/")
    form = {"token": page.field("token"), "seen": "0", "act": "test", "why": "kijken", "to": "eve@evil.example"}
    assert site.ask("/desk/digest/dagelijks/", form).status == 303
    assert [envelope.recipient for _, envelope in site.sent] == ["an@example.be"]
    assert site.ask("/desk/digest/dagelijks/", form).status == 409
    assert len(site.sent) == 1


def test_a_test_that_was_not_sent_is_in_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Why the relay, or the configuration, refused it; without the address."""
    site.enter()
    page = site.ask("/desk/digest/dagelijks/")
    form = {"token": page.field("token"), "seen": page.field("seen"), "act": "test", "why": "kijken"}
    for failure in (MailError("550 <an@example.be> unknown"), ConfigError(["mail.password_file: no such file"])):
        site.failing.append(failure)
        assert site.ask("/desk/digest/dagelijks/", form).status == 409
    told = [record.getMessage() for record in caplog.records if record.name == "aggregator"]
    assert ["550" in told[0], "password_file" in told[1], any("an@example.be" in each for each in told)] == [1, 1, 0]
