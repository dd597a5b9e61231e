"""What must be true of a digest on the wire; ``lint`` names everything that is not.

Reads the bytes themselves, because the standard library repairs on reading what it spoils on writing.
"""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

ONCE = (
    *("date", "message-id", "from", "to", "subject", "mime-version", "content-type", "auto-submitted", "precedence"),
    *("list-id", "list-unsubscribe", "list-archive", "list-help", "list-owner", "list-post"),
    "x-auto-response-suppress",
)
ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bq]\?[^?\s]*\?=", re.IGNORECASE)
# C0 but tab and line ends, C1, and what reorders text (UAX #9).
UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd]")
FORBIDDEN = {"script", "link", "base", "iframe", "frame", "object", "embed", "form", "svg", "video", "audio", "source"}
LOADING = {"src", "srcset", "background", "poster", "data", "action"}
CSS = re.compile(r"@import|@font-face|url\(|expression\(", re.IGNORECASE)
MARKUP = re.compile(
    r"</?(?:p|a|b|br|em|strong|span|div|table|td|li|ul)\b[^>]*>|&(?:amp|lt|gt|quot|nbsp|#\d+);", re.IGNORECASE
)
MAX_MAIL = 90_000


def lint(raw: bytes) -> list[str]:
    """Everything that is wrong with a message, in words; empty when it is good."""
    head, _, _ = raw.partition(b"\r\n\r\n")
    message = message_from_bytes(raw, policy=policy.default)
    found = [*_lines(raw), *_head(head), *_leaving(message), *_structure(message)]
    found += [f"it has {len(raw)} bytes"] if len(raw) >= MAX_MAIL else []
    for part in _parts(message):
        content = part.get_content()
        found += [
            f"{part.get_content_type()} holds U+{ord(char):04X}" for char in sorted(set(UNWANTED.findall(content)))
        ]
        if part.get_content_type() == "text/html":
            found += lint_html(content)
        elif MARKUP.search(content):
            found.append("the text part holds markup")
    return found


def lint_html(markup: str) -> list[str]:
    """What is wrong with the HTML part."""
    reader = _Reader()
    reader.feed(re.sub(r"<!--\[if mso\]>.*?<!\[endif\]-->", "", markup, flags=re.DOTALL))
    found = reader.found
    if reader.headings[:1] != [1] or reader.headings.count(1) != 1:
        found.append("it does not begin with its only h1")
    steps = zip(reader.headings, reader.headings[1:], strict=False)
    found += [f"h{after} follows h{before}" for before, after in steps if after > before + 1]
    if len(reader.articles) != 1:
        found.append(f"{len(reader.articles)} elements have role=article")
    for element in (*reader.roots, *reader.articles):
        found += [
            f"{name} is missing beside role=article or on html" for name in ("lang", "dir") if not element.get(name)
        ]
    return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.headings: list[int] = []
        self.roots: list[dict[str, str | None]] = []
        self.articles: list[dict[str, str | None]] = []
        self.in_style = False

    def handle_data(self, data: str) -> None:
        if self.in_style:
            self.style(data)

    def handle_endtag(self, tag: str) -> None:
        self.in_style = self.in_style and tag != "style"

    def style(self, rules: str) -> None:
        self.found += [f"a style loads something: {hit}" for hit in CSS.findall(rules)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.roots.append(given)
        if given.get("role") == "article":
            self.articles.append(given)
        if tag == "table" and given.get("role") != "presentation":
            self.found.append("a table is not role=presentation")
        if tag == "img" and given.get("alt") is None:
            self.found.append("an image has no alt")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        href = given.get("href")
        if href is not None and not re.match(r"(https?|mailto|tel):", href):
            self.found.append(f"a link goes to {href}")
        self.found += [f"{name} is a script" for name in given if name.startswith("on")]
        self.found += [f"<{tag} {name}> loads something" for name in given if name in LOADING]
        if tag in FORBIDDEN:
            self.found.append(f"<{tag}> has no place in a mail")
        self.in_style = tag == "style"
        self.style(given.get("style") or "")


def _lines(raw: bytes) -> list[str]:
    found = []
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        found.append("a line does not end with CRLF")
    if not raw.isascii():
        found.append("it is not ASCII")
    longest = max(map(len, raw.split(b"\r\n")))
    if longest > 998:
        found.append(f"a line has {longest} characters")
    return found


def _head(head: bytes) -> list[str]:
    lines = re.sub(rb"\r\n(?=[ \t])", b"\n", head).split(b"\r\n")
    names = [line.partition(b":")[0].decode().lower() for line in lines]
    found = [f"{name} occurs {names.count(name)} times" for name in ONCE if names.count(name) != 1]
    for name, line in zip(names, lines, strict=True):
        machine = name not in {"subject", "from", "to", "reply-to"}
        if machine and (ENCODED_WORD.search(line) or b"\n" in line):
            found.append(f"{name} is encoded or folded")
        if ENCODED_WORD.search(line) and max(map(len, line.split(b"\n"))) > 76:
            found.append(f"{name} has an encoded word on a line of more than 76 characters (RFC 2047 §2)")
    return found


def _leaving(message: EmailMessage) -> list[str]:
    """RFC 8058 §3.1: one https address, and the header that says so, or neither; RFC 2369 beside it."""
    ways = re.findall(r"<([a-z]+):[^<>]*>", str(message["list-unsubscribe"]))
    found = [] if "mailto" in ways else ["no mailto unsubscribes"]
    clicks = message.get_all("list-unsubscribe-post", [])
    if clicks != ["List-Unsubscribe=One-Click"] * ways.count("https") or ways.count("https") > 1:
        found.append("it is not RFC 8058's one click")
    return found


def _parts(message: EmailMessage) -> list[EmailMessage]:
    return [part for part in message.walk() if not part.is_multipart() and isinstance(part, EmailMessage)]


def _structure(message: EmailMessage) -> list[str]:
    found = [f"{part.get_content_type()} is broken: {defect}" for part in message.walk() for defect in part.defects]
    types = [part.get_content_type() for part in message.walk()]
    if types not in (["multipart/alternative", "text/plain", "text/html"], ["text/plain"]):
        return [*found, "it is not multipart/alternative with text before HTML, nor text alone"]
    if types[1:] and not message["content-language"]:
        found.append("content-language is missing")
    for part in _parts(message):
        if part["content-transfer-encoding"] != "quoted-printable":
            found.append(f"{part.get_content_type()} is not quoted-printable")
        payload = part.get_payload()
        assert isinstance(payload, str)
        if max(map(len, payload.splitlines()), default=0) > 76:
            found.append(f"{part.get_content_type()} has a line of more than 76 characters (RFC 2045 §6.7)")
    return found
