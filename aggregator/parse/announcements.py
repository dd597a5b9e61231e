"""Which hub a feed announces, and what it calls itself (WebSub §4).  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from aggregator import uri
from aggregator.model import Announced, Link

MOST = 5  # hubs

_PARAMETER = r"\s*;\s*([^\s=;,]+)\s*(?:=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?"
_LINK = re.compile(rf"<([^<>]*)>((?:{_PARAMETER})*)")
_EACH = re.compile(_PARAMETER)


def announced(url: str, headers: Mapping[str, str], links: Iterable[Link]) -> Announced | None:
    """What the feed that came from *url* says of its hubs; None when it has none.

    "The Link headers take precedence over links in the document" (§4): each rel by itself.
    """
    linked = [(link.rel.lower(), link.href) for link in links]
    fields = list(link_header(headers.get("link", "")))

    def found(rel: str) -> list[str]:
        named = [href for name, href in fields if name == rel] or [href for name, href in linked if name == rel]
        return list(dict.fromkeys(href for one in named if (href := uri.absolute(one, url))))

    hubs = found("hub")
    return Announced(hubs=tuple(hubs[:MOST]), topic=(found("self") or [url])[0]) if hubs else None


def link_header(value: str) -> Iterable[tuple[str, str]]:
    """Relation and target of each link (RFC 8288 §3); several relations of one link are several links."""
    for link in _LINK.finditer(value[:20_000]):
        relations = [text.strip('"') for name, text in _EACH.findall(link[2]) if name.lower() == "rel"]
        for relation in " ".join(relations[:1]).lower().split():  # the first one counts (§3.3)
            yield relation, link[1]
