"""A letter and its envelope as the bytes of a message (RFC 5322, MIME).

The same letter and envelope give the same bytes at any time, on any machine: nothing is drawn, nothing is looked up,
and the boundary derives from the Message-ID.  So a message of unknown fate can be sent again as the very same message,
which is what lets a receiver recognise it.

Headers that machines read leave as they are, on one line.  The standard library's policies turn a long List-Unsubscribe
into encoded words, which RFC 2047 §5 forbids there and no mail program reads, and lose or invent spaces where they fold
text; so this one folds nothing but text, and that as encoded words or at a space.
"""

from __future__ import annotations

import re
import textwrap
from binascii import b2a_qp
from dataclasses import replace
from datetime import UTC
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from html import escape
from urllib.parse import quote

from aggregator import text, uri
from aggregator.digest import blanks
from aggregator.errors import MailError
from aggregator.model import Envelope, Letter

_LANGUAGE = re.compile(r"<html[^>]*?\slang=\"?([A-Za-z0-9-]+)")
_MAILBOX = re.compile(r"(?P<name>.*)<(?P<address>[^<>]*)>", re.DOTALL)
_BARE = re.compile(r"[A-Za-z0-9!*+/-]")  # what an encoded word may hold as it is, in a phrase too (RFC 2047 §5)
_SPECIALS = re.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]")  # what RFC 5322 §3.2.3 does not allow in a bare phrase


def compose(letter: Letter, envelope: Envelope) -> bytes:
    """The message: multipart/alternative, text before HTML, every line ended by CRLF; text alone without HTML.

    The letter's blanks are filled from the envelope.  Raises MailError when an address or a header cannot be written;
    the sentence names it.
    """
    message = EmailMessage(_WIRE)
    for name, value in _headers(letter, envelope):
        message[name] = value
    letter = filled(letter, envelope)
    plain = _part("plain", letter.text)
    if letter.html:
        message["Content-Type"] = f'multipart/alternative; boundary="=_{text.digest(envelope.message_id)}"'
        message.set_payload([plain, _part("html", letter.html)])
    else:
        for name, value in plain.items():
            message[name] = value
        message.set_payload(plain.get_payload())
    return message.as_bytes()


def filled(letter: Letter, envelope: Envelope) -> Letter:
    """The letter as one reader has it: its blanks filled with their addresses, else with what serves everybody."""
    fields = {
        blanks.UNSUBSCRIBE: envelope.unsubscribe or unsubscribe(envelope.leave or envelope.reply_to or envelope.sender),
        blanks.PREFERENCES: envelope.preferences or envelope.archive,
        blanks.VIEW: envelope.view or envelope.archive,
    }
    escaped = {name: escape(value) for name, value in fields.items()}
    return replace(letter, text=blanks.fill(letter.text, fields), html=blanks.fill(letter.html, escaped))


def mailbox(value: str) -> tuple[str, str]:
    """Display name and addr-spec of one mailbox as people write it, with or without quotes around the name.

    More lenient than RFC 5322 §3.4, to which "Beringen, Ham <a@example.be>" is two mailboxes.
    """
    found = _MAILBOX.fullmatch(value.strip())
    if not found:
        return "", value.strip()
    name = found["name"].strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name, found["address"].strip()


def ascii_address(address: str) -> str:
    """An addr-spec as every relay can take it: an international domain as A-labels (RFC 5891 §2.3.1).

    Raises MailError for what is no address, and for a local part beyond ASCII, which takes SMTPUTF8 (RFC 6531).
    """
    local, at, domain = address.rpartition("@")
    try:
        host = domain.encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    if not (local and at and host and local.isascii() and address.isprintable()) or " " in address:
        raise MailError(f"{text.clean(address)!r} is not an address that every mail server takes")
    return f"{local}@{host}"


def _headers(letter: Letter, envelope: Envelope) -> list[tuple[str, str]]:
    people = envelope.reply_to or envelope.sender
    return [
        ("Date", format_datetime(envelope.date.astimezone(UTC))),
        ("Message-ID", envelope.message_id),
        ("From", envelope.sender),
        ("To", envelope.recipient),
        *([("Reply-To", envelope.reply_to)] if envelope.reply_to else []),
        ("Subject", letter.subject),
        ("MIME-Version", "1.0"),
        *(("Content-Language", found) for found in _LANGUAGE.findall(letter.html)[:1]),
        ("List-Id", f"<{envelope.list_id}>"),
        *_leaving(envelope),
        ("List-Help", f"<{_mailto(people, 'help')}>"),
        ("List-Owner", f"<{_mailto(people)}>"),
        ("List-Post", "NO"),
        ("List-Archive", f"<{_ascii_url(envelope.archive)}>"),
        ("Auto-Submitted", "auto-generated"),  # RFC 3834 §5: no automatic answers, please
        ("Precedence", "bulk"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
    ]


def _leaving(envelope: Envelope) -> list[tuple[str, str]]:
    """One click where the reader has an address for it, which RFC 8058 §3.1 wants to be https; a mail in any case."""
    by_mail = f"<{unsubscribe(envelope.leave or envelope.reply_to or envelope.sender)}>"
    url = _ascii_url(envelope.unsubscribe or "")
    if not url.startswith("https:"):
        return [("List-Unsubscribe", by_mail)]
    return [
        ("List-Unsubscribe", f"<{url}>, {by_mail}"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def unsubscribe(value: str) -> str:
    """The mailto URI (RFC 6068) by which a reader asks a mailbox to be left out."""
    return _mailto(value, "unsubscribe")


def _mailto(value: str, subject: str | None = None) -> str:
    address = quote(ascii_address(mailbox(value)[1]), safe="@")
    return f"mailto:{address}?subject={subject}" if subject else f"mailto:{address}"


def _part(subtype: str, content: str) -> EmailMessage:
    """Quoted-printable in lines of at most 76 characters (RFC 2045 §6.7): what a reader sees survives every relay."""
    part = EmailMessage(_WIRE)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    lines = content.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    part.set_payload(b2a_qp(lines.encode("utf-8", "replace"), istext=True).decode("ascii"))
    return part


class _Wire(EmailPolicy):
    """Writes headers as the module's law says; refuses what would break a message or smuggle in a header."""

    def header_store_parse(self, name: str, value: str) -> tuple[str, str]:
        return name, value

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value

    def fold(self, name: str, value: str) -> str:
        if "\r" in value or "\n" in value:
            raise MailError(f"The header {name} would have a line break in it: {text.clean(value)}")
        written = _written(name, value)
        if not written.isascii() or any(len(line) > 998 for line in f"{name}: {written}".split("\r\n")):
            raise MailError(f"The header {name} is not ASCII or longer than RFC 5322 allows: {text.clean(value)[:200]}")
        return f"{name}: {written}\r\n"

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii")


_WIRE = _Wire(linesep="\r\n", cte_type="7bit")


def _written(name: str, value: str) -> str:
    match name:
        case "Subject":
            return _words(value, name)
        case "From" | "To" | "Reply-To":
            phrase, address = mailbox(value)
            address = ascii_address(address)
            return f"{_phrase(phrase, name)} <{address}>" if phrase else address
    return value


def _words(value: str, name: str) -> str:
    """Unstructured text, folded at spaces; in encoded words when it is not ASCII or looks like one."""
    value = text.clean(value)
    if not value.isascii() or "=?" in value:
        return _encoded_words(value, name)
    lines = textwrap.wrap(f"{name}: {value}", 76, break_long_words=False, break_on_hyphens=False)
    return "\r\n ".join(lines).removeprefix(f"{name}:").lstrip(" ")


def _encoded_words(value: str, name: str) -> str:
    """RFC 2047 §2 and §5: whole characters, at most 75 of them a word and 76 a line, in the Q encoding."""
    room = 63 - len(f"{name}: ")
    words = [""]
    for char in value:
        piece = "_" if char == " " else char if _BARE.match(char) else "".join(f"={byte:02X}" for byte in char.encode())
        if len(words[-1]) + len(piece) > (room if len(words) == 1 else 63):
            words.append("")
        words[-1] += piece
    return "\r\n ".join(f"=?utf-8?q?{word}?=" for word in words)


def _phrase(value: str, name: str) -> str:
    """A display name: bare, quoted (RFC 5322 §3.2.4) or in encoded words."""
    value = text.clean(value)
    if not value.isascii() or "=?" in value:
        return _encoded_words(value, name)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if _SPECIALS.search(value) else value


def _ascii_url(url: str) -> str:
    """The URL with an international host as A-labels; what cannot be written so is refused with the header."""
    found = uri.absolute(url, None) or url
    host = uri.host(found)
    try:
        return found if host.isascii() else found.replace(host, host.encode("idna").decode("ascii"), 1)
    except UnicodeError:
        return found
