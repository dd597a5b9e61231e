"""Whether the settings fit one another: ids that are unique, references that lead somewhere, what must go together.

Like ``values`` this reads the document as it is written.  A reference is held against every id that stands in the
file, so that one mistake in a zone is not told again at each of its sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from aggregator.config.values import at
from aggregator.config.words import Mistake, Place, did_you_mean, listed, path, wrong


def relations(document: dict[str, Any]) -> list[Mistake]:
    """Every setting that does not fit another one."""
    return [
        *_empty(document),
        *_twice(document, "zones.*.id", "an id of its own"),
        *_twice(document, "sources.*.id", "an id of its own"),
        *_twice(document, "streams.*.id", "an id of its own"),
        *_twice(document, "digests.*.id", "an id of its own"),
        *_nowhere(document, "sources.*.zone", "zones"),
        *_nowhere(document, "streams.*.zones.*", "zones"),
        *_nowhere(document, "streams.*.sources.*", "sources"),
        *_nowhere(document, "digests.*.stream", "streams"),
        *_nowhere(document, "digests.*.zones.*", "zones"),
        *_formerly(document, "zones", "was"),
        *_formerly(document, "sources", "aliases"),
        *_formerly(document, "streams", "was"),
        *_selections(document),
        *_preferences(document),
        *_pages(document),
        *_auth(document),
        *_recipients(document),
        *_cadences(document),
        *_mail(document),
        *_subscribing(document),
        *_desk(document),
        *_security(document),
    ]


def _texts(table: dict[str, Any], pattern: str, above: Place = ()) -> list[tuple[Place, str]]:
    return [(place, text) for place, text in at(table, tuple(pattern.split(".")), above) if isinstance(text, str)]


def _ids(document: dict[str, Any], kind: str) -> list[str]:
    return list(dict.fromkeys(id for _, id in _texts(document, f"{kind}.*.id")))


def _tables(document: dict[str, Any], kind: str) -> Iterator[tuple[Place, dict[str, Any]]]:
    return ((place, table) for place, table in at(document, (kind, "*")) if isinstance(table, dict))


def _empty(document: dict[str, Any]) -> Iterator[Mistake]:
    for kind in ("zones", "sources", "streams"):
        if document.get(kind, []) == []:
            yield Mistake((kind,), f"expected at least one table [[{kind}]], found none")


def _twice(table: dict[str, Any], pattern: str, expected: str, above: Place = ()) -> Iterator[Mistake]:
    first: dict[str, Place] = {}
    for place, text in _texts(table, pattern, above):
        if text.lower() in first:
            yield Mistake(place, wrong(expected, text, f", which {path(first[text.lower()])} has already"))
        first.setdefault(text.lower(), place)


def _nowhere(document: dict[str, Any], pattern: str, kind: str) -> Iterator[Mistake]:
    known = _ids(document, kind)
    for place, id in _texts(document, pattern):
        if known and id not in known:
            expected = f"the id of one of the {kind} ({listed(known)})"
            yield Mistake(place, wrong(expected, id, did_you_mean(id, known)))


def _preferences(document: dict[str, Any]) -> Iterator[Mistake]:
    everywhere = _ids(document, "zones")
    for (*above, number), stream in _tables(document, "streams"):
        selected = [id for _, id in at(stream, ("zones", "*"))] or everywhere
        preferred = stream.get("prefer")
        if isinstance(preferred, str) and selected and preferred not in selected:
            expected = f"one of the stream's zones ({listed(map(str, selected))})"
            yield Mistake((*above, number, "prefer"), wrong(expected, preferred))


def _formerly(document: dict[str, Any], kind: str, setting: str) -> Iterator[Mistake]:
    """A former id leads to one thing of today: whoever bears it now, or claims it too, makes that ambiguous."""
    holders = {id.lower(): place for place, id in _texts(document, f"{kind}.*.id")}
    claimed: dict[str, Place] = {}
    for place, id in _texts(document, f"{kind}.*.{setting}.*"):
        taken = holders.get(id.lower()) or claimed.get(id.lower())
        if taken:
            yield Mistake(place, wrong("an id that nothing bears or claims any more", id, f", which {path(taken)} has"))
        claimed.setdefault(id.lower(), place)


def _selections(document: dict[str, Any]) -> Iterator[Mistake]:
    """A stream that could never show anything."""
    pairs = [(table.get("id"), table.get("zone")) for _, table in _tables(document, "sources")]
    zone_of = {id: zone for id, zone in pairs if isinstance(id, str) and isinstance(zone, str)}
    everywhere = _ids(document, "zones")
    for place, stream in _tables(document, "streams"):
        zones = {id for _, id in _texts(stream, "zones.*")} or set(everywhere)
        sources = [id for _, id in _texts(stream, "sources.*") if id in zone_of]
        through = {zone_of[id] for id in sources} & zones if sources else zones
        if sources and not through:
            expected = f"at least one source of the stream's zones ({listed(sorted(map(str, zones)))})"
            yield Mistake((*place, "sources"), f"expected {expected}, found none")
        elif stream.get("joint_only") is True and len(through) < 2:
            words = "expected false, because the stream has one zone only, found true"
            yield Mistake((*place, "joint_only"), words)


def _pages(document: dict[str, Any]) -> Iterator[Mistake]:
    for place, source in _tables(document, "sources"):
        if source.get("type") == "page" and "page" not in source:
            words = 'expected a table [sources.page] with item and title, because type is "page"; found none'
            yield Mistake((*place, "page"), words)


def _auth(document: dict[str, Any]) -> Iterator[Mistake]:
    for place, auth in ((place, table) for place, table in at(document, ("sources", "*", "auth")) if _is_table(table)):
        if not {"user", "token_file", "header"} & auth.keys():
            words = "expected user with password_file, token_file, or header with value_file; found none of them"
            yield Mistake(place, words)
        for one, other in (("user", "password_file"), ("header", "value_file")):
            for has, lacks in ((one, other), (other, one)):
                if has in auth and lacks not in auth:
                    yield Mistake((*place, lacks), f"required beside {has}, but not there")
        if len(rivals := [name for name in ("user", "token_file") if name in auth] + _authorization(auth)) > 1:
            words = f"expected one of {listed(rivals)}, because a request has one Authorization header; found both"
            yield Mistake((*place, rivals[-1]), words)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _authorization(auth: dict[str, Any]) -> list[str]:
    return ["header"] if str(auth.get("header")).lower() == "authorization" else []


def _recipients(document: dict[str, Any]) -> Iterator[Mistake]:
    for place, digest in _tables(document, "digests"):
        if digest.get("recipients", []) == [] and digest.get("open") is not True:
            yield Mistake((*place, "recipients"), "expected at least one mail address, found none")
        yield from _twice(digest, "recipients.*", "each address once", place)


def _cadences(document: dict[str, Any]) -> Iterator[Mistake]:
    """Settings of a digest that say two things about when."""
    for place, digest in _tables(document, "digests"):
        cadence, several = digest.get("cadence", "daily"), isinstance(digest.get("at"), list) and len(digest["at"]) > 1
        if "every" in digest and cadence != "daily":
            yield Mistake((*place, "every"), f'expected no such setting beside cadence = "{cadence}", found one')
        if several and cadence in {"weekly", "monthly"}:
            yield Mistake((*place, "at"), f'expected one time of day, because cadence is "{cadence}"; found several')


def _mail(document: dict[str, Any]) -> Iterator[Mistake]:
    mail = document.get("mail")
    if mail is None and document.get("digests"):
        yield Mistake(("mail",), "expected a table [mail] with from, because there is a digest; found none")
    if isinstance(mail, dict) and "password_file" not in mail and (user := _user(mail.get("relay"))):
        words = f'expected a file with the password, because relay names the user "{user}"; found none'
        yield Mistake(("mail", "password_file"), words)
    if isinstance(mail, dict) and "maildir" in mail and "bounces" not in mail:
        yield Mistake(("mail", "bounces"), "required beside maildir, but not there")
    for _, dkim in at(document, ("mail", "dkim")):
        if isinstance(dkim, dict):
            yield from _dkim(dkim, str(mail.get("from")) if isinstance(mail, dict) else "")


def _dkim(dkim: dict[str, Any], sender: str) -> Iterator[Mistake]:
    """Both halves of a key, and a domain that speaks for the sender (RFC 7489 §3.1.1)."""
    for name in ("selector", "key_file"):
        if name not in dkim:
            yield Mistake(("mail", "dkim", name), "required, but not there")
    ours, domain = sender.rstrip(">").rpartition("@")[2].lower(), str(dkim.get("domain", "")).lower()
    if "@" in sender and domain and not (f".{ours}".endswith(f".{domain}") or domain.endswith(f".{ours}")):
        words = f'the domain of from ("{ours}") or one above or below it'
        yield Mistake(("mail", "dkim", "domain"), wrong(words, domain))


def _subscribing(document: dict[str, Any]) -> Iterator[Mistake]:
    websub = document.get("websub")
    if isinstance(websub, dict) and websub.get("subscribe") is True and "base_url" not in document:
        words = "required beside subscribe = true in [websub], because hubs deliver there, but not there"
        yield Mistake(("base_url",), words)


def _user(relay: Any) -> str | None:
    """The user that the relay asks a password of; None too when the address holds one, which is a mistake by itself."""
    try:
        parts = urlsplit(relay if isinstance(relay, str) else "")
    except ValueError:
        return None
    return parts.username if parts.password is None else None


def _desk(document: dict[str, Any]) -> Iterator[Mistake]:
    """Users who could not come in."""
    yield from _twice(document, "desk.users.*.name", "a name of its own")
    desk = document.get("desk")
    by_password = isinstance(desk, dict) and "trusted_header" not in desk
    for place, user in at(document, ("desk", "users", "*")):
        if by_password and _is_table(user) and "password_hash" not in user:
            yield Mistake((*place, "password_hash"), "required where desk has no trusted_header, but not there")


def _security(document: dict[str, Any]) -> Iterator[Mistake]:
    """security.txt has both, or is none (RFC 9116 §2.5)."""
    about = document.get("about", {})
    if isinstance(about, dict) and ("security_contact" in about) != ("security_expires" in about):
        missing = "security_expires" if "security_contact" in about else "security_contact"
        yield Mistake(("about", missing), "expected security_contact and security_expires together, found one of them")
