"""News pages of the corpus, the selectors that read them, and the answers in which they came."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aggregator.model import Feed, Response, Selectors, Source
from aggregator.normalize import normalize
from aggregator.parse import parse

TZ = ZoneInfo("Europe/Brussels")
NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
CORPUS = Path(__file__).parent / "corpus" / "parse" / "pages"
HTML = "text/html; charset=utf-8"

TEASERS = Selectors(item="article", title="h2", link="h2 a", summary=".teaser p")
BADGES = Selectors(
    list="#newslist",
    item=".item",
    title="h3",
    link="a.more",
    date=".date",
    summary="//p",
    strip=("^Bel 101 .*", "^dringend 101$"),
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def answer(content: bytes | str, url: str = "https://a.example/", media_type: str = HTML, **headers: str) -> Response:
    """An answer of status 200."""
    body = content.encode() if isinstance(content, str) else content
    return Response(url=url, status=200, headers={"content-type": media_type, **headers}, content=body, date=NOW)


def stored(name: str, url: str) -> Response:
    """A page of the corpus as the answer of *url*."""
    return answer((CORPUS / name).read_bytes(), url)


def canonical(response: Response, source: Source, *more: Response) -> Feed:
    """What is read of an answer, in normal form."""
    return normalize(parse(response, source, TZ, more), base=response.url, now=NOW)
