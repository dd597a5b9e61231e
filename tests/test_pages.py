"""The pages of stories, zones and months, as a browser gets them over HTTP from the daemon's documents."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from lxml import html as markup

from aggregator import hand
from aggregator.daemon.leaves import Leaves
from aggregator.hand import Hand
from aggregator.model import Config, Content, Match, Related, Story, Verdict
from aggregator.publish import months, places, reasons, story
from tests.goldens import golden
from tests.reading import Newsroom, newsroom
from tests.stories import BHT, BRUSSELS, CONFIG, HZ, HZ_NEWS, NOW, STREAM, at, fortnight, joint, sighting
from tests.stories import story as made_of

ALIKE = Verdict(verdict="related", rule="slots", score=0.8, evidence="text 80 % alike; 'week 47' ≠ 'week 46'")
HEUSDEN = replace(STREAM, id="heusden-zolder", title="Heusden-Zolder", zones=("hz",))
TWO = replace(CONFIG, streams=(STREAM, HEUSDEN))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    """The sample fortnight, two of its stories linked."""
    with newsroom(tmp_path, TWO) as one:
        news = fortnight()
        one.keep(*news)
        one.link(news[2], news[8], ALIKE)
        one.keep(news[2])
        yield one


def get(room: Newsroom, path: str, **headers: str) -> httpx.Response:
    return httpx.get(room.address + path, headers=headers)


def page(room: Newsroom, path: str) -> Any:
    answer = get(room, path)
    assert answer.status_code == 200, path
    return markup.fromstring(answer.content)


def words(element: Any) -> str:
    return " ".join(str(element.text_content()).split())


def older(year: int, month: int, count: int = 1) -> list[Story]:
    """Stories of a month, one an hour."""
    return [
        made_of(
            sighting(published=f"{year}-{month:02}-10 {hour % 24:02}:{hour // 24:02}", key=f"{year}{month}{hour}"),
            number=year * 10_000 + month * 100 + hour,
        )
        for hour in range(count)
    ]


class TestStory:
    def test_golden(self) -> None:
        """The page of a joint story is what a person looked at."""
        told = replace(joint(), related=(Related(story=fortnight()[1].id, rule="subject", score=0.6, evidence=""),))
        made = story.render(CONFIG, told, [fortnight()[1]]).decode()
        made = re.sub(r"\?v=\w+", "?v=…", made)
        assert made == golden("story.html", made)

    def test_it_names_every_source(self, room: Newsroom) -> None:
        """Title, text, zones and time, and each copy beside the others with its link, its zone and its time."""
        made = page(room, "/story/0001/")
        assert words(made.cssselect("h1")[0]) == "Politiezones starten gezamenlijk verkeersteam"
        assert words(made.cssselect(".whole .by")[0]).startswith("23 november 2026 om 07.30 uur Samen:")
        sides = made.cssselect(".sides")[0].cssselect("li")
        assert [each.cssselect("h3 a")[0].get("href") for each in sides] == [
            "https://bht.example/nl/news/detail/399/bericht",
            "https://hz.example/5375/nieuws/8999",
        ]
        assert [words(each.cssselect(".by")[0]) for each in sides] == [
            "Beringen/Ham/Tessenderlo 23 november 2026 om 07.30 uur",
            "Heusden-Zolder 23 november 2026 om 08.30 uur",
        ]

    def test_why_these_are_one(self, room: Newsroom) -> None:
        """The reason of each copy is there, in the reader's language, and folded away."""
        (details,) = page(room, "/story/0001/").cssselect("details")
        assert details.get("open") is None
        assert words(details.cssselect("summary")[0]) == "Waarom dit één bericht is"
        assert [words(each) for each in details.cssselect("dd")] == [
            "Dit exemplaar was er het eerst; de andere zijn ermee vergeleken.",
            "Titel en tekst zijn woord voor woord gelijk.",
        ]

    def test_links_in_both_directions(self, room: Newsroom) -> None:
        """A story names what it is linked with, and why, from either side; the stream's page names it too."""
        for number, other in ((3, 9), (9, 3)):
            made = page(room, f"/story/{number:04}/")
            (link,) = made.cssselect("section[aria-labelledby=related] h3 a")
            assert link.get("href") == f"../../story/{other:04}/"
            assert "“week 47” of “week 46”" in words(made.cssselect("section[aria-labelledby=related] dd")[0])
        front = page(room, "/")
        assert [each.get("href") for each in front.cssselect(".note a") if "story" in each.get("href")] == [
            "story/0009/",
            "story/0003/",
        ]

    def test_what_it_says_of_itself(self, room: Newsroom) -> None:
        """Its address, its words and its dates, for programs that show links; no picture."""
        made = page(room, "/story/0001/")
        said = {each.get("property"): each.get("content") for each in made.cssselect("meta[property]")}
        assert made.cssselect("link[rel=canonical]")[0].get("href") == "https://nieuws.example.be/story/0001/"
        assert said["og:url"] == "https://nieuws.example.be/story/0001/"
        assert said["og:title"] == "Politiezones starten gezamenlijk verkeersteam"
        assert said["article:published_time"] == "2026-11-23T06:30:00+00:00"
        assert "og:image" not in said
        assert words(made.cssselect("title")[0]).endswith(STREAM.title)

    def test_the_text_as_far_as_it_may_be_shown(self) -> None:
        """An excerpt, unless the operator says "full"; then all of it, sanitised, below the page's own headings."""
        body = Content(value="<h4>Onder</h4><p onclick='x()'>Een <b>lang</b> verhaal.</p><script>alert(1)</script>")
        told = made_of(sighting("hz", content=body))
        short = markup.fromstring(story.render(CONFIG, told))
        assert short.cssselect(".text") == []
        full = replace(CONFIG, sources=(replace(HZ_NEWS, publish="full"),))
        (text,) = markup.fromstring(story.render(full, told)).cssselect(".text")
        assert markup.tostring(text).decode().strip() == (
            '<div class="text"><h2>Onder</h2><p>Een <b>lang</b> verhaal.</p></div>'
        )
        plain = made_of(sighting("hz", content=Content(value="a < b\n\n<i>c</i>", type="text")))
        (text,) = markup.fromstring(story.render(full, plain)).cssselect(".text")
        assert [each.text for each in text] == ["a < b", "<i>c</i>"]

    @pytest.mark.parametrize("number", [0, 13, 9999])
    def test_a_story_that_never_was(self, room: Newsroom, number: int) -> None:
        """404, and so is what is no name of a story at all."""
        assert get(room, f"/story/{number:04}/").status_code == 404
        assert get(room, f"/story/{number:04}-x/").status_code == 404
        assert get(room, "/story/").status_code == 404

    def test_a_slash_is_added(self, room: Newsroom) -> None:
        """As everywhere on the site."""
        answer = get(room, "/story/0001")
        assert (answer.status_code, answer.headers["location"]) == (308, "0001/")

    def test_a_withdrawn_story_is_gone(self, room: Newsroom) -> None:
        """410 with a page, its words nowhere; and back when an editor shows it again."""
        told = fortnight()[0]
        room.desk.withdraw(told)
        room.go_on()
        answer = get(room, "/story/0001/")
        assert (answer.status_code, answer.headers["content-type"]) == (410, "text/html; charset=utf-8")
        assert "verkeersteam" not in answer.text
        assert "Naar het nieuws" in answer.text
        room.desk.bring_back(told)
        room.go_on()
        assert get(room, "/story/0001/").status_code == 200

    def test_what_was_deleted_is_gone(self, room: Newsroom) -> None:
        """A story that retention took leaves its id, and 410 at its address."""
        told = fortnight()[0]
        room.desk.keep(replace(told, members=(), withdrawn=NOW))
        room.go_on()
        assert get(room, "/story/0001/").status_code == 410

    def test_what_is_held_is_not_there_yet(self, room: Newsroom) -> None:
        """A story that waits for the operator's word is no news to anybody."""
        room.keep(replace(fortnight()[0], held=True))
        assert get(room, "/story/0001/").status_code == 404

    def test_a_joined_story_leads_to_the_one_it_is_in(self, room: Newsroom) -> None:
        """Who had its address finds the news, also below a prefix; an editor may part them, so it is no 301."""
        act = Hand(who="Lies", at=NOW, why="the same, says Lies")
        room.desk.store.submit(lambda tx: hand.join(tx, "0002", "0003", act)).result()
        room.go_on()
        answer = get(room, "/story/0003/")
        assert (answer.status_code, answer.headers["location"]) == (302, "../../story/0002/")
        made = page(room, "/story/0002/")
        assert words(made.cssselect("dd")[-1]) != ""
        assert "Een redacteur heeft dit exemplaar hier geplaatst." in words(made)
        assert "Lies" not in words(made)
        room.desk.store.submit(lambda tx: hand.split(tx, "0002", "0003", act)).result()
        room.go_on()
        assert get(room, "/story/0003/").status_code == 200

    def test_a_zone_that_left(self, tmp_path: Path) -> None:
        """A copy of a zone that the configuration lacks is left out, and a story that had no other is not shown."""
        alone = replace(CONFIG, zones=(HZ,), sources=(HZ_NEWS,))
        with newsroom(tmp_path, alone) as one:
            one.keep(*fortnight())
            assert get(one, "/story/0002/").status_code == 404
            assert page(one, "/story/0001/").cssselect(".sides") == []


class TestReasons:
    @pytest.mark.parametrize(
        ("rule", "score", "evidence", "said"),
        [
            ("alike", 0.93, "text 93 % alike", "De teksten komen voor 93% overeen, en niets wat ertoe doet verschilt."),
            ("excerpt", 0.9, "90 % of the shorter text stands in the longer", "90% van de kortste tekst staat"),
            ("update", 0.8, "a marked update: text 80 % alike; '12' ≠ '14'", "Verschil: “12” of “14”."),
            ("own-key", 1.0, "bht-nieuws 411", "De uitgever geeft het hetzelfde nummer"),
            ("guid", 1.0, "x", "Het draagt hetzelfde kenmerk"),
            ("url", 1.0, "https://secret.example/", "Het leidt naar hetzelfde adres"),
            ("title", 1.0, "the same title of 7 words within 48 hours; one has no text", "heeft geen tekst."),
            ("editor", 1.0, "Lies said so", "Een redacteur heeft dit exemplaar hier geplaatst."),
        ],
    )
    def test_every_rule_is_a_sentence(self, rule: Any, score: float, evidence: str, said: str) -> None:
        """In the reader's language; keys, addresses and what editors noted for themselves stay inside."""
        told = reasons.joined(CONFIG, Match(sighting=sighting(), story="x", rule=rule, score=score, evidence=evidence))
        assert said in told
        assert not re.search(r"Lies|secret|411|alike|marked", told)

    def test_a_copy_that_was_edited(self) -> None:
        """What a publisher made of its copy since is said."""
        one = Match(sighting=sighting(), story="x", rule="text", differs="text 40 % alike; 'Ham' ≠ 'Zolder'")
        assert reasons.differs(CONFIG, one).endswith("andere tekst van gemaakt. Verschil: “Ham” of “Zolder”.")
        assert reasons.differs(CONFIG, replace(one, differs="")) == ""

    @pytest.mark.parametrize("rule", ["slots", "window", "lead", "short", "unlike", "never heard of"])
    def test_what_keeps_two_apart(self, rule: str) -> None:
        """Whatever the rule: how alike they are, what was exchanged and how far apart they are, in readers' words."""
        verdict = Verdict(verdict="different", rule=rule, score=0.98, evidence="'week 12' ≠ 'week 13'; 30 days apart")
        told = reasons.apart(CONFIG, verdict)
        assert told.endswith("Verschil: “week 12” of “week 13”. Dagen ertussen: 30.")
        assert ("98%" in told) is (rule == "slots")
        related = replace(verdict, verdict="related", rule="subject")
        assert reasons.apart(CONFIG, related) == reasons.linked(CONFIG, related)

    @pytest.mark.parametrize("rule", ["contains", "subject", "slots", "title", "window", "never heard of"])
    def test_every_link_has_a_reason(self, rule: str) -> None:
        """Whatever the rule; how far apart two are is said in days."""
        told = reasons.linked(
            CONFIG, Related(story="x", rule=rule, score=0.5, evidence="text 90 % alike; 30 days apart")
        )
        assert told.endswith("Dagen ertussen: 30.")
        assert "alike" not in told


class TestMonths:
    def test_the_list(self, room: Newsroom) -> None:
        """Each month with news and how much; a year without news is not there; the stream's page leads to it."""
        room.keep(*older(2024, 5, 3), *older(2022, 12))
        assert page(room, "/").cssselect(".more a")[0].get("href") == "samenwerking/archive/"
        made = page(room, "/samenwerking/archive/")
        assert [words(each) for each in made.cssselect("main h2")] == ["2026", "2024", "2022"]
        assert [words(each) for each in made.cssselect(".months li")] == [
            "november 2026 12 berichten",
            "mei 2024 3 berichten",
            "december 2022 1 bericht",
        ]

    def test_before_and_after(self, room: Newsroom) -> None:
        """A month leads to the nearest ones with news, whatever lies between, and to the list."""
        room.keep(*older(2024, 5), *older(2022, 12))
        made = page(room, "/samenwerking/archive/2024-05/")
        assert words(made.cssselect("h1")[0]) == "mei 2024"
        assert [(words(each), each.get("href")) for each in made.cssselect(".top nav a")] == [
            ("Nieuwer: november 2026", "../../../samenwerking/archive/2026-11/"),
            ("Alle maanden", "../../../samenwerking/archive/"),
            ("Ouder: december 2022", "../../../samenwerking/archive/2022-12/"),
        ]
        assert len(made.cssselect("article")) == 1

    def test_a_page_is_bounded(self, room: Newsroom) -> None:
        """A month of much news has several pages, each story on one of them, the newest first."""
        room.keep(*older(2024, 5, 2 * months.PAGE + 1))
        titles = []
        for path in ("", "2/", "3/"):
            made = page(room, f"/samenwerking/archive/2024-05/{path}")
            assert [words(each) for each in made.cssselect("main [aria-current]")] == [f"Pagina {path[:1] or 1}"]
            titles += [each.get("href") for each in made.cssselect(".by a:not(.zone)")]
        names = [title.rpartition("story/")[2] for title in titles]
        assert len(set(names)) == 2 * months.PAGE + 1
        assert get(room, "/samenwerking/archive/2024-05/4/").status_code == 404
        assert get(room, "/samenwerking/archive/2024-05/1/").status_code == 404
        assert get(room, "/samenwerking/archive/2024-05/\N{ARABIC-INDIC DIGIT TWO}/").status_code == 404

    def test_midnight_is_the_readers(self, room: Newsroom) -> None:
        """The first hour of a month in Brussels is the last of the month before in UTC, and belongs to the new one."""
        room.keep(made_of(sighting(published="2024-03-01 00:30", key="m"), number=77))
        assert get(room, "/samenwerking/archive/2024-02/").status_code == 404
        assert len(page(room, "/samenwerking/archive/2024-03/").cssselect("article")) == 1

    @pytest.mark.parametrize("name", ["2020-01", "2026-13", "0000-00", "9999-12", "2026-1"])
    def test_a_month_without_news(self, room: Newsroom, name: str) -> None:
        """404, and so is what is no month."""
        assert get(room, f"/samenwerking/archive/{name}/").status_code == 404

    def test_nothing_at_all(self, tmp_path: Path) -> None:
        """An empty archive is a sentence."""
        with newsroom(tmp_path, CONFIG) as one:
            assert "Er is nog geen nieuws." in words(page(one, "/samenwerking/archive/"))

    def test_the_feeds_pages_stay(self, room: Newsroom) -> None:
        """The pages of the feed's archive (RFC 5005) lie beside the months, and neither takes the other's address."""
        room.keep(*older(2024, 5, 60))
        feed = httpx.get(f"{room.address}/samenwerking.atom").text
        (link,) = re.findall(r'rel="prev-archive"[^>]*|href="([^"]*archive/[^"]*atom)"', feed)[:1]
        assert get(room, link.removeprefix(TWO.base_url)).headers["cache-control"] == ("max-age=3600, must-revalidate")

    def test_a_stream_with_rules(self, tmp_path: Path) -> None:
        """Its months are listed without a count, and show what its rules let through."""
        config = replace(CONFIG, streams=(STREAM, replace(STREAM, id="inbraak", title="I", include=("inbra*",))))
        with newsroom(tmp_path, config) as one:
            one.keep(*fortnight())
            assert words(page(one, "/inbraak/archive/").cssselect(".months li")[0]) == "november 2026"
            assert len(page(one, "/inbraak/archive/2026-11/").cssselect("article")) == 2

    def test_a_zones_months(self, room: Newsroom) -> None:
        """A zone has months of its own."""
        assert len(page(room, "/zones/hz/archive/2026-11/").cssselect("article")) == 8

    @pytest.mark.parametrize(("name", "next"), [("2026-12", "2027-01"), ("2024-02", "2024-03")])
    def test_months_meet(self, name: str, next: str) -> None:
        """A month ends where the next one begins, on the clock of its zone."""
        month, after = months.read(name), months.read(next)
        assert month
        assert after
        assert (month.next, month.next.name) == (after, next)
        assert month.ends(BRUSSELS) == after.begins(BRUSSELS) == at(f"{next}-01 00:00")


class TestHttp:
    @pytest.mark.parametrize("path", ["/story/0001/", "/samenwerking/archive/", "/samenwerking/archive/2026-11/"])
    def test_it_is_served_as_every_page_is(self, room: Newsroom, path: str) -> None:
        """A strong tag, a date, 304, HEAD, codings of their own, the policy, and a minute in a cache."""
        answer = get(room, path, **{"accept-encoding": "identity"})
        assert re.fullmatch(r'"[0-9a-f]{32}"', answer.headers["etag"])
        assert answer.headers["cache-control"] == "max-age=60, must-revalidate"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "set-cookie" not in answer.headers
        tag, date = answer.headers["etag"], answer.headers["last-modified"]
        assert get(room, path, **{"if-none-match": tag, "accept-encoding": "identity"}).status_code == 304
        assert get(room, path, **{"if-modified-since": date}).status_code == 304
        head = httpx.head(room.address + path, headers={"accept-encoding": "identity"})
        assert (head.headers["content-length"], head.content) == (str(len(answer.content)), b"")
        for coding in ("br", "zstd", "gzip"):
            with httpx.stream("GET", room.address + path, headers={"accept-encoding": coding}) as packed:
                raw = b"".join(packed.iter_raw())
                assert packed.headers["content-encoding"] == coding
                assert packed.headers["etag"] == f'{tag[:-1]}-{coding}"'
            assert len(raw) < len(answer.content)
        assert gzip.decompress(raw) == answer.content

    def test_a_post_is_refused(self, room: Newsroom) -> None:
        """Pages are read."""
        assert httpx.post(f"{room.address}/story/0001/").status_code == 405

    def test_same_state_same_bytes(self, room: Newsroom) -> None:
        """Another process renders the same, and so does one that had other pages before."""
        paths = ["/story/0001/", "/story/0003/", "/samenwerking/archive/", "/zones/hz/archive/2026-11/"]
        other = Leaves(TWO)
        for path in reversed(paths):
            found = room.desk.store.look(lambda tx, path=path: other.find(tx, path))  # type: ignore[misc]
            assert found
            assert found.content == get(room, path).content

    def test_a_change_shows(self, room: Newsroom) -> None:
        """An edit changes the page, its tag and its date; a page that it does not touch keeps its bytes."""
        before, other = get(room, "/story/0001/"), get(room, "/story/0002/")
        room.desk.edit(fortnight()[0], "Verkeersteam gestart")
        room.go_on()
        after = get(room, "/story/0001/")
        assert "Verkeersteam gestart" in after.text
        assert after.headers["etag"] != before.headers["etag"]
        assert after.headers["last-modified"] != before.headers["last-modified"]
        assert get(room, "/story/0002/").headers["etag"] == other.headers["etag"]

    def test_a_linked_story_that_goes_dates_the_page(self, room: Newsroom) -> None:
        """Its page changes when what it is linked with is withdrawn, and says since when (RFC 9110 §8.8.2)."""
        before = get(room, "/story/0003/")
        room.desk.withdraw(fortnight()[8])
        room.go_on()
        after = get(room, "/story/0003/")
        assert "story/0009" not in after.text
        assert after.headers["last-modified"] != before.headers["last-modified"]

    def test_what_is_kept_is_bounded(self, room: Newsroom) -> None:
        """Who walks through all pages makes us keep no more than so many bytes, the latest ones."""
        leaves = Leaves(TWO, room=3 * len(get(room, "/story/0001/").content))
        for number in range(1, 13):
            path = f"/story/{number:04}/"
            room.desk.store.look(lambda tx, path=path: leaves.find(tx, path))  # type: ignore[misc]
        revision = room.desk.store.look(lambda tx: tx.stories.revision())
        kept = [number for number in range(1, 13) if leaves.kept(f"/story/{number:04}/", revision)]
        assert kept
        assert kept == list(range(13 - len(kept), 13))
        assert len(kept) < 4
        assert leaves.kept("/story/0012/", revision + 1) is None


def test_every_address_in_every_page_works(tmp_path: Path) -> None:
    """A walk over the site, below a path prefix, finds every page and nothing that is not there."""
    config = replace(TWO, base_url="https://www.example.be/nieuws", authority="nieuws.example.be")
    with newsroom(tmp_path, config) as room:
        room.keep(*fortnight())
        seen: dict[str, int] = {}
        queue = [f"{room.address}/nieuws/"]
        with httpx.Client() as client:
            while queue:
                address = queue.pop()
                if address in seen or not address.startswith(f"{room.address}/nieuws/"):
                    continue
                answer = client.get(address)
                seen[address] = answer.status_code
                if answer.headers.get("content-type", "").startswith("text/html"):
                    found: Any = markup.fromstring(answer.content)
                    queue += [urljoin(address, link).partition("#")[0] for *_, link, _ in found.iterlinks()]
        lost = {address for address, status in seen.items() if status != 200}
        assert lost <= {f"{room.address}/nieuws/search"}  # which has routes of its own
        paths = {address.removeprefix(f"{room.address}/nieuws") for address in seen}
        assert {"/", "/zones/", "/zones/hz/", "/feeds/", "/samenwerking/archive/2026-11/", "/story/0012/"} <= paths


def test_zones(room: Newsroom) -> None:
    """What the categories' scheme leads to: each zone, its page, its site, its feed; badges lead to the pages."""
    assert get(room, "/zones").headers["location"] == "zones/"
    made = page(room, "/zones/")
    assert [each.get("href") for each in made.cssselect("main h2 a")] == ["../zones/bht/", "../zones/hz/"]
    assert {BHT.url, HZ.url} <= {each.get("href") for each in made.cssselect("main a")}
    assert page(room, "/").cssselect("article .zone")[0].get("href") == "zones/bht/"
    own = page(room, "/zones/hz/")
    assert own.cssselect("link[rel=alternate]")[0].get("href") == "../../zones/hz.atom"
    assert own.cssselect(".crumb a")[0].get("href") == "../../"


def test_the_hub_is_announced_in_the_page() -> None:
    """As long as there is one (WebSub §4): a program that is given the page can subscribe to it."""
    from aggregator.publish import page as pages

    def ways(config: Config) -> list[tuple[str, str]]:
        made = markup.fromstring(pages.render(config, STREAM, (), NOW))
        return [
            (str(each.get("rel")), str(each.get("href"))) for each in made.cssselect("link[rel=hub], link[rel=self]")
        ]

    assert ways(CONFIG) == [("hub", "https://nieuws.example.be/hub"), ("self", "https://nieuws.example.be/")]
    assert ways(replace(CONFIG, websub=replace(CONFIG.websub, hub=False))) == []


def test_addresses() -> None:
    """What is made when it is asked for is known by its address alone, before anything is read."""
    asked = (
        "/story/0a1b/",
        "/s/archive/",
        "/s/archive/2026-11/",
        "/zones/bht/archive/2026-11/2/",
        "/s/archive/1-5.atom",
    )
    assert all(map(places.is_asked_for, asked))
    others = (
        "/story/",
        "/story/xyz/",
        "/story/../",
        "/s/",
        "/s/archive/2026-11",
        "/a/b/archive/",
        "/s/archive/2026-11/0/",
    )
    assert not any(map(places.is_asked_for, others))
