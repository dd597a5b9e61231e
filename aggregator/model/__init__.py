"""The vocabulary: frozen values, and the only types that cross a module boundary.

Four modules because they change for four reasons: ``wanted`` is what the operator wants (the configuration),
``answered`` what the server said (RFC 9110), ``written`` what the publisher wrote (RFC 4287), ``noted`` what we noted.
Every datetime is aware and in UTC; an absent collection is ``()``, never None.
"""

from aggregator.model.answered import Response
from aggregator.model.noted import (
    Delivery,
    DeliveryState,
    Document,
    Edition,
    Envelope,
    Letter,
    Match,
    Poll,
    Reply,
    Rule,
    Sighting,
    Story,
    Unread,
    Validators,
)
from aggregator.model.wanted import (
    Article,
    Config,
    Digest,
    Fetch,
    Guard,
    Mail,
    Matching,
    Parse,
    Selectors,
    Server,
    Source,
    Stream,
    Zone,
)
from aggregator.model.written import Category, Content, Entry, Feed, Link, Origin, Person, Text

__all__ = [
    "Article",
    "Category",
    "Config",
    "Content",
    "Delivery",
    "DeliveryState",
    "Digest",
    "Document",
    "Edition",
    "Entry",
    "Envelope",
    "Feed",
    "Fetch",
    "Guard",
    "Letter",
    "Link",
    "Mail",
    "Match",
    "Matching",
    "Origin",
    "Parse",
    "Person",
    "Poll",
    "Reply",
    "Response",
    "Rule",
    "Selectors",
    "Server",
    "Sighting",
    "Source",
    "Story",
    "Stream",
    "Text",
    "Unread",
    "Validators",
    "Zone",
]
