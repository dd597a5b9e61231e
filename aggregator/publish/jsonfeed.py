"""The JSON Feed of a stream (jsonfeed.org/version/1.1)."""

from __future__ import annotations

import json
from typing import Any

from aggregator import shown, text
from aggregator.model import Config, Document, Link, Person, Story
from aggregator.publish import entry, places, static
from aggregator.publish.shelf import Shelf

MEDIA_TYPE = "application/feed+json"
_VERSION = "https://jsonfeed.org/version/1.1"


def document(shelf: Shelf) -> Document:
    """The feed: the same bytes for the same shelf."""
    config, own = shelf.config, places.feed(shelf.config, shelf.stream, "json")
    items = shelf.entries("json", lambda story, full: render(config, story, full=full))
    head = _dumped(_frame(shelf, own)).removesuffix(b"}") + b',"items":[\n'
    spliced = (item + (b",\n" if number < len(items) else b"\n") for number, item in enumerate(items, start=1))
    return shelf.document(MEDIA_TYPE, own, (head, *spliced, b"]}\n"))


def render(config: Config, story: Story, *, full: bool = True) -> bytes:
    """The item's bytes.  ``_sources`` names whoever else published it: an extension, as the format allows them."""
    lead, main = story.lead, shown.main_link(story)
    found = entry.content(config, lead) if full else None
    made = {
        "id": story.id,
        "url": main.href if main else places.page_of(config, story.id),
        "title": shown.title(lead),
        **({f"content_{found[0]}": found[1]} if found else {"content_text": shown.excerpt(lead) or shown.title(lead)}),
        "summary": shown.excerpt(lead),
        "date_published": entry.second(story.published).isoformat(),
        "date_modified": entry.second(story.updated).isoformat(),
        "authors": [_author(person) for person in entry.authors(config, story)],
        "tags": [text.clean(shown.zone(config, id).name) for id in story.zones],
        "language": shown.language(lead),
        "attachments": [each for link in lead.entry.links if link.rel == "enclosure" if (each := _attachment(link))],
        "_sources": [_source(link) for link in entry.links(config, story) if link.rel == "related"],
    }
    return _dumped(made)


def _frame(shelf: Shelf, own: str) -> dict[str, Any]:
    config, stream = shelf.config, shelf.stream
    title, page = text.clean(stream.title) or stream.id, places.page(config, stream)
    return {
        "version": _VERSION,
        "title": title,
        "home_page_url": page,
        "feed_url": own,
        "description": text.clean(stream.subtitle or ""),
        "icon": config.publish.logo,
        "favicon": f"{places.base(config)}/{static.icon_address(config)}",
        "authors": [{"name": title, "url": page}],
        "language": config.language,
        "hubs": [{"type": "WebSub", "url": hub} for hub in config.hubs],
    }


def _author(person: Person) -> dict[str, str]:
    url = entry.href(person.uri or "")
    return {"name": text.clean(person.name), **({"url": url} if url else {})}


def _attachment(link: Link) -> dict[str, Any]:
    """A media type is required; what has none is left out."""
    found = entry.attributes(link)
    if "type" not in found:
        return {}
    length = {"size_in_bytes": int(found["length"])} if "length" in found else {}
    return {"url": found["href"], "mime_type": found["type"], **length}


def _source(link: Link) -> dict[str, str]:
    found = entry.attributes(link)
    return {"url": found["href"], "title": found.get("title", "")}


def _dumped(value: dict[str, Any]) -> bytes:
    """What is empty is left out; what UTF-8 cannot write is not."""
    kept = {name: each for name, each in value.items() if each not in (None, "", [])}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
