"""What is asked for: URLs, redirects and request headers, as values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch import request
from aggregator.fetch.faults import FaultError
from aggregator.model import Validators


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://example.org/feed", "https://example.org/feed"),
        ("HTTPS://Example.ORG:443/feed", "https://example.org/feed"),  # RFC 3986 §6.2.2.1, §6.2.3
        ("http://example.org", "http://example.org/"),
        ("http://example.org?page=1", "http://example.org/?page=1"),
        ("http://example.org/a/../b/./c", "http://example.org/b/c"),  # RFC 3986 §6.2.2.3
        ("http://example.org/feed#top", "http://example.org/feed"),  # RFC 9110 §7.1: fragments are not sent
        ("http://example.org/a%2Fb%3Dc?x=a%2Fb&y=[1]", "http://example.org/a%2Fb%3Dc?x=a%2Fb&y=[1]"),
        ("http://example.org/a b/é", "http://example.org/a%20b/%C3%A9"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),  # RFC 5891
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
    ],
)
def test_a_url_is_asked_as_it_was_written(written: str, asked: str) -> None:
    """One URL, exactly as given but for its normal form (standards, item 26); a signed one survives."""
    assert request.target(written).text == asked
    assert request.target(asked).text == asked


@pytest.mark.parametrize(
    "written",
    [
        *("", "feed.xml", "//example.org/", "http://", "http:///feed", "http://[::1", "http://a:b/", "http://a:99999/"),
        *("file:///etc/passwd", "ftp://example.org/", "javascript:alert(1)", "feed://example.org/", "data:,x"),
        *("http://xn--/", "http://\udcff/", "http://example.org/\x00", "http://user:secret@example.org/"),
    ],
)
def test_what_is_no_url_to_fetch_is_refused_in_words(written: str) -> None:
    """Only http and https (standards, item 37); a password in a URL is never sent nor repeated."""
    with pytest.raises(FaultError) as refused:
        request.target(written)
    assert "secret" not in str(refused.value)


@given(st.text() | st.text(alphabet="htps:/[]@.%#?x1\\").map("http:".__add__))
def test_any_text_is_a_target_or_refused(written: str) -> None:
    """No library's error leaks out, and a target is its own normal form."""
    try:
        asked = request.target(written)
    except FaultError:
        return
    assert request.target(asked.text) == asked


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_five_status_codes_redirect(status: int) -> None:
    """RFC 9110 §15.4; Location may be relative to the URL that was asked (§10.2.2)."""
    asked = request.target("http://example.org/a/feed?x=1")
    onward = request.redirection(asked, status, "../b#top")
    assert onward is not None
    assert onward.text == "http://example.org/b"


@pytest.mark.parametrize(("status", "location"), [(300, "/b"), (304, "/b"), (305, "/b"), (201, "/b"), (302, None)])
def test_the_others_are_answers(status: int, location: str | None) -> None:
    """So is a redirection without a Location."""
    assert request.redirection(request.target("http://example.org/"), status, location) is None


def test_https_is_not_left_for_http() -> None:
    """A downgrade on the way is somebody else's doing (standards, item 31); the other way round is fine."""
    secure, plain = request.target("https://example.org/"), request.target("http://example.org/")
    with pytest.raises(FaultError, match="from https to http"):
        request.redirection(secure, 301, "http://example.org/feed")
    assert request.redirection(plain, 301, "https://example.org/") == secure


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://x/", "http://[::1", "//user:x@example.org/", ""])
def test_a_redirect_to_where_we_do_not_go_is_a_fault(location: str) -> None:
    """The rules for a URL hold on every hop; an empty Location is the page itself, which the fetcher sees."""
    asked = request.target("http://example.org/")
    if not location:
        assert request.redirection(asked, 302, location) == asked
        return
    with pytest.raises(FaultError, match="redirects"):
        request.redirection(asked, 302, location)


@pytest.mark.parametrize("raw", [b"/caf\xc3\xa9", b"/caf%C3%A9"])
def test_a_location_in_utf_8_is_read_as_meant(raw: bytes) -> None:
    """Servers do not always escape it."""
    onward = request.redirection(request.target("http://example.org/"), 302, raw.decode("latin-1"))
    assert onward is not None
    assert onward.text == "http://example.org/caf%C3%A9"


# Request headers


def test_the_user_agent_says_who_asks_and_whom_to_write_to() -> None:
    """product/version and a contact (standards, item 20)."""
    assert request.standing("1.2", None)["User-Agent"] == "aggregator/1.2"
    agent = request.standing("1.2", "https://news.example/about")["User-Agent"]
    assert agent == "aggregator/1.2 (+https://news.example/about)"


def test_a_contact_cannot_break_the_header() -> None:
    """RFC 9110 §5.6.5: a comment holds no bare parenthesis or backslash, and a header no line break."""
    agent = request.standing("1", "https://x.example/(a)\\\r\nCookie: é")["User-Agent"]
    assert agent == "aggregator/1 (+https://x.example/aCookie:)"


def test_feeds_are_preferred_to_pages() -> None:
    """Accept has weights (standards, item 24), highest for Atom."""
    accept = request.standing("1", None)["Accept"]
    weights = {
        media.partition(";")[0]: float(media.partition(";q=")[2] or 1)
        for media in (part.strip() for part in accept.split(","))
    }
    assert weights["application/atom+xml"] > weights["application/rss+xml"] > weights["application/rdf+xml"]
    assert weights["application/rdf+xml"] > weights["text/xml"] > weights["text/html"] > weights["*/*"] > 0


ASKED = request.target("http://example.org/feed")


@pytest.mark.parametrize("etag", ['"abc"', 'W/"abc"', "not quoted at all", '"with, comma"', '"\xc3\xa9"', '""'])
def test_validators_are_echoed_byte_for_byte(etag: str) -> None:
    """Never parsed, re-formatted or invented (standards, item 1; RFC 9110 §8.8)."""
    validators = Validators(url=ASKED.text, etag=etag, last_modified="Mon, 9 Nov 2026 1:02:03 GMT (or so)")
    assert request.conditions(ASKED, validators) == (
        (b"If-None-Match", etag.encode("latin-1")),
        (b"If-Modified-Since", b"Mon, 9 Nov 2026 1:02:03 GMT (or so)"),
    )


def test_half_a_pair_is_sent_as_a_half() -> None:
    """What is missing is not made up (standards, item 5)."""
    assert request.conditions(ASKED, Validators(url=ASKED.text, etag='"a"')) == ((b"If-None-Match", b'"a"'),)
    assert request.conditions(ASKED, Validators(url=ASKED.text, last_modified="x")) == ((b"If-Modified-Since", b"x"),)
    assert request.conditions(ASKED, Validators(url=ASKED.text)) == ()
    assert request.conditions(ASKED, None) == ()


@pytest.mark.parametrize("url", ["http://example.org/feed", "HTTP://EXAMPLE.org:80/feed#x"])
def test_validators_belong_to_the_url_however_it_is_spelt(url: str) -> None:
    """The same target URI is the same resource."""
    assert request.conditions(ASKED, Validators(url=url, etag='"a"'))


@pytest.mark.parametrize(
    "url", ["https://example.org/feed", "http://example.org/feed?x", "http://example.com/feed", "?"]
)
def test_validators_of_another_url_are_not_sent(url: str) -> None:
    """RFC 9110 §8.8: a validator says nothing about another resource (standards, item 9)."""
    assert request.conditions(ASKED, Validators(url=url, etag='"a"')) == ()


@pytest.mark.parametrize("etag", ['"\xe9"', '"a\r\nX-Injected: 1"', '"a\0"', '"\u20ac"'])
def test_a_validator_that_cannot_be_sent_unchanged_is_not_sent(etag: str) -> None:
    """Better unconditional than a tag that the server never gave."""
    assert request.conditions(ASKED, Validators(url=ASKED.text, etag=etag)) == ()


def test_response_headers_are_lower_case_and_joined() -> None:
    """RFC 9110 §5.1, §5.2; values as latin-1, so that every byte is kept."""
    raw = [(b"ETag", b'"\xe9"'), (b"Vary", b"Accept"), (b"VARY", b"Accept-Encoding")]
    assert request.fields(raw) == {"etag": '"é"', "vary": "Accept, Accept-Encoding"}
