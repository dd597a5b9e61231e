"""JSON Feed 1.0 and 1.1: read as its publisher means it, or refused in a sentence."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import ParseError
from aggregator.model import Category, Content, Entry, Feed, Link, Person, Source, Text
from aggregator.normalize import normalize
from tests.pages import CORPUS, NOW, answer, canonical, utc

JSON = "application/feed+json"
FILES = CORPUS.parent / "json"
SITE = "https://www.voorbeek.example"


def read(content: bytes | str, media_type: str = JSON) -> Feed:
    """A JSON Feed in normal form."""
    source = Source(id="s", zone="z", url=f"{SITE}/nieuws.json")
    return canonical(answer(content, source.url, media_type), source)


def items(*found: object, **more: object) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": found, **more})


def test_version_1_1() -> None:
    """Everything that has a counterpart in Atom; a number as id, a Dutch date, the author of 1.0, what is no item."""
    assert read((FILES / "one-one.json").read_bytes()) == Feed(
        id=f"{SITE}/nieuws.json",
        title="Nieuws van politiezone Voorbeek & Linde",
        subtitle="Persberichten",
        authors=(Person(name="Persdienst", uri=f"{SITE}/pers"),),
        links=(
            Link(href=f"{SITE}/", type="text/html"),
            Link(href=f"{SITE}/nieuws.json", rel="self", type="application/feed+json"),
            Link(href="https://hub.example/", rel="hub"),
        ),
        lang="nl-BE",
        entries=(
            Entry(
                id="voorbeek-1201",
                title="Dief op heterdaad betrapt",
                updated=utc(2024, 3, 5, 10, 30),
                published=utc(2024, 3, 5, 9, 0),
                authors=(Person(name="Inspecteur Jansens"),),
                categories=(Category(term="Criminaliteit"), Category(term="Voorbeek")),
                links=(
                    Link(href=f"{SITE}/nieuws/dief-betrapt?utm_source=json"),
                    Link(href="https://www.krant.example/dief", rel="related"),
                    Link(href=f"{SITE}/foto/muur.jpg?w=300", rel="enclosure", type="image/jpeg"),
                    Link(
                        href=f"{SITE}/foto/kaart.pdf",
                        rel="enclosure",
                        type="application/pdf",
                        title="Kaart",
                        length=48213,
                    ),
                ),
                summary=Text(value="Een oplettende buur."),
                content=Content(value=f'<p>Een buur zag <a href="{SITE}/wijk">in de Molenstraat</a> iets.</p>'),
                lang="nl",
            ),
            Entry(
                id="1187",
                title="Regel een regel twee",
                published=utc(2024, 3, 4, 7, 15),
                links=(Link(href=f"{SITE}/nieuws/1187"),),
                content=Content(value="Regel een\nregel twee", type="text"),
            ),
            Entry(
                id="x-3",
                title="Vet nieuws",
                authors=(Person(name="Oud", uri="https://oud.example/"),),
                links=(Link(href="https://www.krant.example/ander"),),
            ),
            Entry(id="urn:xxh3:b6ea4cb56c8b0cb3463f9964973766ca", title="Zonder id"),
        ),
        problems=(
            "1 of 5 items are no objects and were left out",
            "1 of 4 items have no id; their address or their words identify them",
        ),
    )


def test_version_1_0() -> None:
    """The author of 1.0, a feed that has ended, a date without a zone; told by its version, whatever it is called."""
    link = "http://www.oudgemeente.example/n/3"
    assert read((FILES / "one-zero.json").read_bytes(), "text/html") == Feed(
        id=f"{SITE}/nieuws.json",
        title="Gemeente Oud-Lauw",
        authors=(Person(name="Dienst Communicatie"),),
        entries=(
            Entry(
                id=link,
                title="Café Het Anker geëvacueerd",
                published=utc(2024, 2, 28, 20, 10),
                authors=(
                    Person(name="http://www.oudgemeente.example/pers", uri="http://www.oudgemeente.example/pers"),
                ),
                links=(Link(href=link),),
                content=Content(value="Een gasgeur in de kelder."),
            ),
        ),
        problems=("the feed says that it has ended (expired); nothing new is to be expected",),
    )


def test_empty_and_bare_feeds() -> None:
    """A list without items is no news; the media type stands in for a missing version."""
    assert read(items()).entries == ()
    assert read('\ufeff{"items": [{"title": "Een"}]}').entries[0].title == "Een"


@pytest.mark.parametrize(
    ("content", "media_type", "sentence"),
    [
        ("{", JSON, r"the JSON is broken in line 1; tell the site's owner"),
        ('{"items": [\n{"a": 1},,]}', JSON, r"the JSON is broken in line 2; tell the site's owner"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', JSON, r"answered with a JSON Feed that has no list.*"),
        ('{"items": []}', "application/json", r"answered with JSON, not a feed: it names no version of JSON Feed.*"),
        ("[]", JSON, r"answered with JSON, not a feed.*"),
        ("[" * 100_000, JSON, r"the JSON is nested too deeply to be a feed; correct url"),
    ],
)  # fmt: skip
def test_what_is_no_json_feed(content: str, media_type: str, sentence: str) -> None:
    """One sentence: what is wrong, and where."""
    with pytest.raises(ParseError, match=f"^{sentence}$"):
        read(content, media_type)


def test_xml_that_is_called_json_is_xml() -> None:
    """The content decides, not its name."""
    feed = '<rss version="2.0"><channel><item><title>x</title></item></channel></rss>'
    assert read(feed, "application/json").entries[0].title == "x"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    (
        "id",
        "url",
        "external_url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "image",
        "date_published",
        "date_modified",
        "author",
        "authors",
        "tags",
        "language",
        "attachments",
        "hubs",
        "feed_url",
        "home_page_url",
        "expired",
        "description",
    )
)


@settings(deadline=None)
@given(st.lists(st.dictionaries(NAMES, VALUES) | VALUES, max_size=4), st.dictionaries(NAMES, VALUES))
def test_any_values_are_a_feed(found: list[object], more: dict[str, object]) -> None:
    """Whatever type a member has, the feed is read and its normal form is stable."""
    feed = read(items(*found, **more))
    assert normalize(feed, base=f"{SITE}/nieuws.json", now=NOW) == feed


@settings(deadline=None)
@given(
    st.binary(max_size=200)
    | st.builds(lambda at, junk: items({"id": "1"}).encode()[:at] + junk, st.integers(0, 90), st.binary(max_size=9))
)
def test_any_bytes_are_a_feed_or_one_error(content: bytes) -> None:
    """Whatever comes, there is a feed or one ParseError."""
    found: Feed | None = None
    with suppress(ParseError):
        found = read(content)
    assert found is None or (found.id and all(isinstance(entry, Entry) for entry in found.entries))


def cut(*, sort: bool = False) -> str:
    """A feed of three items that stops within the third."""
    found = {"version": "https://jsonfeed.org/version/1.1", "title": "Nieuws", "items": [
        {"id": str(number), "title": f"Bericht {number}", "content_text": f"Tekst {number}, met [haken] en {{die}}"}
        for number in (1, 2, 3)
    ]}  # fmt: skip
    return json.dumps(found, indent=1, sort_keys=sort).partition("Tekst 3")[0]


@pytest.mark.parametrize("media_type", [JSON, "application/json"])
@pytest.mark.parametrize("sort", [True, False])
def test_a_cut_document_keeps_its_complete_items(media_type: str, sort: bool) -> None:
    """What was sent whole is read, also where the version stood behind it, and the operator is told."""
    found = read(cut(sort=sort), media_type)
    assert [(each.id, each.title) for each in found.entries] == [("1", "Bericht 1"), ("2", "Bericht 2")]
    (problem,) = found.problems
    assert re.fullmatch(r"the JSON is broken in line \d+; 2 complete items were kept, the rest was left out", problem)


@given(st.integers(0, 10_000))
def test_wherever_a_document_is_cut(length: int) -> None:
    """The complete items or one sentence, never half an item."""
    document = cut()
    with suppress(ParseError):
        found = read(document[: length % len(document)])
        assert {each.title for each in found.entries} <= {"Bericht 1", "Bericht 2"}
        assert all(each.content and each.content.value.endswith("{die}") for each in found.entries)
