"""What surrounds the daemon in the demo: two sample sites, a mail sink, and the configuration that ties them."""

from __future__ import annotations

import re
import smtplib
import socket
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
import httpx
import pytest
from parsel import Selector
from pydantic import TypeAdapter

from aggregator.cli.demo import EDITOR, configuration
from aggregator.cli.demo.news import News, read
from aggregator.cli.demo.sink import Sink
from aggregator.cli.demo.sites import LAYOUTS, Sites, slug
from aggregator.desk import passwords
from aggregator.model import Config

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
ON_BOTH, LATER, LATER_ON_BOTH, STEPS = 6, 14, 3, 17


@pytest.fixture
def sites() -> Iterator[Sites]:
    sites = Sites(NOW)
    yield sites
    sites.close()


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    sink = Sink(tmp_path / "mail")
    yield sink
    sink.close()


def get(url: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """A GET of *url*; loading the certificate authorities for it would take longer than the request."""
    return httpx.get(url, headers=headers, verify=False)


def plain(markup: str) -> str:
    """What a reader of *markup* reads, in one line."""
    return " ".join(" ".join(Selector(markup).xpath("//text()").getall()).split())


def feed_items(sites: Sites) -> list[Any]:
    """The entries of the site that has a feed."""
    assert sites.elzenbeek.feed
    parsed = feedparser.parse(get(sites.elzenbeek.feed).content)
    assert not parsed.bozo
    return list(parsed.entries)


def page_items(sites: Sites) -> list[Selector]:
    """The items of the site that has a page only."""
    return list(Selector(get(sites.wijtervoort.news).text).css("article.news"))


def by_feed(sites: Sites) -> dict[tuple[str, str], str]:
    """(title, text) to URL, as the feed has them."""
    return {(item.title, plain(item.description)): item.link for item in feed_items(sites)}


def by_page(sites: Sites) -> dict[tuple[str, str], str]:
    """(title, text) to URL, as the page has them."""
    return {
        (item.css("h2 a::text").get(""), plain(item.css(".text").get(""))): urljoin(
            sites.wijtervoort.news, item.css("h2 a::attr(href)").get("")
        )
        for item in page_items(sites)
    }


def words(news: News) -> Iterator[str]:
    """Every title and paragraph of the sample."""
    releases = [*(release for *_, release in news.published), *(release for _, release in news.later)]
    for release in releases:
        yield from (release.title, *release.paragraphs)


class TestSites:
    def test_serve_what_they_link_to(self, sites: Sites) -> None:
        """Each front page is the news, and every item on it leads to a page with the whole release."""
        for site in (sites.elzenbeek, sites.wijtervoort):
            front = get(site.url)
            assert front.content == get(site.news).content
            assert Selector(front.text).css("html::attr(lang)").get() == "nl-BE"
            for item in site.items:
                assert item.path in front.text
                page = get(urljoin(site.url, item.path))
                assert page.status_code == 200
                assert Selector(page.text).css("h1::text").get() == item.release.title
                assert plain(item.release.paragraphs[-1]) in plain(page.text)

    def test_only_one_has_a_feed(self, sites: Sites) -> None:
        """The feed announces itself; the other site has none and hints at none."""
        found = Selector(get(sites.elzenbeek.url).text).css('link[rel=alternate][type="application/rss+xml"]')
        assert found.attrib["href"] == sites.elzenbeek.feed
        assert sites.wijtervoort.feed is None
        assert "rss" not in get(sites.wijtervoort.url).text.casefold()

    def test_do_not_know_other_paths(self, sites: Sites) -> None:
        """What is not there is 404, and says so as text."""
        for url in sites.urls:
            assert get(f"{url}nieuws/1-weg").status_code == 404
        assert get(f"{sites.wijtervoort.url}nieuws/rss.xml").status_code == 404

    def test_the_feed_is_complete_rss(self, sites: Sites) -> None:
        """Every item has a link on the site, a guid of its own, the moment of its publication and a category."""
        items = feed_items(sites)
        assert len({item.id for item in items}) == len(items) == len(sites.elzenbeek.items)
        for item, shown in zip(items, sites.elzenbeek.items, strict=True):
            assert item.link == urljoin(sites.elzenbeek.url, shown.path)
            assert parsedate_to_datetime(item.published) == shown.published
            assert [tag.term for tag in item.tags] == [shown.release.category]

    def test_the_page_shows_days_without_a_year(self, sites: Sites) -> None:
        """A badge has a day and a Dutch month; the item's URL has a number that rises with time."""
        items = page_items(sites)
        dates = [item.css(".date::text").get("") for item in items]
        assert all(re.fullmatch(r"[1-3]?\d (jan|feb|mrt|apr|mei|jun|jul|aug|sep|okt|nov|dec)", date) for date in dates)
        assert dates[0] == "23 nov"
        ids = [int(item.css("h2 a").re(r"/nl/news/detail/(\d+)/")[0]) for item in items]
        assert ids == sorted(ids, reverse=True)

    def test_the_emergency_banner_is_no_part_of_an_item(self, sites: Sites) -> None:
        """The banner tops every page of that site, outside of what the selectors select."""
        page = Selector(get(sites.wijtervoort.news).text)
        assert "101" in page.css("body > .emergency::text").get("")
        assert not page.css("article .emergency")

    def test_the_same_release_reads_the_same(self, sites: Sites) -> None:
        """What both zones bring has one title and one text, and a URL on each site."""
        feed, page = by_feed(sites), by_page(sites)
        joint = feed.keys() & page.keys()
        assert len(joint) == ON_BOTH
        assert all(feed[both] != page[both] for both in joint)

    def test_alike_is_not_the_same(self, sites: Sites) -> None:
        """Two weeks of speed checks in two zones: two titles, four texts."""
        checks = [item for item in [*by_feed(sites), *by_page(sites)] if item[0].startswith("Resultaten snelheids")]
        assert Counter(title for title, _ in checks) == {
            "Resultaten snelheidscontroles week 46": 2,
            "Resultaten snelheidscontroles week 47": 2,
        }
        assert len({text for _, text in checks}) == 4

    def test_close_twice(self) -> None:
        """Closing is final, and harmless when repeated."""
        sites = Sites(NOW)
        sites.close()
        sites.close()
        with pytest.raises(httpx.ConnectError):
            get(sites.elzenbeek.url)


class TestConditionalRequests:
    @pytest.mark.parametrize("wrap", ["{}", "W/{}", '"other", {}', "*"])
    def test_unchanged_is_304(self, sites: Sites, wrap: str) -> None:
        """RFC 9110 §13.1.2: any of the listed validators, weakly compared; the answer repeats it and has no content."""
        for url in (sites.elzenbeek.feed, sites.wijtervoort.news):
            assert url
            etag = get(url).headers["etag"]
            again = get(url, headers={"If-None-Match": wrap.format(etag)})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)

    def test_changed_is_200(self, sites: Sites) -> None:
        """A release changes the site that brings it and leaves the other as it was."""
        assert sites.elzenbeek.feed
        before = {url: get(url) for url in (sites.elzenbeek.feed, sites.wijtervoort.news)}
        sites.release_next(NOW)
        after = {url: get(url, headers={"If-None-Match": answer.headers["etag"]}) for url, answer in before.items()}
        assert [answer.status_code for answer in after.values()] == [200, 304]
        assert after[sites.elzenbeek.feed].headers["etag"] != before[sites.elzenbeek.feed].headers["etag"]

    def test_another_validator_is_200(self, sites: Sites) -> None:
        """A validator that we never gave does not match."""
        assert get(sites.wijtervoort.news, headers={"If-None-Match": '"other"'}).status_code == 200

    def test_missing_stays_404(self, sites: Sites) -> None:
        """Only what exists can be unchanged (RFC 9110 §13.2.1)."""
        assert get(f"{sites.elzenbeek.url}weg", headers={"If-None-Match": "*"}).status_code == 404

    def test_head_is_get_without_content(self, sites: Sites) -> None:
        """RFC 9110 §9.3.2: the same header fields, no content."""
        full, head = get(sites.wijtervoort.news), httpx.head(sites.wijtervoort.news)
        assert head.content == b""
        assert head.headers["etag"] == full.headers["etag"]
        assert head.headers["content-length"] == str(len(full.content))


class TestReleases:
    def test_appear_one_by_one(self, sites: Sites) -> None:
        """Every step puts one release on top of one site; what both zones bring takes two steps."""
        titles: list[str] = []
        before = len(feed_items(sites)) + len(page_items(sites))
        while title := sites.release_next(NOW + timedelta(seconds=5 * len(titles))):
            titles.append(title)
            assert len(feed_items(sites)) + len(page_items(sites)) == before + len(titles)
            assert title in (feed_items(sites)[0].title, page_items(sites)[0].css("h2 a::text").get())
        assert len(titles) == STEPS
        assert sites.release_next(NOW) is None
        assert len(by_feed(sites).keys() & by_page(sites).keys()) == ON_BOTH + LATER_ON_BOTH

    def test_the_second_zone_follows_later(self) -> None:
        """Between the two copies of a joint release other releases appear, so that a merge is seen to happen."""
        steps: dict[str, list[int]] = {}
        for step, (_, release) in enumerate(read(NOW).later):
            steps.setdefault(f"{release.title} {release.paragraphs}", []).append(step)
        assert len(steps) == LATER
        apart = [taken[1] - taken[0] for taken in steps.values() if len(taken) == 2]
        assert len(apart) == LATER_ON_BOTH
        assert min(apart) >= 2

    def test_are_published_when_they_appear(self, sites: Sites) -> None:
        """The moment is the caller's, not the clock's."""
        moment = NOW + timedelta(minutes=7)
        title = sites.release_next(moment)
        newest = feed_items(sites)[0]
        assert newest.title == title
        assert parsedate_to_datetime(newest.published) == moment

    def test_appear_once_whoever_asks(self, sites: Sites) -> None:
        """Many threads asking at the same moment get every release once."""
        before = len(sites.elzenbeek.items) + len(sites.wijtervoort.items)
        with ThreadPoolExecutor(8) as threads:
            titles = [title for title in threads.map(lambda _: sites.release_next(NOW), range(3 * STEPS)) if title]
        assert len(titles) == STEPS
        assert len(sites.elzenbeek.items) + len(sites.wijtervoort.items) == before + STEPS
        for site in (sites.elzenbeek, sites.wijtervoort):
            assert len({item.path for item in site.items}) == len(site.items)


class TestNews:
    def test_days_and_weeks_are_counted_from_publication(self) -> None:
        """A release speaks of the days around its own publication, whenever the demo is started."""
        titles = {release.title for *_, release in read(NOW).published}
        assert "BE-Alert wordt getest op donderdag 26 november" in titles
        assert "Resultaten snelheidscontroles week 53" in {
            release.title for *_, release in read(datetime(2027, 1, 5, 12, tzinfo=UTC)).published
        }

    @pytest.mark.parametrize("month", range(1, 13))
    def test_nothing_is_left_to_fill_in(self, month: int) -> None:
        """In every month of the year the texts are whole, and every paragraph is one line."""
        for line in words(read(datetime(2026, month, 28, 23, 30, tzinfo=UTC))):
            assert not re.search(r"[{}\n]|  ", line)

    def test_everything_happens_before_the_demo(self) -> None:
        """Nothing is published in the future, nothing longer ago than copies are looked for."""
        news = read(NOW)
        assert all(timedelta(0) < NOW - published < timedelta(days=21) for _, published, _ in news.published)
        assert {zone for zone, *_ in [*news.published, *news.later]} == set(news.zones) == set(LAYOUTS)

    def test_nobody_can_be_called(self) -> None:
        """Every telephone number is from a range that is nobody's, every address from one that does not resolve."""
        text = "\n".join(words(read(NOW)))
        assert all(number.startswith("055 00 00 ") for number in re.findall(r"\b0\d\d? [\d ]+\d", text))
        assert all(host.endswith(".example") for host in re.findall(r"@([\w.-]+\w)", text))

    def test_slugs(self) -> None:
        """A slug is lower-case ASCII, words joined by hyphens."""
        assert slug('Één auto te veel: "stop" & wacht!') == "een-auto-te-veel-stop-wacht"


CONTENT = (
    b"Subject: =?utf-8?q?E=C3=A9n_proef?=\r\n"
    b"To: lezer@voorbeeld.example\r\n"
    b"Date: Mon, 23 Nov 2026 09:30:00 +0000\r\n"
    b"\r\n"
    b".begint met een punt\r\n"
    b"..met twee\r\n"
    b"spaties aan het einde  \r\n"
    b"\r\n"
)


def send(sink: Sink, content: bytes) -> None:
    """Hand *content* over, untouched but for SMTP's own dots."""
    relay = urlsplit(sink.relay)
    assert relay.hostname
    assert relay.port
    with smtplib.SMTP(relay.hostname, relay.port, timeout=10) as client:
        client.sendmail("nieuws@voorbeeld.example", ["lezer@voorbeeld.example"], content)


class TestSink:
    def test_keeps_the_exact_bytes(self, sink: Sink) -> None:
        """What was sent is what is kept: CRLF, leading dots, spaces and all."""
        send(sink, CONTENT)
        send(sink, CONTENT + b"nog een\r\n")
        assert [mail.name for mail in sink.mails] == ["001.eml", "002.eml"]
        assert [mail.read_bytes() for mail in sink.mails] == [CONTENT, CONTENT + b"nog een\r\n"]
        assert sink.count == 2

    def test_continues_a_directory(self, tmp_path: Path) -> None:
        """Messages of an earlier run stay, and the numbers go on."""
        for _ in range(2):
            sink = Sink(tmp_path)
            send(sink, CONTENT)
            sink.close()
        assert [mail.name for mail in sink.mails] == ["001.eml", "002.eml"]

    def test_lists_what_it_took(self, sink: Sink) -> None:
        """The list shows subjects and recipients, newest first."""
        assert "None yet" in get(sink.url).text
        send(sink, CONTENT)
        send(sink, CONTENT.replace(b"proef", b"<b>vet"))
        listed = Selector(get(sink.url).text)
        assert listed.css("li strong::text").getall() == ["Eén <b>vet", "Eén proef"]
        assert "lezer@voorbeeld.example" in listed.css("li").get("")

    def test_shows_html_that_can_do_nothing(self, sink: Sink) -> None:
        """The HTML part is shown as it is, by a policy that runs no script and loads nothing."""
        message = EmailMessage(policy.SMTP)
        message["Subject"] = "Nieuws"
        message.set_content("Gewone tekst")
        message.add_alternative("<h1>Café</h1><script>alert(1)</script>", subtype="html")
        send(sink, message.as_bytes())
        shown = get(f"{sink.url}001.html")
        assert shown.headers["content-type"] == "text/html; charset=utf-8"
        assert "<h1>Café</h1>" in shown.text
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert "sandbox" in shown.headers["content-security-policy"]
        assert get(f"{sink.url}001.txt").text.strip() == "Gewone tekst"

    def test_shows_the_source_as_text(self, sink: Sink) -> None:
        """The source is the very bytes, and no browser takes them for anything but text."""
        send(sink, CONTENT)
        source = get(f"{sink.url}001.eml")
        assert source.content == CONTENT
        assert source.headers["content-type"] == "text/plain; charset=utf-8"
        assert source.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize("path", ["001.eml", "002.html", "..%2f001.eml", "../001.eml", "1.eml", "001.part"])
    def test_shows_nothing_else(self, sink: Sink, path: str) -> None:
        """Only messages have an address."""
        assert get(sink.url + path).status_code == 404

    def test_a_message_without_html_has_no_html_view(self, sink: Sink) -> None:
        """A form that a message does not have is 404."""
        send(sink, CONTENT)
        assert get(f"{sink.url}001.html").status_code == 404

    def test_closes_on_open_connections(self, tmp_path: Path) -> None:
        """A client in the middle of a session is hung up on, and a second close does nothing."""
        sink = Sink(tmp_path)
        relay = urlsplit(sink.relay)
        with socket.create_connection((relay.hostname, relay.port), timeout=10) as client:
            assert client.recv(100).startswith(b"220 ")
            client.sendall(b"EHLO demo\r\nMAIL FROM:<a@voorbeeld.example>\r\n")
            sink.close()
            sink.close()
            with suppress(ConnectionResetError):
                while client.recv(1000):
                    pass
        with pytest.raises(ConnectionError):
            socket.create_connection((relay.hostname, relay.port), timeout=10)


def test_the_configuration_is_one_that_the_aggregator_takes(sites: Sites, sink: Sink, tmp_path: Path) -> None:
    """It is TOML of known settings, ties both sites and the sink together, and stays in its directory."""
    directory = tmp_path / 'a "quoted" directory'
    table = tomllib.loads(configuration(sites, sink, directory, listen="127.0.0.1:8099"))
    config = TypeAdapter(Config).validate_python(table)
    assert config.base_url == "http://127.0.0.1:8099"
    assert config.server.listen == "127.0.0.1:8099"
    assert config.database == f"sqlite:///{directory}/aggregator.db"
    assert [source.url for source in config.sources] == [sites.elzenbeek.feed, sites.wijtervoort.news]
    assert config.mail is not None
    assert config.mail.relay == sink.relay
    assert config.digest("demo").every == timedelta(seconds=20)
    assert config.zones_of(config.stream("samenwerking")) == ("elzenbeek", "wijtervoort")


def test_the_demo_has_a_desk_for_whoever_sees_its_password(sites: Sites, sink: Sink, tmp_path: Path) -> None:
    """The file holds the hash of the password that is printed, and without a password there is no desk."""
    written = configuration(sites, sink, tmp_path, listen="127.0.0.1:8099", password="een lang wachtwoord")
    assert "een lang wachtwoord" not in written
    (user,) = TypeAdapter(Config).validate_python(tomllib.loads(written)).desk.users
    assert (user.name, user.is_editor) == (EDITOR, True)
    assert passwords.fits("een lang wachtwoord", user.password_hash)
    assert "desk" not in tomllib.loads(configuration(sites, sink, tmp_path, listen="127.0.0.1:8099"))


def test_the_selectors_find_every_item(sites: Sites, sink: Sink, tmp_path: Path) -> None:
    """The configuration's selectors and key read the sample page completely."""
    config = TypeAdapter(Config).validate_python(
        tomllib.loads(configuration(sites, sink, tmp_path, listen="127.0.0.1:8099"))
    )
    source = config.source("wijtervoort-nieuws")
    assert source.page
    assert source.page.date
    assert source.page.summary
    assert source.key
    items = Selector(get(source.url).text).css(source.page.item)
    assert len(items) == len(sites.wijtervoort.items)
    for item, shown in zip(items, sites.wijtervoort.items, strict=True):
        assert plain(item.css(source.page.title).get("")) == shown.release.title
        assert item.css(source.page.date).xpath("string()").get() == shown.day
        assert plain(item.css(source.page.summary).get("")) == " ".join(shown.release.paragraphs)
        key = re.search(source.key, urljoin(source.url, item.css(source.page.link).attrib["href"]))
        assert key
        assert int(key["key"]) == shown.id
