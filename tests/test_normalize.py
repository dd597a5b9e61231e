from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Category, Content, Entry, Feed, Link, Origin, Person, Text
from aggregator.normalize import MAX_ENTRIES, normalize

BASE = "https://www.politie.example/nieuws.rss"
SITE = "https://www.politie.example"
NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)


def canonical(*entries: Entry) -> Feed:
    return normalize(Feed(id="f", title="t", entries=entries), base=BASE, now=NOW)


def entry(id: str = "1", title: str = "Titel", link: str | None = None, text: str | None = None) -> Entry:
    links = (Link(href=link),) if link else ()
    return Entry(id=id, title=title, links=links, summary=Text(value=text) if text else None)


def test_ids_that_are_unique_stay() -> None:
    """The publisher's identity is kept, white space and invisible characters apart."""
    assert [found.id for found in canonical(entry(" a\n"), entry("b\u200b")).entries] == ["a", "b"]


def test_shared_ids_give_way_to_addresses() -> None:
    """All entries that share an id get their canonical address, in any order of the document, and it is mentioned."""
    one, two, own = entry("x", link="/n/1?utm_source=a"), entry("x", link="/n/2/"), entry("own", link="/n/3")
    found = canonical(one, two, own)
    ids = ["https://politie.example/n/1", "https://politie.example/n/2", "own"]
    assert [each.id for each in found.entries] == ids
    assert [each.id for each in canonical(own, two, one).entries] == ids[::-1]
    assert found.problems == ("2 of 3 entries share their id with another; address or words identify them instead",)


def test_missing_ids_give_way_to_addresses_and_words() -> None:
    """No id: the address; no address of one's own: a hash of title and text; the front page identifies nothing."""
    same, front = entry("", "Een", link="/home"), entry("", "Twee", link="/home")
    found = canonical(entry("", link="/n/1"), same, front, entry("", "Drie", link=SITE), entry("", "Vier", text="x"))
    first, *hashed = [each.id for each in found.entries]
    assert first == "https://politie.example/n/1"
    assert all(id.startswith("urn:xxh3:") for id in hashed)
    assert len(set(hashed)) == 4
    assert found.problems == ()


def test_entries_alike_in_everything_are_still_told_apart() -> None:
    """Even full copies have ids of their own, the same at every reading."""
    ids = [each.id for each in canonical(entry(""), entry(""), entry("")).entries]
    assert ids == [ids[0], f"{ids[0]}:2", f"{ids[0]}:3"]


def test_an_address_that_is_already_an_id_is_not_given_again() -> None:
    """A replaced id never takes one that another entry brought itself."""
    found = canonical(entry("https://politie.example/n/1"), entry("", link="/n/1"))
    assert found.entries[1].id.startswith("urn:xxh3:")


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        (entry(title=" Inbraak\n in\tHam\u202e "), "Inbraak in Ham"),
        (entry(title="Het <b>-element & meer"), "Het <b>-element & meer"),
        (
            entry(title="", text="Politie zoekt getuigen. " * 9),
            "Politie zoekt getuigen. Politie zoekt getuigen. Politie zoekt getuigen. …",
        ),
        (replace(entry(title=" "), content=Content(value="<p>Eerste <b>zin</b></p>")), "Eerste zin"),
        (entry(title="", link="/nieuws/inbraak-in_ham%20?x=1"), "inbraak in ham"),
        (entry(title="", link="https://www.ham.example/"), "www.ham.example"),
        (entry(title="woord " * 200), "woord " * 82 + "woord…"),
    ],
)
def test_titles(raw: Entry, title: str) -> None:
    """A title is one line of plain text; a missing one is made of the first words, else of the address."""
    assert canonical(raw).entries[0].title == title


def test_an_entry_with_nothing_is_left_out() -> None:
    """Neither title nor text nor link: there is nothing to show, and a word about it."""
    found = canonical(entry(), entry("2", title="", text=" "))
    assert len(found.entries) == 1
    assert found.problems == ("1 of 2 entries have no title, text or link and were left out",)


def test_links() -> None:
    """Links are absolute http(s), each once; what is said about them is kept where it can be true."""
    links = (
        Link(href="/a", type="TEXT/HTML", hreflang="nl_BE", title=" x\n"),
        Link(href="javascript:alert(1)"),
        Link(href="/a", title="again"),
        Link(href="feed:https://b.example/f", rel="Self", type="geen type", length=-1),
        Link(href="/foto.jpg", rel="enclosure", type="image/jpeg", length=12),
        Link(href=f"{SITE}/foto.jpg", rel="enclosure", title="De brug"),
        Link(href="/x", rel='"><script>'),
    )
    assert canonical(replace(entry(), links=links)).entries[0].links == (
        Link(href=f"{SITE}/a", type="text/html", hreflang="nl-BE", title="x"),
        Link(href="https://b.example/f", rel="self"),
        Link(href=f"{SITE}/foto.jpg", rel="enclosure", type="image/jpeg", title="De brug", length=12),
    )


def test_markup_is_sanitised_against_the_entry() -> None:
    """HTML is safe and its links are resolved where the entry stands; plain text stays text; nothing is None."""
    raw = Entry(
        id="1",
        title="t",
        links=(Link(href="/nieuws/1/"),),
        summary=Text(value='<p onclick="x()">a <a href="kaart">k</a></p><script>x</script>', type="html"),
        content=Content(value="regel <b>\r\nregel\u202e\n\n\n\n", type="text"),
    )
    found = canonical(raw).entries[0]
    assert found.summary == Text(value=f'<p>a <a href="{SITE}/nieuws/1/kaart">k</a></p>', type="html")
    assert found.content == Content(value="regel <b>\nregel", type="text")
    empty = canonical(replace(raw, summary=Text(value="<p></p>", type="html"), content=Content(value=" ")))
    assert (empty.entries[0].summary, empty.entries[0].content) == (None, None)


def test_persons_and_categories() -> None:
    """Who and what, cleaned, each once; an address that is none is dropped, the name stays."""
    raw = replace(
        entry(),
        authors=(Person(name=" Jan\n", uri="javascript:x", email="geen"), Person(name="Jan"), Person(name=" ")),
        contributors=(Person(name="An", uri="/an", email="an@a.example"),),
        categories=(
            Category(term=" Verkeer "),
            Category(term="verkeer"),
            Category(term=""),
            Category(term="verkeer", scheme="s"),
        ),
    )
    found = canonical(raw).entries[0]
    assert found.authors == (Person(name="Jan"),)
    assert found.contributors == (Person(name="An", uri=f"{SITE}/an", email="an@a.example"),)
    assert found.categories == (Category(term="Verkeer"), Category(term="verkeer", scheme="s"))


def test_dates_are_utc() -> None:
    """Every date is in UTC; one without a zone is not a date any more at this point, nor one outside the calendar."""
    brussels = datetime(2024, 1, 15, 8, 0, tzinfo=timezone(timedelta(hours=1)))
    beyond = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))
    naive = datetime(2024, 1, 15)  # noqa: DTZ001
    found = canonical(*(replace(entry(str(moment)), published=moment) for moment in (brussels, beyond, naive)))
    assert [each.published for each in found.entries] == [datetime(2024, 1, 15, 7, 0, tzinfo=UTC), None, None]
    assert found.entries[0].published.tzinfo is UTC  # type: ignore[union-attr]


def test_dates_ahead_are_mentioned() -> None:
    """A date in the future is the publisher's own; the operator is told."""
    found = canonical(replace(entry(), published=NOW + timedelta(days=2)), entry("2"))
    assert found.entries[0].published == NOW + timedelta(days=2)
    assert found.problems == ("1 of 2 entries are dated in the future",)


def test_the_feed_itself() -> None:
    """Its own texts are cleaned like any other, and what is missing comes from its address."""
    raw = Feed(id="", title=" ", subtitle=" a\n", rights="", lang="Dutch!", links=(Link(href="/"),), problems=("zo",))
    assert normalize(raw, base=BASE, now=NOW) == Feed(
        id=BASE, title="www.politie.example", subtitle="a", links=(Link(href=f"{SITE}/"),), problems=("zo",)
    )


def test_too_many_entries() -> None:
    """A document is read up to a bound, and the rest is mentioned."""
    found = canonical(*(entry(str(number)) for number in range(MAX_ENTRIES + 5)))
    assert len(found.entries) == MAX_ENTRIES
    assert found.problems == ("holds 1005 entries; only the first 1000 were read",)


WORDS = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    ["", "a", "/x", "x", "<p>a", "&amp;"]
)
MAYBE = st.none() | WORDS
MOMENTS = st.none() | st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14))])) | st.datetimes()
HREFS = WORDS | st.sampled_from(
    ["/1", "https://www.a.example/1", "http://a.example/1/", "http://[", "#x", "https://a.example/"]
)
LINKS = st.lists(
    st.builds(
        Link,
        href=HREFS,
        rel=st.sampled_from(["alternate", "enclosure", "self"]) | WORDS,
        type=MAYBE,
        hreflang=MAYBE,
        title=MAYBE,
    ),
    max_size=3,
).map(tuple)
PERSONS = st.lists(st.builds(Person, name=WORDS, uri=MAYBE, email=MAYBE), max_size=2).map(tuple)
ENTRIES = st.lists(
    st.builds(
        Entry,
        id=WORDS,
        title=WORDS,
        updated=MOMENTS,
        published=MOMENTS,
        authors=PERSONS,
        categories=st.lists(st.builds(Category, term=WORDS, scheme=MAYBE, label=MAYBE), max_size=2).map(tuple),
        links=LINKS,
        summary=st.none() | st.builds(Text, value=WORDS, type=st.sampled_from(["text", "html"])),
        content=st.none() | st.builds(Content, value=WORDS, type=st.sampled_from(["text", "html"])),
        rights=MAYBE,
        origin=st.none() | st.builds(Origin, id=WORDS, title=WORDS, updated=MOMENTS, links=LINKS),
        lang=MAYBE,
    ),
    max_size=5,
).map(tuple)


@settings(deadline=None)
@given(
    st.builds(Feed, id=WORDS, title=WORDS, updated=MOMENTS, links=LINKS, authors=PERSONS, entries=ENTRIES, lang=MAYBE),
    HREFS,
)
def test_any_feed_has_one_normal_form(feed: Feed, base: str) -> None:
    """Normalising twice is normalising once, ids are unique, titles are there, and links lead somewhere."""
    once = normalize(feed, base=base, now=NOW)
    assert normalize(once, base=base, now=NOW) == once
    assert len({found.id for found in once.entries}) == len(once.entries)
    for found in once.entries:
        assert found.id
        assert found.title
        assert all(link.href.startswith(("http://", "https://")) for link in found.links)


def test_short_links_against_a_long_address_do_not_fill_the_store() -> None:
    """What is kept stays in proportion to what was sent; the words stay, the links that need too much room go."""
    page = f"{SITE}/{'x' * 7000}/"
    text = "".join(f"<a href='{number}'>w{number}</a> " for number in range(50))
    sent = [replace(entry(str(id), f"Bericht {id}"), summary=Text(value=text, type="html")) for id in range(20)]
    links = tuple(Link(href=f"{number}", rel="related") for number in range(50))
    found = normalize(
        Feed(id="f", title="t", entries=tuple(replace(each, links=links) for each in sent)), base=page, now=NOW
    )
    kept = sum(
        len(each.summary.value if each.summary else "") + sum(len(link.href) for link in each.links)
        for each in found.entries
    )
    assert kept < 500_000 + 5 * 20 * (len(text) + 100)
    assert len(found.entries) == 20
    assert all(each.summary and "w49" in each.summary.value for each in found.entries)
    assert any("lost their relative links" in problem for problem in found.problems)
    assert normalize(found, base=page, now=NOW).entries == found.entries


@pytest.mark.parametrize(
    "blank", ["\u2800", "\u3164", "\u115f\u1160", "\uffa0", "\U000e0041\U000e0042", " \ufe0f\u200b"]
)
def test_a_title_that_nobody_sees_is_none(blank: str) -> None:
    """Where the title leaves no ink, the text gives one, as where there is none."""
    assert (
        canonical(entry("1", blank, text="De politie zoekt getuigen.")).entries[0].title == "De politie zoekt getuigen."
    )
