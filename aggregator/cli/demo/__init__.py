"""All of the aggregator at work, offline: two sample zones' sites, a mail sink, and the real daemon between them.

``sites`` serves the zones, ``sink`` takes the mail; the configuration here ties the daemon to both.
"""

from __future__ import annotations

import json
from pathlib import Path

from aggregator.cli.demo.sink import Sink
from aggregator.cli.demo.sites import Sites
from aggregator.desk.passwords import hashed

_CONFIGURATION = """\
# The demo's configuration: what a real one looks like, but for the hurry it is in and for what it is allowed to fetch.
language = "nl-BE"
timezone = "Europe/Brussels"
base_url = {base_url}
database = {database}

[server]
listen = {listen}

[fetch]
interval = "2s"
per_host_pause = "0s"
allow_private = ["127.0.0.0/8"]

[mail]
from = "Samenwerking Elzenbeek en Wijtervoort <nieuws@voorbeeld.example>"
relay = {relay}

[[zones]]
id = "elzenbeek"
name = "Politiezone Elzenbeek"
url = {elzenbeek}
color = "#1d4f91"

[[zones]]
id = "wijtervoort"
name = "Politiezone Wijtervoort"
url = {wijtervoort}
color = "#2f6b3c"

[[sources]]
id = "elzenbeek-nieuws"
zone = "elzenbeek"
url = {feed}
type = "feed"

[[sources]]
id = "wijtervoort-nieuws"
zone = "wijtervoort"
url = {page}
type = "page"
key = '/nl/news/detail/(?P<key>\\d+)'
[sources.page]
item = "article.news"
title = "h2"
link = "h2 a"
date = ".date"
summary = ".text"

[[streams]]
id = "samenwerking"
title = "Samenwerking Elzenbeek en Wijtervoort"
zones = ["elzenbeek", "wijtervoort"]

[[digests]]
id = "demo"
stream = "samenwerking"
every = "20s"
recipients = ["redactie@voorbeeld.example", "lezer@voorbeeld.example"]
open = true
"""


EDITOR = "an"
_DESK = """
[[desk.users]]
name = "an"
password_hash = {hash}
role = "editor"
email = "an@voorbeeld.example"
"""


def configuration(sites: Sites, sink: Sink, directory: Path, *, listen: str, password: str = "") -> str:
    """The TOML of a daemon that reads *sites*, mails to *sink* and keeps its database in *directory*.

    *listen* is ``host:port`` of the daemon's own web server.  With a *password*, ``EDITOR`` may come to the desk with
    it; the file holds its hash alone.
    """
    values = {
        "base_url": f"http://{listen}",
        "database": f"sqlite:///{directory.resolve() / 'aggregator.db'}",
        "listen": listen,
        "relay": sink.relay,
        "elzenbeek": sites.elzenbeek.url,
        "wijtervoort": sites.wijtervoort.url,
        "feed": sites.elzenbeek.feed,
        "page": sites.wijtervoort.news,
    }
    template = _CONFIGURATION
    if password:
        template, values["hash"] = template + _DESK, hashed(password)
    # JSON's strings are TOML's basic strings, escapes included.
    return template.format_map({name: json.dumps(value, ensure_ascii=False) for name, value in values.items()})
