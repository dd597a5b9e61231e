"""``/search`` over HTTP: what a reader sees, and what a stranger cannot make it do."""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import brotli
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as markup

from aggregator import query
from aggregator.model import Config, Story
from aggregator.publish import results
from aggregator.publish.results import Results
from aggregator.seek import Asked, Found, seek
from aggregator.store import Store, Tx
from aggregator.web import app, search
from tests.databases import migrated
from tests.serving import serving
from tests.stories import CONFIG, NOW, STREAM, fortnight, sighting, story

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "zstd": zstd.decompress,
}
TWO = replace(CONFIG, streams=(STREAM, replace(STREAM, id="tweede", title="De tweede", zones=("hz",))))


def save(tx: Tx, stories: Iterable[Story]) -> None:
    for one in stories:
        tx.stories.save(one, at=NOW, loud=True)


@contextmanager
def site(folder: Path, config: Config = TWO, *more: Story) -> Iterator[str]:
    """Our server over a database with a fortnight of news and *more*."""
    with Store(migrated(folder / "search.db")) as store:
        store.submit(lambda tx: save(tx, (*fortnight(), *more))).result()

        async def find(asked: Asked) -> Found:
            return await store.read(lambda tx: seek(tx, config, asked))

        routes = search.routes(lambda: config, find, lambda: NOW)
        with serving(app(dict, lambda: (True, ""), config, routes)) as address:
            yield address


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of such a server."""
    monsters = [
        story(sighting("hz", f"Eekhoorn <b>{n}</b> & co", "Tekst & <script>", key=f"e{n}"), number=500 + n)
        for n in range(25)
    ]
    with site(tmp_path_factory.mktemp("search"), TWO, *monsters) as address, httpx.Client(base_url=address) as made:
        yield made


def page(answer: httpx.Response) -> markup.HtmlElement:
    assert answer.status_code == 200
    return markup.fromstring(answer.text)


def test_found_and_marked(client: httpx.Client) -> None:
    """What was sought is marked in title and excerpt; the form keeps what was typed."""
    found = page(client.get("/search", params={"q": "inbraak"}))
    marks = [mark.text_content() for mark in found.cssselect("mark")]
    assert marks
    assert all(mark.lower().startswith("inbraak") for mark in marks)
    assert found.cssselect("input[name=q]")[0].get("value") == "inbraak"
    assert found.cssselect("h3 a")[0].get("href").startswith("https://")


def test_nothing_found(client: httpx.Client) -> None:
    """A reader who finds nothing is told so, and how to search."""
    found = page(client.get("/search", params={"q": "xyzzyx"}))
    assert "Niets gevonden" in found.text_content()
    assert "Zo zoekt u" in found.text_content()
    assert not found.cssselect("article")


@pytest.mark.parametrize("typed", ["", "   ", "-fiets", "!?"])
def test_nothing_asked(client: httpx.Client, typed: str) -> None:
    """Without a word to look for there is the form, and neither a result nor a reproach."""
    found = page(client.get("/search", params={"q": typed}))
    assert not found.cssselect("article")
    assert "Niets gevonden" not in found.text_content()


@pytest.mark.parametrize("typed", ['"><script>alert(1)</script>', "<mark>", "eekhoorn <b>", "&amp;", "'", "\0", "%00"])
def test_what_is_typed_is_escaped(client: httpx.Client, typed: str) -> None:
    """What a stranger typed comes back as text."""
    answer = client.get("/search", params={"q": typed})
    assert "<script>" not in answer.text
    assert not page(answer).cssselect("main b, main script")


def test_what_a_source_wrote_is_escaped(client: httpx.Client) -> None:
    """Titles and excerpts are text, marked or not."""
    found = page(client.get("/search", params={"q": "eekhoorn"}))
    assert not found.cssselect("article b, article script")
    assert "Eekhoorn <b>" in found.cssselect("h3")[0].text_content()


def test_pages(client: httpx.Client) -> None:
    """The next page is a link that keeps the search, and the last one has none."""
    first = page(client.get("/search", params={"q": "eekhoorn", "zone": "hz", "stream": "tweede"}))
    (further,) = first.cssselect("a[rel=next]")
    second = page(client.get(further.get("href")))
    assert len(first.cssselect("article")) == 20
    assert len(second.cssselect("article")) == 5
    assert not second.cssselect("a[rel=next]")
    assert [each.get("value") for each in second.cssselect("option[selected]")] == ["hz", "tweede"]
    back = page(client.get(second.cssselect("a[rel=prev]")[0].get("href")))
    assert [each.text_content() for each in back.cssselect("h3")] == [e.text_content() for e in first.cssselect("h3")]


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "x", "", "٣", "1.5"])
def test_a_page_that_is_none(client: httpx.Client, number: str) -> None:
    """Any number is answered."""
    assert client.get("/search", params={"q": "eekhoorn", "page": number}).status_code == 200


def test_filters(client: httpx.Client) -> None:
    """A zone and a stream narrow it down; what does not exist is none."""
    every = page(client.get("/search", params={"q": "controle"})).cssselect("article")
    one = page(client.get("/search", params={"q": "controle", "zone": "bht"})).cssselect("article")
    odd = page(client.get("/search", params={"q": "controle", "zone": "nowhere", "stream": "../x"}))
    assert 0 < len(one) < len(every) == len(odd.cssselect("article"))


def test_fields(client: httpx.Client) -> None:
    """Not for search engines, not for caches that others share; the form may be sent to ourselves alone."""
    answer = client.get("/search", params={"q": "inbraak"})
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["cache-control"] == "private, max-age=60, must-revalidate"
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert page(answer).cssselect("meta[name=robots]")[0].get("content") == "noindex"


def test_with_a_slash(client: httpx.Client) -> None:
    """The other spelling leads to the one that there is, with what was asked (RFC 9110 §15.4.9)."""
    for asked in ("", "?q=inbraak%20%26&zone=hz"):
        answer = client.get(f"/search/{asked}")
        assert (answer.status_code, answer.headers["location"]) == (308, f"../search{asked}")
        assert client.get(f"/search/{asked}", follow_redirects=True).url == client.base_url.join(f"/search{asked}")
    assert client.get("/search//").status_code == 404


def test_methods(client: httpx.Client) -> None:
    """HEAD as GET, nothing else."""
    head = client.head("/search", params={"q": "inbraak"})
    assert (head.status_code, head.content) == (200, b"")
    assert client.post("/search", data={"q": "inbraak"}).status_code == 405


def test_refusals_are_ours(client: httpx.Client) -> None:
    """Another method gets the page, the policy and the fields that it gets everywhere (RFC 9110 §15.5.6)."""
    answer = client.put("/search", content=b"")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "Dat kan hier niet" in answer.text


@pytest.mark.parametrize("coding", ["br", "gzip", "zstd", "identity"])
def test_it_is_compressed(client: httpx.Client, coding: str) -> None:
    """In the coding that the reader likes best, and as it is for who likes none."""
    asked = {"headers": {"accept-encoding": coding}, "params": {"q": "eekhoorn"}}
    with client.stream("GET", "/search", **asked) as answer:  # type: ignore[arg-type]
        raw = b"".join(answer.iter_raw())
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(raw)
    whole = client.get("/search", params={"q": "eekhoorn"}, headers={"accept-encoding": "identity"}).content
    if coding == "identity":
        assert (answer.headers.get("content-encoding"), raw) == (None, whole)
    else:
        assert answer.headers["content-encoding"] == coding
        assert len(raw) < len(whole) / 2
        assert _UNPACK[coding](raw) == whole


def test_below_a_prefix(tmp_path: Path) -> None:
    """With a path in base_url, the form, its pages and its links start there."""
    config = replace(TWO, base_url="https://example.be/nieuws")
    with site(tmp_path, config) as address:
        for path in ("/search", "/nieuws/search"):
            found = page(httpx.get(f"{address}{path}?q=inbraak"))
            assert found.cssselect("form")[0].get("action") == "/nieuws/search"


def test_too_often(tmp_path: Path) -> None:
    """Who asks more often than allowed is told when to come back."""
    with site(tmp_path) as address, httpx.Client(base_url=address) as client:
        answers = [client.get("/search?q=inbraak") for _ in range(search.RATES["client"] + 1)]
    assert [answer.status_code for answer in answers[:-1]] == [200] * search.RATES["client"]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"]
    assert answers[-1].headers["cache-control"] == "no-store"
    assert "veel gezocht" in answers[-1].text


def test_too_many_at_once() -> None:
    """Two run, ten wait, and the next one is told so at once."""
    running, go = [], asyncio.Event()

    async def find(asked: Asked) -> Found:
        running.append(asked)
        await go.wait()
        return Found(stories=(), more=False)

    async def crowd() -> tuple[int, int, list[int]]:
        made = app(dict, lambda: (True, ""), TWO, search.routes(lambda: TWO, find, lambda: NOW))
        transport = httpx.ASGITransport(app=made)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            first = [asyncio.create_task(client.get("/search?q=een")) for _ in range(search.WAITING)]
            for _ in range(200):
                await asyncio.sleep(0)
            at_once, one_more = len(running), (await client.get("/search?q=een")).status_code
            go.set()
            return at_once, one_more, [answer.status_code for answer in await asyncio.gather(*first)]

    assert asyncio.run(crowd()) == (search.AT_ONCE, 429, [200] * search.WAITING)


def text_of(pieces: tuple[results.Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


@given(st.text(alphabet="ab é.-", max_size=700), st.text(alphabet="ab é", max_size=8))
def test_excerpts(said: str, typed: str) -> None:
    """An excerpt is short, a part of the text, and shows something that was sought, or there is none."""
    sought = query.read(typed)
    found = results.excerpt(sought, said)
    if not query.spans(sought, said):
        assert found == ()
        return
    assert any(piece.marked for piece in found)
    shown = text_of(found)
    assert len(shown) <= 310
    assert shown.removeprefix("… ").removesuffix(" …") in " ".join(said.split())


def test_an_excerpt_goes_where_the_words_are() -> None:
    """Of a long text, the part in which most of them stand."""
    said = "fiets " + "woord " * 200 + "een fiets door rood licht " + "woord " * 200
    found = results.excerpt(query.read("fiets rood licht"), said)
    assert [piece.text for piece in found if piece.marked] == ["fiets", "rood", "licht"]
    assert text_of(found).startswith("… ")
    assert text_of(found).endswith(" …")


def test_one_of_each_offers_no_choice() -> None:
    """With one zone and one stream there is nothing to choose."""
    alone = replace(CONFIG, zones=CONFIG.zones[:1])
    found = markup.fromstring(results.render(alone, Results(query=query.read("x"))).decode())
    assert not found.cssselect("select")
