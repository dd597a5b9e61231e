from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import uri

BASE = "https://www.politie.example/5375/nieuws?page=1"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
WORDS = "http:// https: feed: // / .. . ? # & = % %41 %2e [ ] : @ a@ \\ www. a.be é utm_x=1 ;jsessionid=1 + :80"
PIECES = st.sampled_from([*WORDS.split(" "), " ", "\t", "\x00", "\u202e", "\ud800"])
URLISH = st.lists(st.one_of(PIECES, ANY_TEXT), max_size=8).map("".join)


@pytest.mark.parametrize(
    ("href", "base", "expected"),
    [
        ("https://a.example/x#deel", None, "https://a.example/x#deel"),
        ("/5375/nieuws/inbraak", BASE, "https://www.politie.example/5375/nieuws/inbraak"),
        ("inbraak", BASE, "https://www.politie.example/5375/inbraak"),
        ("//b.example/x", BASE, "https://b.example/x"),
        ("?page=2", BASE, "https://www.politie.example/5375/nieuws?page=2"),
        ("#top", BASE, BASE + "#top"),
        ("  /x\n", BASE, "https://www.politie.example/x"),
        ("/een naam é.pdf", BASE, "https://www.politie.example/een%20naam%20%C3%A9.pdf"),
        ("/100%/ok%20", BASE, "https://www.politie.example/100%25/ok%20"),
        ("/x?f[a]=1", BASE, "https://www.politie.example/x?f%5Ba%5D=1"),
        ("feed:https://a.example/rss", None, "https://a.example/rss"),
        ("feed://a.example/rss", None, "http://a.example/rss"),
        ("http://bücher.example/", None, "http://bücher.example/"),
        ("http://[2001:db8::1]/x", None, "http://[2001:db8::1]/x"),
        ("https://bank.example@evil.example/", None, "https://evil.example/"),
        ("https://an:geheim@a.example:8443/x", None, "https://a.example:8443/x"),
        ("//bank.example:443@evil.example/x", BASE, "https://evil.example/x"),
        ("https://a@bank.example@evil.example/", None, "https://evil.example/"),
        ("/x", "https://an:geheim@a.example/y", "https://a.example/x"),
        ("https://@a.example/", None, "https://a.example/"),
        ("https://an@/x", None, None),
        ("javascript:alert(1)", BASE, None),
        (" java\tscript:alert(1)", BASE, None),
        ("data:text/html,x", BASE, None),
        ("mailto:a@b.example", BASE, None),
        ("feed:javascript:alert(1)", BASE, None),
        ("http://[::1", BASE, None),
        ("http://a b.example/", BASE, None),
        ("http://a\u200b.example/", BASE, None),
        ("http://a.example:99999/", BASE, None),
        ("http:///x", None, None),
        ("/x", None, None),
        ("/x", "http://[bad", None),
        ("", BASE, None),
        ("/\ud800", BASE, None),
        ("/" + "x" * 9000, BASE, None),
    ],
)
def test_absolute(href: str, base: str | None, expected: str | None) -> None:
    """A link is an absolute http(s) URL that any program can take, or it is none."""
    assert uri.absolute(href, base) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://WWW.Politie.example:80/Nieuws/", "https://politie.example/Nieuws"),
        ("https://politie.example:443", "https://politie.example"),
        ("https://politie.example:8443/", "https://politie.example:8443"),
        ("https://www.example/", "https://www.example"),
        ("https://a.example/x?b=2&utm_source=nb&a=1&fbclid=q&mc_eid=&igshid=1", "https://a.example/x?a=1&b=2"),
        ("https://a.example/foto.jpg?itok=abc", "https://a.example/foto.jpg"),
        ("https://a.example/%7euser/%c3%a9%2f", "https://a.example/~user/%C3%A9%2F"),
        ("https://a.example/a/./b/../c", "https://a.example/a/c"),
        ("https://a.example/../x", "https://a.example/x"),
        ("https://a.example/x;jsessionid=1F?id=3", "https://a.example/x?id=3"),
        ("https://a.example/?q=a+b", "https://a.example?q=a%20b"),
        ("https://user:pass@a.example/x#deel", "https://a.example/x"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("tag:a.example,2020:1", "tag:a.example,2020:1"),
        (" geen url ", "geen url"),
    ],
)
def test_canonical(url: str, expected: str) -> None:
    """Spelling, host alias, scheme and tracking do not make another address; path and query do."""
    assert uri.canonical(url) == expected


@settings(deadline=None)
@given(URLISH, st.one_of(st.none(), st.just(BASE), URLISH))
def test_absolute_is_http_or_nothing(href: str, base: str | None) -> None:
    """Any string gives None or an ASCII path on a host, stable when taken again."""
    found = uri.absolute(href, base)
    if found is not None:
        parts = urlsplit(found)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert "@" not in parts.netloc
        assert (parts.path + parts.query + parts.fragment).isascii()
        assert uri.absolute(found, None) == found


@settings(deadline=None)
@given(URLISH)
def test_canonical_is_idempotent(url: str) -> None:
    """The canonical form of a canonical form is itself, for any string."""
    once = uri.canonical(url)
    assert uri.canonical(once) == once


@settings(deadline=None)
@given(URLISH)
def test_questions_never_raise(url: str) -> None:
    """Asking after the host or the front page of anything is allowed."""
    assert isinstance(uri.host(url), str)
    assert isinstance(uri.is_root(url), bool)
    assert uri.tag("a.example", url.encode("utf-8", "replace").decode()).isascii()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.politie-bht.example", True),
        ("https://www.politie-bht.example/#nieuws", True),
        ("https://www.politie-bht.example/?page=1", False),
        ("https://www.politie-bht.example/nl", False),
        ("geen url", False),
    ],
)
def test_is_root(url: str, expected: bool) -> None:
    """Only a site's front page is a root: it identifies no item."""
    assert uri.is_root(url) is expected


def test_host() -> None:
    """The host is what is connected to: lower case, without port or user."""
    assert uri.host("https://u@WWW.A.example:8080/x") == "www.a.example"
    assert uri.host("geen url") == ""
    assert uri.host("http://[::1") == ""


@pytest.mark.parametrize(
    ("authority", "specific", "expected"),
    [
        ("nieuws.example.be", "a/b", "tag:nieuws.example.be,2026:a/b"),
        ("Nieuws.example.be,2023-05", "x", "tag:nieuws.example.be,2023-05:x"),
        ("127.0.0.1:8080", "é x#1%", "tag:127.0.0.1-8080,2026:%C3%A9%20x%231%25"),
    ],
)
def test_tag(authority: str, specific: str, expected: str) -> None:
    """A tag URI has a lower-case authority, a date and only characters of RFC 3986."""
    assert uri.tag(authority, specific) == expected


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://Www.A.example/x", "www.a.example"),
        ("http://a.example:80/", "a.example"),
        ("https://a.example:443/", "a.example"),
        ("http://a.example:8080/", "a.example:8080"),
        ("http://[::1]:8080/", "::1:8080"),
        ("nonsense", ""),
        ("http://a.example:x/", ""),
        ("http://[", ""),
    ],
)
def test_a_server_is_a_host_and_an_odd_port(url: str, server: str) -> None:
    """http and https of one name are one server; another port is another one."""
    assert uri.server(url) == server
