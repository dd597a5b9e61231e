"""How feeds travel: codings, entity tags, new entries alone, other origins, and addresses that lead elsewhere."""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import brotli
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.daemon.publishing import Publishing, faults
from aggregator.model import Document, Poll
from aggregator.publish import Shelf, former, of_shelf
from aggregator.publish.faults import document as fault_feed
from aggregator.publish.packing import packed
from aggregator.status import sources
from aggregator.web import app
from aggregator.web.negotiation import coding, takes_entries
from tests.presses import desk
from tests.serving import serving, site
from tests.stories import BHT_NEWS, CONFIG, NOW, STREAM, fortnight

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

RENAMED = replace(CONFIG, streams=(replace(STREAM, was=("oud",)),))
SHELF = Shelf(config=RENAMED, stream=RENAMED.streams[0], stories=fortnight(), changed=NOW)
DOCUMENTS = {
    path: packed(made)
    for path, made in (
        former.documents(RENAMED, ["samenwerking", "weg", "oud", "zones/bht"], {}) | of_shelf(SHELF)
    ).items()
}
FEED = DOCUMENTS["/samenwerking.atom"]
DECODE = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client that follows no redirect and takes no coding unless told to."""
    with (
        serving(site(RENAMED, DOCUMENTS)) as address,
        httpx.Client(base_url=address, headers={"accept-encoding": "identity"}) as made,
    ):
        yield made


def raw(client: httpx.Client, path: str, accepted: str | None, **headers: str) -> tuple[httpx.Response, bytes]:
    """The answer and its bytes as they travelled."""
    fields = {**headers, "accept-encoding": accepted} if accepted is not None else headers
    with client.stream("GET", path, headers=fields) as answer:
        return answer, b"".join(answer.iter_raw())


class TestCodings:
    @pytest.mark.parametrize(
        ("accepted", "chosen"),
        [
            ("gzip", "gzip"),
            ("gzip, deflate, br, zstd", "br"),
            ("gzip, zstd", "zstd"),
            ("gzip;q=1.0, br;q=0.5", "gzip"),
            ("GZIP", "gzip"),
            ("x-gzip", "gzip"),
            ("*", "br"),
            ("*;q=0.5, br;q=0", "zstd"),
            ("identity", None),
            ("identity;q=0.5, gzip;q=0.2", None),
            ("deflate", None),
            ("gzip;q=0", None),
            ("br;q=0, gzip;q=0, *;q=0", None),
            ("", None),
            ("gzip;q=zwei", None),
            (";;,,q=1", None),
        ],
    )
    def test_accept_encoding(self, accepted: str, chosen: str | None) -> None:
        """The highest weight wins, then the shortest form; nothing that was refused is sent (RFC 9110 §12.5.3)."""
        assert coding(accepted, ("br", "zstd", "gzip")) == chosen

    @given(st.text())
    def test_any_field_is_understood(self, accepted: str) -> None:
        """No field value is an error."""
        assert coding(accepted, ("gzip",)) in ("gzip", None)
        assert takes_entries([accepted]) in (True, False)

    @pytest.mark.parametrize("name", ["gzip", "br", "zstd"])
    def test_a_coding(self, client: httpx.Client, name: str) -> None:
        """The same content, fewer bytes, a strong tag of its own (§8.8.3.3), and Vary in every form."""
        plain, _ = raw(client, "/samenwerking.atom", None)
        answer, content = raw(client, "/samenwerking.atom", name)
        assert DECODE[name](content) == FEED.content
        assert answer.headers["content-encoding"] == name
        assert len(content) < len(FEED.content) / 4
        assert answer.headers["content-length"] == str(len(content))
        assert answer.headers["etag"] == f'{FEED.etag[:-1]}-{name}"'
        assert answer.headers["vary"] == plain.headers["vary"] == "Accept-Encoding, A-IM"
        assert "content-encoding" not in plain.headers

    def test_not_modified_in_a_coding(self, client: httpx.Client) -> None:
        """A reader has what its tag names: the same coding is 304, another one is sent."""
        known = f'{FEED.etag[:-1]}-gzip"'
        assert raw(client, "/samenwerking.atom", "gzip", **{"if-none-match": known})[0].status_code == 304
        assert raw(client, "/samenwerking.atom", "br", **{"if-none-match": known})[0].status_code == 200
        assert raw(client, "/samenwerking.atom", "gzip", **{"if-none-match": f"W/{known}"})[0].status_code == 304

    def test_small_and_stubborn_content_stays(self) -> None:
        """What packing would not shorten has no packed form."""
        tiny = Document(media_type="text/plain", content=b"x" * 50, etag='"a"', last_modified=NOW)
        noise = bytes((n * n * 37 + n // 7 * 101) % 256 for n in range(900))
        assert packed(tiny).packed == ()
        assert all(len(made) < 900 for _, made in packed(replace(tiny, content=noise)).packed)

    def test_packing_is_reproducible(self) -> None:
        """The same bytes on every node and after every restart."""
        bare = replace(FEED, packed=())
        assert packed(bare).packed == packed(bare).packed == FEED.packed


class TestFields:
    @pytest.mark.parametrize(
        ("path", "media_type"),
        [
            ("/samenwerking.atom", "application/atom+xml; charset=utf-8"),
            ("/samenwerking.rss", "application/rss+xml; charset=utf-8"),
            ("/samenwerking.json", "application/feed+json"),
            ("/samenwerking.opml", "text/x-opml; charset=utf-8"),
        ],
    )
    def test_feeds_are_for_every_origin(self, client: httpx.Client, path: str, media_type: str) -> None:
        """A program in a browser may read a feed, conditionally too; a page is not shared (fetch.spec.whatwg.org)."""
        answer = client.get(path)
        assert answer.headers["content-type"] == media_type
        assert answer.headers["access-control-allow-origin"] == "*"
        asked = client.options(path, headers={"origin": "https://x.example", "access-control-request-method": "GET"})
        assert asked.status_code == 204
        assert "If-None-Match" in asked.headers["access-control-allow-headers"]
        again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.headers["access-control-allow-origin"]) == (304, "*")
        assert "access-control-allow-origin" not in client.get("/").headers

    def test_links(self, client: httpx.Client) -> None:
        """A feed names itself, its hub and its page before anybody parses it; a page its feeds too (RFC 8288)."""
        assert client.head("/samenwerking.rss").headers["link"] == (
            '<https://nieuws.example.be/samenwerking.rss>; rel="self"; type="application/rss+xml", '
            '<https://nieuws.example.be/hub>; rel="hub", '
            '<https://nieuws.example.be/>; rel="alternate"; type="text/html"'
        )
        assert client.head("/").links.keys() == {"alternate", "hub", "self"}
        assert (
            '<https://nieuws.example.be/samenwerking.json>; rel="alternate"; type="application/feed+json"'
            in (client.head("/samenwerking/").headers["link"])
        )


class TestNewEntriesAlone:
    @staticmethod
    def states() -> tuple[dict[str, Document], dict[str, Document]]:
        """A feed, and the same after a story was added and one was edited."""
        stories = list(fortnight())
        before = replace(SHELF, stories=stories[1:])
        stories[5] = replace(stories[5], updated=NOW)
        after = replace(SHELF, stories=stories, changed=NOW + timedelta(hours=1))
        return of_shelf(before), of_shelf(after)

    def test_226(self) -> None:
        """A reader that names what it has gets what it lacks, as a whole feed in form (RFC 3229 §10.4.1)."""
        before, after = self.states()
        current = dict(before)
        with serving(app(lambda: current, lambda: (True, ""), CONFIG)) as address:
            first = httpx.get(f"{address}/samenwerking.atom")
            current.update(after)
            known = {"if-none-match": first.headers["etag"], "a-im": "feed"}
            delta = httpx.get(f"{address}/samenwerking.atom", headers=known)
            whole = httpx.get(f"{address}/samenwerking.atom", headers={"if-none-match": first.headers["etag"]})
            again = httpx.get(f"{address}/samenwerking.atom", headers={**known, "if-none-match": whole.headers["etag"]})
        assert (delta.status_code, delta.headers["im"], whole.status_code) == (226, "feed", 200)
        assert delta.headers["etag"] == whole.headers["etag"]
        assert delta.headers["delta-base"] == first.headers["etag"]
        assert delta.headers["cache-control"] == "no-store, im"
        entries = etree.fromstring(delta.content).findall("{http://www.w3.org/2005/Atom}entry")
        assert [entry.findtext("{http://www.w3.org/2005/Atom}id") for entry in entries] == [
            fortnight()[0].id,
            fortnight()[5].id,
        ]
        assert again.status_code == 304

    @pytest.mark.parametrize(
        ("path", "headers"),
        [
            ("/samenwerking.atom", {"a-im": "feed"}),
            ("/samenwerking.atom", {"a-im": "feed", "if-none-match": '"unknown"'}),
            ("/samenwerking.atom", {"a-im": "vcdiff", "if-none-match": "KNOWN"}),
            ("/samenwerking.atom", {"a-im": "feed;q=0", "if-none-match": "KNOWN"}),
            ("/samenwerking.json", {"a-im": "feed", "if-none-match": "KNOWN"}),
            ("/", {"a-im": "feed", "if-none-match": "KNOWN"}),
        ],
    )
    def test_everything(self, path: str, headers: dict[str, str]) -> None:
        """Who does not ask for it, or has nothing that we remember, gets the whole document."""
        before, after = self.states()
        current = dict(before)
        with serving(app(lambda: current, lambda: (True, ""), CONFIG)) as address:
            known = httpx.get(f"{address}{path}").headers["etag"]
            current.update(after)
            asked = {name: value.replace("KNOWN", known) for name, value in headers.items()}
            answer = httpx.get(f"{address}{path}", headers=asked)
        assert (answer.status_code, answer.content) == (200, after[path].content)

    def test_a_coding_names_the_same_state(self) -> None:
        """The tag of a compressed form is as good; what is not shorter than the compressed whole is not sent."""
        before, after = self.states()
        current = {path: packed(made) for path, made in before.items()}
        with serving(app(lambda: current, lambda: (True, ""), CONFIG)) as address:
            known = httpx.get(f"{address}/samenwerking.atom", headers={"accept-encoding": "br"}).headers["etag"]
            current.update(after)
            asked = {"if-none-match": known, "a-im": "feed", "accept-encoding": "identity"}
            assert httpx.get(f"{address}/samenwerking.atom", headers=asked).status_code == 226
            current.update({path: packed(made) for path, made in after.items()})
            asked["accept-encoding"] = "br"
            assert httpx.get(f"{address}/samenwerking.atom", headers=asked).status_code == 200


class TestElsewhere:
    @pytest.mark.parametrize(
        ("guess", "right"),
        [
            ("/feed", "/samenwerking.atom"),
            ("/feed/", "/samenwerking.atom"),
            ("/atom.xml", "/samenwerking.atom"),
            ("/feed.xml", "/samenwerking.atom"),
            ("/index.xml", "/samenwerking.atom"),
            ("/rss", "/samenwerking.rss"),
            ("/rss.xml", "/samenwerking.rss"),
            ("/feed.json", "/samenwerking.json"),
            ("/samenwerking/feed/", "/samenwerking.atom"),
            ("/oud.atom", "/samenwerking.atom"),
            ("/oud.rss", "/samenwerking.rss"),
            ("/oud/", "/samenwerking/"),
        ],
    )
    def test_guessed_and_former_addresses(self, client: httpx.Client, guess: str, right: str) -> None:
        """A permanent redirect, relative, so that it holds below any prefix."""
        answer = client.get(guess)
        assert answer.status_code == 301
        assert not answer.headers["location"].startswith("/")
        assert answer.next_request is not None
        assert answer.next_request.url.path == right

    @pytest.mark.parametrize("path", ["/weg.atom", "/weg.rss", "/weg/"])
    def test_a_stream_that_is_no_more(self, client: httpx.Client, path: str) -> None:
        """410 tells readers to stop asking (RFC 9110 §15.5.11), in words too."""
        answer = client.get(path, headers={"if-none-match": "*"})
        assert (answer.status_code, "voorgoed weg" in answer.text) == (410, True)

    def test_what_is_there_is_not_gone(self, client: httpx.Client) -> None:
        """The streams of today, and the zones, have no tombstone."""
        assert not {path for path, made in DOCUMENTS.items() if made.status == 410} - {
            "/weg/",
            *(f"/weg.{format}" for format in former.FORMATS),
        }

    def test_the_database_remembers_streams(self, tmp_path: Path) -> None:
        """A stream that leaves the configuration is gone, not unknown; a renamed one has moved."""
        with desk(tmp_path) as one:
            renamed = replace(one.config, streams=(replace(STREAM, id="nieuw"),))
            one.press = type(one.press)(renamed)
            assert one.documents()["/samenwerking.atom"].status == 410
            one.press = type(one.press)(replace(renamed, streams=(replace(STREAM, id="nieuw", was=(STREAM.id,)),)))
            assert one.documents()["/samenwerking.atom"].location == "nieuw.atom"


class TestArchive:
    def test_pages_are_rendered_on_request(self, tmp_path: Path) -> None:
        """A page of the archive is served like any document, and may be kept for longer."""
        with desk(tmp_path) as one:
            for _ in range(6):
                one.add()
            publishing = Publishing(one.config, one.store, lambda: NOW, print)
            asyncio.run(publishing.go_on())
            one_site = app(
                lambda: publishing.documents,
                lambda: (True, ""),
                one.config,
                asked=Publishing(one.config, one.store, lambda: NOW, print).asked,
            )
            with serving(one_site) as address:
                answer = httpx.get(f"{address}/samenwerking/archive/1-5.atom", headers={"accept-encoding": "gzip"})
                known = {"if-none-match": answer.headers["etag"], "accept-encoding": "gzip"}
                again = httpx.get(f"{address}/samenwerking/archive/1-5.atom", headers=known)
                lost = httpx.get(f"{address}/samenwerking/archive/2-5.atom")
                strange = httpx.get(f"{address}/archive/x")
            assert (answer.status_code, again.status_code, lost.status_code, strange.status_code) == (
                200,
                304,
                404,
                404,
            )
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers["cache-control"] == "max-age=3600, must-revalidate"


class TestOperators:
    @staticmethod
    def broken() -> Document:
        poll = Poll(
            source=BHT_NEWS.id,
            url=BHT_NEWS.url,
            at=NOW,
            next_poll=NOW + timedelta(hours=1),
            status="failed",
            error="bht.example did not answer",
            failures=3,
        )
        return fault_feed(CONFIG, faults(sources(CONFIG, {BHT_NEWS.id: poll}, NOW)))

    @pytest.mark.parametrize(
        ("operators", "status"), [((), 404), (("192.0.2.0/24",), 404), (("127.0.0.1",), 200), (("127.0.0.0/8",), 200)]
    )
    def test_errors_are_for_operators(self, operators: tuple[str, ...], status: int) -> None:
        """/status.atom is there for the networks that the operator named, and for nobody unless some are."""
        config = replace(CONFIG, server=replace(CONFIG.server, operators=operators))
        with serving(app(dict, lambda: (True, ""), config, status=self.broken)) as address:
            answer = httpx.get(f"{address}/status.atom")
        assert answer.status_code == status
        assert ("did not answer" in answer.text) == (status == 200)
        assert answer.headers["cache-control"] == "no-store"

    def test_the_feed_of_faults(self) -> None:
        """A valid feed: one entry for each source that is wrong, the same while it lasts; none when all is well."""
        schema = etree.RelaxNG(etree.parse(Path(__file__).parent / "corpus" / "atom.rng"))
        feed = etree.fromstring(self.broken().content)
        assert schema.validate(feed), schema.error_log
        atom = "{http://www.w3.org/2005/Atom}"
        (entry,) = feed.findall(f"{atom}entry")
        assert entry.findtext(f"{atom}title") == "bht-nieuws: failing"
        assert entry.findtext(f"{atom}content") == "bht.example did not answer"
        well = etree.fromstring(fault_feed(CONFIG, []).content)
        assert schema.validate(well), schema.error_log
        assert well.findall(f"{atom}entry") == []

    def test_no_public_document_tells(self, tmp_path: Path) -> None:
        """Whatever fails, the public documents say nothing of it."""
        with desk(tmp_path) as one:
            one.add()
            poll = Poll(source="bht-nieuws", url=BHT_NEWS.url, at=NOW, next_poll=NOW, status="failed", error="BOOM")
            before = one.documents()
            one.store.submit(lambda tx: tx.polls.note(poll)).result()
            one.press = type(one.press)(one.config)
            assert one.documents() == before
            assert not [path for path, made in before.items() if b"BOOM" in made.content]
