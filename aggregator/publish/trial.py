"""Whether the operator's templates can be rendered: tried on an invented story before a reader asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from aggregator import query, templating
from aggregator.model import Config, Digest, Edition, Entry, Link, Match, Related, Sighting, Story, Text, Zone
from aggregator.publish import editions, feeds, months, page, places, results, standing, story, zones

_AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def problems(config: Config) -> list[str]:
    """What is wrong with the templates, each a sentence; nothing when there are none."""
    if config.theme.templates:
        for render in _pages(config):
            render()
    return [f"publish.templates: {fault}" for fault in templating.broken(config.theme)]


def _pages(config: Config) -> list[Callable[[], object]]:
    """Every page, with much on it and with little."""
    told, other, bare = stories(config)
    stream = config.streams[0]
    links = {told.id: [page.Linked(other.id, "b")]}
    month = months.Month(2026, 1)
    leaf = months.Leaf(month=month, stories=[told, bare], number=1, pages=2, older=month, newer=month)
    sought = results.Results(query=query.read("a"), stream=stream)
    return [
        lambda: page.render(config, stream, [told, other, bare], _AT, links=links),
        lambda: page.render(config, places.of_zone(config.zones[0]), (), _AT),
        lambda: story.render(config, told, [other]),
        lambda: story.render(config, bare),
        lambda: months.render(config, stream, leaf),
        lambda: months.render(config, stream, replace(leaf, stories=(), pages=1, older=None, newer=None)),
        lambda: months.render_list(config, stream, [months.Tally(month, 3), months.Tally(month, None)]),
        lambda: months.render_list(config, stream, []),
        lambda: zones.render(config),
        lambda: feeds.render(config),
        lambda: standing.documents(config, _AT),
        lambda: results.render(config, replace(sought, stories=[told, bare], more=True, number=2)),
        lambda: results.render(config, sought),
        *(partial(_editions, config, digest, told) for digest in config.digests[:1]),
        *(partial(page.render_error, config, status) for status in (404, 405, 410, 500)),
    ]


def _editions(config: Config, digest: Digest, told: Story) -> None:
    out = Edition(id=1, digest=digest.id, slot="x", frozen=_AT, state="done", stories=1)
    issue = editions.Issue(edition=out, headline="x", parts=[editions.Part("x", [told])], newer=out, older=out)
    editions.render(config, digest, issue, _AT)
    editions.render_list(config, digest, [out], _AT)
    editions.render_list(config, digest, [], _AT)


def stories(config: Config) -> tuple[Story, Story, Story]:
    """One with everything, one that it is linked with, and one that lacks what can be lacking."""
    every = [*config.zones, Zone(id="gone", name="gone")]
    copies = [_copy(zone, f"https://example.org/{zone.id}", "a", lang="fr") for zone in every]
    told = _story("1", *copies, related=(Related(story=_id("2"), rule="slots", score=0.5, evidence="'a' ≠ 'b'"),))
    told = replace(told, updated=_AT + timedelta(days=1))
    return told, _story("2", copies[0]), _story("3", _copy(every[0], None, ""))


def _id(name: str) -> str:
    return f"tag:example.org,2026:story/{name}"


def _copy(zone: Zone, href: str | None, words: str, lang: str | None = None) -> Sighting:
    links = (Link(href=href),) if href else ()
    entry = Entry(id=zone.id, title=words, links=links, summary=Text(value=f"{words} {words}"), lang=lang)
    return Sighting(source=zone.id, zone=zone.id, entry=entry, keys=(zone.id,), words=words, length=1, seen=_AT)


def _story(name: str, *copies: Sighting, related: tuple[Related, ...] = ()) -> Story:
    members = tuple(Match(sighting=copy, story=_id(name), rule="alike", differs="x") for copy in copies)
    return Story(id=_id(name), published=_AT, updated=_AT, changed=_AT, members=members, related=related)
