"""The configuration: what is right is taken, and every mistake is told at once, in words that lead to its place."""

from __future__ import annotations

import os
import re
import tomllib
import typing
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as unhurried
from hypothesis import strategies as st

from aggregator import config
from aggregator.config.form import form, settings, tables
from aggregator.config.values import CHECKS
from aggregator.errors import ConfigError
from aggregator.model import Config, Fetch, Guard, Matching, Notices, Parse, Retention, Server

SHIPPED = Path(__file__).parents[1] / "config" / "aggregator.toml"

RIGHT = """\
language = "nl-BE"
timezone = "Europe/Brussels"
base_url = "https://nieuws.example.be"
authority = "nieuws.example.be,2026"
database = "sqlite:////tmp/a.db"

[server]
listen = "127.0.0.1:0"

[fetch]
contact = "redactie@example.be"
allow_private = ["10.1.0.0/16"]

[mail]
from = "Nieuws <nieuws@example.be>"
relay = "smtp://127.0.0.1:25"

[[zones]]
id = "bht"
name = "Beringen/Ham/Tessenderlo"

[[zones]]
id = "hz"
name = "Heusden-Zolder"

[[sources]]
id = "bht-nieuws"
zone = "bht"
url = "https://www.politie-bht.be/nl/news"
key = '/detail/(?P<key>[0-9]+)'
type = "page"
[sources.page]
item = "article"
title = "h2"

[[sources]]
id = "hz-nieuws"
zone = "hz"
url = "https://www.politie.be/5375/nieuws"

[[streams]]
id = "samenwerking"
title = "Samenwerking"
zones = ["bht", "hz"]

[[digests]]
id = "dagelijks"
stream = "samenwerking"
at = "07:00"
recipients = ["redactie@example.be"]
"""


def load(folder: Path, text: str) -> Config:
    file = folder / "aggregator.toml"
    file.write_text(text, encoding="utf-8")
    return config.load(file)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return list(caught.value.problems)


def changed(*changes: tuple[str, str]) -> str:
    text = RIGHT
    for old, new in changes:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return text


# The shipped file


def uncommented() -> str:
    """The shipped file with every setting that is commented out put to work."""
    return re.sub(r"(?m)^# ([a-z_]+ = |\[)", r"\1", SHIPPED.read_text(encoding="utf-8"))


def test_the_shipped_configuration_loads() -> None:
    """What is shipped works as it is: two zones, a page each, one stream, one digest."""
    shipped = config.load(SHIPPED)
    assert [zone.id for zone in shipped.zones] == ["bht", "hz"]
    assert [(source.id, source.zone, source.type) for source in shipped.sources] == [
        ("bht-nieuws", "bht", "page"),
        ("hz-nieuws", "hz", "page"),
    ]
    assert all(source.note and "aggregator check --online" in source.note for source in shipped.sources)
    assert [stream.id for stream in shipped.streams] == ["samenwerking"]
    assert shipped.zones_of(shipped.stream("samenwerking")) == ("bht", "hz")
    assert shipped.digest("dagelijks").recipients == ("redactie@example.be",)


@pytest.mark.parametrize(
    ("source", "link", "key"),
    [
        ("bht-nieuws", "https://www.politie-bht.be/nl/news/detail/407/een-bericht", "407"),
        ("bht-nieuws", "https://politie-bht.be/nl/news/detail/372/", "372"),
        ("hz-nieuws", "https://www.politie.be/5375/nieuws/persbericht-maandag", "persbericht-maandag"),
        ("hz-nieuws", "https://www.politie.be/5375/nl/nieuws/alcoholcontroles-64", "alcoholcontroles-64"),
        ("hz-nieuws", "https://www.politie.be/5375/nieuws?page=1", None),
    ],
)
def test_the_shipped_patterns_find_the_key_of_an_item(source: str, link: str, key: str | None) -> None:
    """The patterns read the addresses that items of these platforms are known to have."""
    pattern = config.load(SHIPPED).source(source).key
    found = re.search(pattern or "", link)
    assert (found and found["key"]) == key


def test_the_shipped_configuration_shows_every_setting() -> None:
    """Every setting of every table stands in the file, in use or commented out, and nothing else does."""
    document = tomllib.loads(uncommented())
    for path, _, table in tables():
        shown: Any = document
        for name in path:
            shown = shown[name][0] if isinstance(shown[name], list) else shown[name]
        assert set(shown) == set(settings(table)), path


def test_the_shipped_configuration_loads_with_every_setting_in_use(tmp_path: Path) -> None:
    """The examples in the comments are right too, but for the token that stands for user and password."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "style.css").write_text("a { color: red }")
    text = re.sub(r"(?m)^token_file = .*", "", uncommented()).replace("/etc/aggregator/", f"{tmp_path}/")
    everything = load(tmp_path, text)
    assert everything.source("bht-nieuws").interval == Fetch().interval
    assert (everything.theme.icon, everything.theme.style) == (b"<svg/>", "a { color: red }")
    assert everything.mail is not None
    assert everything.mail.password_file == "relay-password"


def test_the_shipped_configuration_shows_the_defaults() -> None:
    """A setting in use has its default, except where the two zones need another one."""
    shipped = config.load(SHIPPED)
    assert (shipped.server, shipped.fetch, shipped.parse) == (Server(), Fetch(), Parse())
    assert (shipped.match, shipped.guard) == (Matching(), Guard())
    assert (shipped.notices, shipped.retention) == (Notices(), Retention())
    source = shipped.sources[0]
    other = {
        "mail": {"sender"},
        "zones": {"id", "name", "url"},
        "sources": {"id", "zone", "url", "type", "key", "note", "page", "article"},
        "page": {"item", "title", "link", "date", "summary"},
        "article": set(),
        "streams": {"id", "title"},
        "digests": {"id", "stream", "recipients"},
        "config": {"mail", "zones", "sources", "streams", "digests"},
    }
    first = {"zones": shipped.zones[0], "streams": shipped.streams[0], "digests": shipped.digests[0]}
    for name, table in {
        **first,
        "mail": shipped.mail,
        "sources": source,
        "page": source.page,
        "article": source.article,
        "config": shipped,
    }.items():
        assert is_dataclass(table)
        differing = {field.name for field in fields(table) if getattr(table, field.name) != _default(field)}
        assert differing == other[name], name


def _default(field: Any) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def test_only_settings_without_a_default_are_commented_out() -> None:
    """Whoever reads the file sees what the program does, not what it could do."""
    optional = {
        name
        for _, _, table in tables()
        for name, kind in settings(table).items()
        if type(None) in typing.get_args(kind)
    }
    commented = re.findall(r"(?m)^# ([a-z_]+) = ", SHIPPED.read_text(encoding="utf-8"))
    assert set(commented) <= optional


def test_every_setting_has_its_one_comment() -> None:
    """Above every setting, when it stands in the file for the first time, there is one line that says what it is."""
    table, seen, before = "", set(), ""
    for line in SHIPPED.read_text(encoding="utf-8").splitlines():
        if header := re.fullmatch(r"(?:# )?\[+([a-z.]+)\]+", line):
            table = header[1]
        setting = re.match(r"(?:# )?([a-z_]+) = ", line)
        if setting and (table, setting[1]) not in seen:
            seen.add((table, setting[1]))
            assert re.match(r"# (?![a-z_]+ = )", before), line
        before = line
    headers = len(list(tables())) - 1
    assert len(seen) == sum(len(settings(table)) for _, _, table in tables()) - headers


def test_no_secret_is_shipped() -> None:
    """The file says where a password is, never what it is."""
    text = SHIPPED.read_text(encoding="utf-8")
    assert not re.search(r"(?m)^\s*#?\s*password\s*=", text)
    assert not re.search(r"://[^/\s\"]*:[^/\s\"]*@", text)


# Mistakes, one by one

LONG = f"{'x' * 65}@example.be"
AUTH = 'url = "https://www.politie.be/5375/nieuws"'
MISTAKES = [
    ('language = "nl-BE"', 'langage = "nl-BE"', 'langage: unknown setting; did you mean "language"?'),
    (
        'language = "nl-BE"',
        'language = "xx"',
        'language: expected a language that Babel knows, such as "nl-BE", found "xx"',
    ),
    ('language = "nl-BE"', "language = 5", "language: expected text in quotes, found 5"),
    ('"nl-BE"', '"nl_BE"', 'language: expected a language that Babel knows, such as "nl-BE", found "nl_BE"'),
    (
        "Europe/Brussels",
        "Europe/Brussel",
        'timezone: expected a time zone such as "Europe/Brussels", found "Europe/Brussel"; '
        'did you mean "Europe/Brussels"?',
    ),
    ("Europe/Brussels", "Europe", 'timezone: expected a time zone such as "Europe/Brussels", found "Europe"'),
    ("Europe/Brussels", "/etc", 'timezone: expected a time zone such as "Europe/Brussels", found "/etc"'),
    (
        "https://nieuws.example.be",
        "nieuws.example.be",
        'base_url: expected an http or https address such as "https://www.example.org/feed", found "nieuws.example.be"',
    ),
    (
        "https://nieuws.example.be",
        "https://nieuws.example.be/?a=1",
        'base_url: expected an address without "?" and "#", found "https://nieuws.example.be/?a=1"',
    ),
    (
        "nieuws.example.be,2026",
        "Nieuws van 2026",
        'authority: expected a domain name and a date, such as "nieuws.example.be,2026", found "Nieuws van 2026"',
    ),
    (
        "sqlite:////tmp/a.db",
        "mysql://u:geheim@h/x",
        'database: expected "sqlite:////path/to/a/file" or "postgresql://user@host/name", found "mysql://u:***@h/x"',
    ),
    (
        "sqlite:////tmp/a.db",
        "sqlite:///:memory:",
        'database: expected "sqlite:////path/to/a/file" or "postgresql://user@host/name", found "sqlite:///:memory:"',
    ),
    (
        "127.0.0.1:0",
        "8080",
        'server.listen: expected "host:port" or "unix:/path", such as "127.0.0.1:8080", found "8080"',
    ),
    (
        "127.0.0.1:0",
        "unix:run/a.sock",
        'server.listen: expected "host:port" or "unix:/path", such as "127.0.0.1:8080", found "unix:run/a.sock"',
    ),
    (
        '[server]\nlisten = "127.0.0.1:0"',
        '[server]\ntrusted_proxies = "localhost"',
        'server.trusted_proxies: expected a network or an address such as "10.1.0.0/16", found "localhost"',
    ),
    ("[fetch]", '[fetch]\nintreval = "1h"', 'fetch.intreval: unknown setting; did you mean "interval"?'),
    (
        "[fetch]",
        '[fetch]\nlisten = "x"',
        "fetch.listen: unknown setting; it belongs in [server]",
    ),
    (
        "[guard]",
        '[guard]\nlanguage = "nl"',
        "guard.language: unknown setting; it belongs at the top of the file, above every header",
    ),
    ("[guard]", "[guard]\nx = 1", 'guard.x: unknown setting; known here: "flood", "moved"'),
    ("[guard]", "[guard]\n'a.b' = 1", 'guard."a.b": unknown setting; known here: "flood", "moved"'),
    ("[guard]", "[gaurd]", 'gaurd: unknown setting; did you mean "guard"?'),
    ("[guard]", "[[guard]]", "guard: expected one table [guard], found a list"),
    ("[guard]", "[guard]\nflood = 0", "guard.flood: expected 1 or more, found 0"),
    ("[guard]", "[guard]\nflood = true", "guard.flood: expected a whole number without quotes, found true"),
    ("[guard]", '[guard]\nflood = "20"', 'guard.flood: expected a whole number without quotes, found "20"'),
    ("[fetch]", "[fetch]\nconcurrency = 5000", "fetch.concurrency: expected 1000 or less, found 5000"),
    ("[fetch]", "[fetch]\nconcurrency = 2.5", "fetch.concurrency: expected a whole number without quotes, found 2.5"),
    ("[fetch]", "[fetch]\nallow_ports = [80, 0]", "fetch.allow_ports[1]: expected 1 or more, found 0"),
    ("[fetch]", "[fetch]\nallow_ports = 80", "fetch.allow_ports: expected a list in brackets, found 80"),
    (
        "[fetch]",
        "[fetch]\ntimeout = 30",
        'fetch.timeout: expected a duration such as "30s", "15m", "1h" or "21d", found 30',
    ),
    (
        "[fetch]",
        '[fetch]\ntimeout = "11y"',
        'fetch.timeout: expected a duration such as "30s", "15m", "1h" or "21d", found "11y"',
    ),
    ("[fetch]", '[fetch]\ninterval = "0s"', 'fetch.interval: expected a duration longer than "0s", found "0s"'),
    (
        "[fetch]",
        '[fetch]\nmax_size = "10"',
        'fetch.max_size: expected a size such as "500kB" or "10MB", found "10"',
    ),
    (
        "10.1.0.0/16",
        "10.1.0.1/16",
        'fetch.allow_private[0]: expected a network or an address such as "10.1.0.0/16", found "10.1.0.1/16"; '
        'did you mean "10.1.0.0/16"?',
    ),
    (
        '"redactie@example.be"\nallow',
        '"bel ons"\nallow',
        "fetch.contact: expected an http or https address or a mail address such as "
        '"redactie@example.be", found "bel ons"',
    ),
    ('from = "Nieuws <nieuws@example.be>"', "", "mail.from: required, but not there"),
    (
        "Nieuws <nieuws@example.be>",
        "nieuws",
        'mail.from: expected one mail address such as "Nieuws <nieuws@example.be>", found "nieuws"',
    ),
    (
        "Nieuws <nieuws@example.be>",
        "a@example.be, b@example.be",
        'mail.from: expected one mail address such as "Nieuws <nieuws@example.be>", found "a@example.be, b@example.be"',
    ),
    (
        "[mail]",
        '[mail]\nreply_to = "<"',
        'mail.reply_to: expected one mail address such as "Nieuws <nieuws@example.be>", found "<"',
    ),
    (
        "smtp://127.0.0.1:25",
        "smtp://127.0.0.1",
        'mail.relay: expected "smtp://host:port", "smtps://user@host:port" or "sendmail:/path", '
        'such as "smtp://127.0.0.1:25", found "smtp://127.0.0.1"',
    ),
    (
        "smtp://127.0.0.1:25",
        "smtps://jan:geheim@relay:465",
        "mail.relay: expected no password in the address: put it into a file and name that in password_file, "
        'found "smtps://jan:***@relay:465"',
    ),
    (
        "smtp://127.0.0.1:25",
        "smtps://jan@relay:465",
        'mail.password_file: expected a file with the password, because relay names the user "jan"; found none',
    ),
    (
        '[mail]\nfrom = "Nieuws <nieuws@example.be>"\nrelay = "smtp://127.0.0.1:25"',
        "",
        "mail: expected a table [mail] with from, because there is a digest; found none",
    ),
    ('name = "Heusden-Zolder"', "", "zones[1].name: required, but not there"),
    ('name = "Heusden-Zolder"', 'name = " "', 'zones[1].name: expected text on one line, found " "'),
    ('name = "Heusden-Zolder"', 'name = ["x"]', "zones[1].name: expected text in quotes, found a list"),
    (
        'name = "Heusden-Zolder"',
        'name = "x"\ncolor = "red"',
        'zones[1].color: expected a colour such as "#1f4e79", found "red"',
    ),
    (
        'name = "Heusden-Zolder"',
        'name = "x"\n[[zones]]\nid = "bht"\nname = "y"',
        'zones[2].id: expected an id of its own, found "bht", which zones[0].id has already',
    ),
    (
        'id = "hz-nieuws"',
        'id = "HZ"',
        'sources[1].id: expected small letters, digits and hyphens, at most 64, such as "bht-nieuws", found "HZ"',
    ),
    (
        "https://www.politie.be/5375/nieuws",
        "ftp://x",
        'sources[1].url: expected an http or https address such as "https://www.example.org/feed", found "ftp://x"',
    ),
    (
        "https://www.politie.be/5375/nieuws",
        "https://jan:geheim@www.politie.be/5375/nieuws",
        "sources[1].url: expected an address without a user and a password: credentials do not belong into it, "
        'found "https://jan:***@www.politie.be/5375/nieuws"',
    ),
    (
        'zone = "hz"',
        'zone = "bth"',
        'sources[1].zone: expected the id of one of the zones ("bht", "hz"), found "bth"; did you mean "bht"?',
    ),
    (
        'id = "hz-nieuws"',
        'id = "bht-nieuws"',
        'sources[1].id: expected an id of its own, found "bht-nieuws", which sources[0].id has already',
    ),
    (
        'title = "h2"',
        'title = "h2"\npages = "?page=1..3"',
        'sources[0].page.pages: expected pages such as "?page={1..3}", at most 50 of them, found "?page=1..3"',
    ),
    (
        'title = "h2"',
        'title = "h2"\n[sources.article]\nmost = 0',
        "sources[0].article.most: expected 1 or more, found 0",
    ),
    (
        'title = "h2"',
        'title = "h2"\n[sources.article]\ntext = "div >"',
        'sources[0].article.text: expected a CSS selector, found "div >": Expected selector, got <EOF at 5>',
    ),
    ('type = "page"', 'type = "rss"', 'sources[0].type: expected "auto", "feed", "page" or "sitemap", found "rss"'),
    (
        'id = "hz-nieuws"',
        'id = "hz-nieuws"\ntype = "page"',
        'sources[1].page: expected a table [sources.page] with item and title, because type is "page"; found none',
    ),
    (
        'id = "hz-nieuws"',
        'id = "hz-nieuws"\nenabled = "yes"',
        'sources[1].enabled: expected true or false, without quotes, found "yes"',
    ),
    (
        "(?P<key>[0-9]+)",
        "(?P<key>[0-9]+",
        'sources[0].key: expected a regular expression, found "/detail/(?P<key>[0-9]+": missing ), unterminated '
        "subpattern at position 8",
    ),
    (
        "(?P<key>[0-9]+)",
        "([0-9]+)",
        r"sources[0].key: expected a group named key, such as '/detail/(?P<key>\d+)', " 'found "/detail/([0-9]+)"',
    ),
    (
        "[fetch]",
        '[fetch]\nproxy = "socks5://proxy:1080"',
        'fetch.proxy: expected "http://host:port", found "socks5://proxy:1080"',
    ),
    (
        "[fetch]",
        '[fetch]\nproxy = "http://jan:geheim@proxy:3128"',
        "fetch.proxy: expected no user and password in the address: HTTP_PROXY may carry them "
        '(proxy_from_environment), found "http://jan:***@proxy:3128"',
    ),
    (
        'id = "hz-nieuws"',
        'id = "hz-nieuws"\nproxy = "none"',
        'sources[1].proxy: expected "http://host:port" or "direct", found "none"',
    ),
    (
        AUTH,
        f"{AUTH}\n[sources.auth]",
        "sources[1].auth: expected user with password_file, token_file, or header with value_file; found none of them",
    ),
    (
        AUTH,
        f'{AUTH}\n[sources.auth]\nuser = "a:b"\npassword_file = "x"',
        'sources[1].auth.user: expected a user name without a colon, found "a:b"',
    ),
    (
        AUTH,
        f'{AUTH}\n[sources.auth]\nuser = "a"',
        "sources[1].auth.password_file: required beside user, but not there",
    ),
    (
        AUTH,
        f'{AUTH}\n[sources.auth]\ntoken_file = "t"\nvalue_file = "x"',
        "sources[1].auth.header: required beside value_file, but not there",
    ),
    (
        AUTH,
        f'{AUTH}\n[sources.auth]\nuser = "a"\npassword_file = "x"\ntoken_file = "t"',
        'sources[1].auth.token_file: expected one of "user", "token_file", because a request has one Authorization '
        "header; found both",
    ),
    (
        AUTH,
        f'{AUTH}\n[sources.auth]\ntoken_file = "t"\nheader = "authorization"\nvalue_file = "x"',
        'sources[1].auth.header: expected one of "token_file", "header", because a request has one Authorization '
        "header; found both",
    ),
    (
        AUTH,
        f'{AUTH}\n[sources.auth]\nheader = "X Key"\nvalue_file = "x"',
        'sources[1].auth.header: expected the name of a header, such as "X-Api-Key", found "X Key"',
    ),
    (
        AUTH,
        f'{AUTH}\n[sources.auth]\nheader = "Cookie"\nvalue_file = "x"',
        'sources[1].auth.header: expected a header that is not ours to set already, found "Cookie"',
    ),
    (
        AUTH,
        f'{AUTH}\n[sources.auth]\nuser = "a"\npassword_file = "x"\npassword = "geheim"',
        'sources[1].auth.password: unknown setting; did you mean "password_file"?',
    ),
    (
        'item = "article"',
        'item = "article >"',
        'sources[0].page.item: expected a CSS selector, found "article >": Expected selector, got <EOF at 9>',
    ),
    (
        'item = "article"',
        'item = "//*["',
        'sources[0].page.item: expected an XPath expression, found "//*[": Invalid expression',
    ),
    (
        'item = "article"',
        'item = "article"\nstrip = ["^Bel 101", "(nix"]',
        'sources[0].page.strip[1]: expected a regular expression, found "(nix": '
        "missing ), unterminated subpattern at position 0",
    ),
    ('title = "h2"', "", "sources[0].page.title: required, but not there"),
    ('title = "h2"', 'title = "h2"\nmin_items = -1', "sources[0].page.min_items: expected 0 or more, found -1"),
    (
        'zones = ["bht", "hz"]',
        'zones = ["bht", "limburg"]',
        'streams[0].zones[1]: expected the id of one of the zones ("bht", "hz"), found "limburg"',
    ),
    (
        'zones = ["bht", "hz"]',
        'zones = "bht"\nprefer = "hz"',
        'streams[0].prefer: expected one of the stream\'s zones ("bht"), found "hz"',
    ),
    (
        'zones = ["bht", "hz"]',
        'prefer = "x"',
        'streams[0].prefer: expected one of the stream\'s zones ("bht", "hz"), found "x"',
    ),
    ('title = "Samenwerking"', r'title = "a\nb"', r'streams[0].title: expected text on one line, found "a\nb"'),
    (
        'stream = "samenwerking"',
        'stream = "samenwerken"',
        'digests[0].stream: expected the id of one of the streams ("samenwerking"), found "samenwerken"; '
        'did you mean "samenwerking"?',
    ),
    (
        '"07:00"',
        '"7 uur"',
        'digests[0].at: expected a time of day such as "07:00", or a list of them, found "7 uur"',
    ),
    (
        'at = "07:00"',
        'days = "ma-vr"',
        'digests[0].days: expected days such as "mon-fri" or ["mon", "thu"], of mon tue wed thu fri sat sun, '
        'found "ma-vr"',
    ),
    (
        'recipients = ["redactie@example.be"]',
        "",
        "digests[0].recipients: expected at least one mail address, found none",
    ),
    ('["redactie@example.be"]', "[]", "digests[0].recipients: expected at least one mail address, found none"),
    (
        '["redactie@example.be"]',
        '"redactie"',
        'digests[0].recipients: expected a mail address such as "redactie@example.be", found "redactie"',
    ),
    (
        '["redactie@example.be"]',
        '["a@example.be", "Jan <jan@example.be>"]',
        'digests[0].recipients[1]: expected a mail address such as "redactie@example.be", found "Jan <jan@example.be>"',
    ),
    (
        '["redactie@example.be"]',
        f'["{LONG}"]',
        f'digests[0].recipients[0]: expected a mail address such as "redactie@example.be", found "{LONG}"',
    ),
    (
        '["redactie@example.be"]',
        '["a@example.be", "A@example.be"]',
        'digests[0].recipients[1]: expected each address once, found "A@example.be", which digests[0].recipients[0] '
        "has already",
    ),
    (
        "[[zones]]\nid",
        '[[digests]]\nid = "dagelijks"\nstream = "samenwerking"\nrecipients = "a@example.be"\n[[zones]]\nid',
        'digests[1].id: expected an id of its own, found "dagelijks", which digests[0].id has already',
    ),
]
WITH_GUARD = f"{RIGHT}\n[guard]\n"


@pytest.mark.parametrize(("old", "new", "words"), MISTAKES)
def test_a_mistake_is_told_with_its_place(old: str, new: str, words: str, tmp_path: Path) -> None:
    """Each mistake is one problem: path in the file, what was expected, what was found."""
    assert WITH_GUARD.count(old) >= 1
    assert problems(tmp_path, WITH_GUARD.replace(old, new, 1)) == [words]


HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo"


@pytest.mark.parametrize("cut", [HASH[:-9], HASH.replace("m=65536,", ""), HASH.replace("argon2id", ""), f"{HASH} "])
def test_a_hash_that_lost_a_part_is_a_mistake(cut: str, tmp_path: Path) -> None:
    """Half a hash lets nobody in and says nothing of it; the mistake is told without the hash."""

    def with_hash(kept: str) -> str:
        return f"{RIGHT}\n[[desk.users]]\nname = 'an'\npassword_hash = '{kept}'\n"

    assert load(tmp_path, with_hash(HASH)).desk.users[0].password_hash == HASH
    (told,) = problems(tmp_path, with_hash(cut))
    assert "aggregator desk password" in told
    assert "c2Fs" not in told


def test_what_is_right_is_taken(tmp_path: Path) -> None:
    """The file that the other tests break is right itself."""
    assert load(tmp_path, WITH_GUARD).source("hz-nieuws").type == "auto"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sqlite:////tmp/a.db", "sqlite:///relative.db"),
        ("sqlite:////tmp/a.db", "postgresql://jan:geheim@db.example.be:5432/nieuws"),
        ("sqlite:////tmp/a.db", "postgresql:///nieuws"),
        ("127.0.0.1:0", "[::1]:8080"),
        ("127.0.0.1:0", "localhost:80"),
        ("127.0.0.1:0", "unix:/run/aggregator/http.sock"),
        ('"redactie@example.be"\nallow', '"https://nieuws.example.be/over"\nallow'),
        ("10.1.0.0/16", "fd00::/8"),
        ("10.1.0.0/16", "10.1.2.3"),
        ("Nieuws <nieuws@example.be>", "Politie Zolder-één <nieuws@example.be>"),
        ("nieuws.example.be,2026", "nieuws.example.be"),
        ("nieuws.example.be,2026", "redactie@example.be,2026-11-23"),
        ("https://nieuws.example.be", "https://www.example.be/nieuws/"),
        ("smtp://127.0.0.1:25", "smtps://[::1]:465/"),
        ('item = "article"', "item = './/article[h2]'"),
        ('item = "article"', 'item = "//article"'),
        ('title = "h2"', 'title = "h2::text"\nlink = "a::attr(href)"'),
        ('at = "07:00"', "at = 07:00:00"),
        ('at = "07:00"', 'at = ["07:00", "17:00"]\ndays = "mon-fri"'),
        ('at = "07:00"', 'every = "20s"'),
        ('zones = ["bht", "hz"]', 'zones = "hz"\nprefer = "hz"'),
        ("[fetch]", '[fetch]\nproxy = "http://[::1]:3128/"'),
        ('id = "hz-nieuws"', 'id = "hz-nieuws"\nproxy = "direct"'),
        (AUTH, f'{AUTH}\n[sources.auth]\nuser = "a"\npassword_file = "x"\nheader = "X-Key"\nvalue_file = "y"'),
        (AUTH, f'{AUTH}\nauth = {{header = "Authorization", value_file = "/x"}}'),
    ],
)
def test_other_spellings_are_right_too(old: str, new: str, tmp_path: Path) -> None:
    """What people may well write, and what is meant by it is clear, is taken, and costs nothing beside it."""
    loaded = load(tmp_path, changed((old, new)))
    assert [source.id for source in loaded.sources] == [source.id for source in load(tmp_path, changed()).sources]


def test_every_mistake_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Ten different mistakes are ten problems, whichever check finds them; nothing is told twice."""
    text = changed(
        ('language = "nl-BE"', 'langage = "nl-BE"'),
        ("Europe/Brussels", "Brussel"),
        ("[fetch]", "[fetch]\ntimeout = 30"),
        ("127.0.0.1:25", "127.0.0.1"),
        ('name = "Heusden-Zolder"', ""),
        ('zone = "bht"', 'zone = "bth"'),
        ("https://www.politie-bht.be/nl/news", "politie-bht.be"),
        ("(?P<key>[0-9]+)", "("),
        ('title = "Samenwerking"', "title = 5"),
        ('"redactie@example.be"]', '"redactie"]'),
    )
    assert [problem.split(":")[0] for problem in problems(tmp_path, text)] == [
        "langage",
        "timezone",
        "fetch.timeout",
        "mail.relay",
        "zones[1].name",
        "sources[0].zone",
        "sources[0].url",
        "sources[0].key",
        "streams[0].title",
        "digests[0].recipients[0]",
    ]


def test_an_error_names_the_file_and_counts(tmp_path: Path) -> None:
    """The first line says which file and how many mistakes."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, changed(("[fetch]", "[fetch]\nx = 1")))
    assert caught.value.where == f"{tmp_path}/aggregator.toml: 1 mistake"
    assert str(caught.value).splitlines()[0] == caught.value.where


def test_an_empty_file_lacks_everything_that_is_required(tmp_path: Path) -> None:
    """Without zones, sources and streams there is nothing to do, and that is said."""
    assert problems(tmp_path, "") == [
        "zones: expected at least one table [[zones]], found none",
        "sources: expected at least one table [[sources]], found none",
        "streams: expected at least one table [[streams]], found none",
    ]


def test_single_brackets_are_told_from_double_ones(tmp_path: Path) -> None:
    """[zones] instead of [[zones]] is the usual slip, and gets its own words."""
    text = '[zones]\nid = "a"\n[sources]\nid = "b"\n[streams]\nid = "c"\n'
    assert problems(tmp_path, text) == [
        f"{kind}: expected tables [[{kind}]] with double brackets, found a table"
        for kind in ("zones", "sources", "streams")
    ]


HEADERS = [match[0] for match in re.finditer(r"(?m)^\[.*\]$", RIGHT)]


@unhurried(deadline=None)
@given(number=st.integers(0, len(HEADERS) - 1), name=st.from_regex(r"\A[a-z_]{1,12}\Z"))
def test_an_unknown_setting_is_refused_wherever_it_stands(
    number: int, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No table takes a setting that it does not know, and nothing else is said about it."""
    if any(name in settings(table) for _, _, table in tables()):
        return
    parts = re.split(r"(?m)^(\[.*\])$", RIGHT)
    parts[2 * number + 1] += f"\n{name} = 1"
    (problem,) = problems(tmp_path_factory.getbasetemp(), "".join(parts))
    assert re.fullmatch(rf"[a-z.\[\]0-9]+\.{name}: unknown setting; .*", problem)


ODD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["<", "://:@", "a:b"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["id", "url", "page", "zone", "x", ""]), inner, max_size=3),
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(settings(Config))), ODD, max_size=3))
@unhurried(deadline=None)
def test_whatever_the_file_says_the_answer_is_a_configuration_or_words(odd: dict[str, Any]) -> None:
    """No value, however odd, ends in anything but a ConfigError."""
    document = {**tomllib.loads(RIGHT), **odd}
    with suppress(ConfigError):
        assert config.checked(document, where="odd.toml") == form(document)[0]


def test_every_check_is_of_a_setting_that_exists() -> None:
    """A check of a setting that was renamed would say nothing for ever."""
    for pattern in CHECKS:
        *path, name = pattern.removesuffix(".*").replace(".*.", ".").split(".")
        assert any(tuple(path) == above and name in settings(table) for above, _, table in tables()), pattern


# Files


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('a = 1\nb = "x\n', "line 2, column 7: not TOML: illegal character '\\n'"),
        (
            "a = 1\nb = nieuws\n",
            "line 2, column 5: not TOML: invalid value; texts, times and durations stand in quotes, "
            'as in interval = "1h"',
        ),
        (
            "interval = 1h\n",
            "line 1, column 13: not TOML: expected newline or end of document after a statement; "
            'texts, times and durations stand in quotes, as in interval = "1h"',
        ),
        (
            'key = "\\d"\n',
            "line 1, column 10: not TOML: unescaped '\\' in a string; patterns stand in single quotes, "
            r"as in key = '/detail/(?P<key>\d+)'",
        ),
        (
            "[mail]\n[mail]\n",
            "line 2, column 6: not TOML: cannot declare ('mail',) twice; a table may stand there once, and several "
            "of a kind take double brackets, as in [[zones]]",
        ),
        (
            "[sources.page]\nitem = 'a'\n[[sources]]\n",
            "line 3, column 10: not TOML: cannot overwrite a value; a setting may stand there once, and "
            "[sources.page] only behind its [[sources]]",
        ),
        ("a = 1\nb", "line 2, column 2: not TOML: expected '=' after a key in a key/value pair"),
    ],
)
def test_a_file_that_is_no_toml_is_told_by_line_and_column(text: str, words: str, tmp_path: Path) -> None:
    """File, line, column, and what people usually did."""
    assert problems(tmp_path, text) == [f"{tmp_path}/aggregator.toml, {words}"]


def test_a_file_in_another_encoding_is_told_by_its_line(tmp_path: Path) -> None:
    """A file saved as Latin-1 is named with the line that shows it."""
    file = tmp_path / "latin.toml"
    file.write_bytes('# one\nname = "één"\n'.encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        config.load(file)
    assert str(caught.value) == f"{file}, line 2: not UTF-8; save the file in that encoding"


def test_a_byte_order_mark_and_carriage_returns_are_no_mistake(tmp_path: Path) -> None:
    """A file that came by way of Windows is read like any other."""
    file = tmp_path / "windows.toml"
    file.write_bytes(b"\xef\xbb\xbf" + RIGHT.replace("\n", "\r\n").encode())
    assert config.load(file).language == "nl-BE"


def test_deep_nesting_is_refused_in_words(tmp_path: Path) -> None:
    """A file made to exhaust the stack is refused like any other."""
    assert problems(tmp_path, "a = " + "[" * 100_000) == [
        f"{tmp_path}/aggregator.toml: not a configuration: lists or tables are nested too deeply"
    ]


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    """Which file, and two ways on."""
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path / "none.toml")
    assert str(caught.value) == (
        f"{tmp_path}/none.toml: there is no such file; copy config/aggregator.toml there, or name another with --config"
    )


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A path that leads to a folder is refused in words."""
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path)
    assert str(caught.value) == f"{tmp_path}: cannot be read: is a directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    """Permission denied says who should run this."""
    file = tmp_path / "aggregator.toml"
    file.touch(mode=0)
    with pytest.raises(ConfigError, match=r"permission denied; run this as the user of the service"):
        config.load(file)


# Which file


def test_the_option_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--config before AGGREGATOR_CONFIG before the usual places."""
    there = tmp_path / "there.toml"
    there.touch()
    monkeypatch.setenv(config.VARIABLE, str(there))
    assert config.find(Path("option.toml"), places=[there]) == Path("option.toml")
    assert config.find(None, places=[]) == there
    monkeypatch.setenv(config.VARIABLE, "")
    assert config.find(None, places=[tmp_path / "none.toml", there]) == there
    monkeypatch.delenv(config.VARIABLE)
    assert config.find(None, places=[there, tmp_path]) == there


def test_the_usual_places_are_the_machine_and_the_checkout() -> None:
    """An installed service has its file in /etc, a checkout has the shipped one."""
    assert list(map(str, config.PLACES)) == ["/etc/aggregator/aggregator.toml", "config/aggregator.toml"]


def test_a_variable_that_leads_nowhere_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Going on to another file would hide the mistake."""
    monkeypatch.setenv(config.VARIABLE, str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError) as caught:
        config.find(None)
    assert str(caught.value) == f"{tmp_path}/none.toml: there is no such file, although AGGREGATOR_CONFIG names it"


def test_no_file_anywhere_names_the_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The places that were looked at, and two ways on."""
    monkeypatch.delenv(config.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        config.find(None, places=[tmp_path / "etc.toml", Path("config/aggregator.toml")])
    assert str(caught.value) == (
        f"there is no configuration: looked for {tmp_path}/etc.toml and {tmp_path}/config/aggregator.toml; "
        "name a file with --config FILE, or in AGGREGATOR_CONFIG"
    )


# Passwords


def test_a_password_is_read_from_a_file_without_its_newline(tmp_path: Path) -> None:
    """The newline that every editor adds is no part of a password; white space is."""
    file = tmp_path / "relay"
    file.write_text(" geheim \r\n", encoding="utf-8")
    assert config.secret(str(file)) == " geheim "


def test_a_name_is_a_credential_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd passes credentials in a directory of its own (systemd.exec(5))."""
    (tmp_path / "relay").write_text("geheim\n", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert config.secret("relay") == "geheim"


def test_a_password_that_cannot_be_had_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing, empty, unreadable, and no password of a wrong place: each says what to do, and never the password."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.write_text("\n", encoding="utf-8")
    binary.write_bytes(b"\xff\xfe")
    assert refusal(f"{tmp_path}/none") == f'the password in "{tmp_path}/none" cannot be read: no such file or directory'
    assert refusal(str(tmp_path)) == f'the password in "{tmp_path}" cannot be read: is a directory'
    assert refusal(str(empty)) == f'the password in "{empty}" is empty'
    assert refusal(str(binary)) == f'the password in "{binary}" cannot be read: it is not UTF-8'
    assert refusal("../relay") == '"../relay" is neither an absolute path nor the name of a systemd credential'
    assert refusal("relay") == (
        '"relay" names a systemd credential, but this was not started by a unit with LoadCredential=relay:…; '
        "write an absolute path for a file"
    )
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert refusal("relay") == (
        'the password in "relay" cannot be read: no such file or directory; '
        "give the unit LoadCredential=relay:…, or write an absolute path for a file"
    )


def refusal(name: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config.secret(name)
    return str(caught.value)


def test_who_subscribes_says_where_hubs_deliver(tmp_path: Path) -> None:
    """subscribe = true without base_url would give hubs an address of this machine alone."""
    text = changed(
        ('base_url = "https://nieuws.example.be"\n', ""), ("[server]", "[websub]\nsubscribe = true\n[server]")
    )
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("base_url: required beside subscribe = true")
    assert load(tmp_path, changed(("[server]", "[websub]\nsubscribe = true\n[server]"))).websub.subscribe
