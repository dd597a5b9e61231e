"""What came back: reports of failure (RFC 3464), complaints (RFC 5965), wishes to leave, and automatic answers.

Pure, and for hostile input: any bytes are read, and what cannot be read is ``unknown``.  Nothing here is believed by
itself: only a token in it, which its sender must have been sent, makes it count (``verp``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from typing import Literal

from aggregator.mail import verp

Kind = Literal["failure", "complaint", "leave", "automatic", "unknown"]
Weight = Literal["hard", "soft", "none"]
LIMIT = 200_000
"""Bytes that are read of a mail: a report stands before the mail that it is about."""
_PARTS = 50
_PART = re.compile(rb"(?:multipart|message)/", re.IGNORECASE)
_LONG = re.compile(rb"(?:^|[\r\n])content-[a-z-]+[ \t]*:(?:[^\n]|\n[ \t]){1000}", re.IGNORECASE)

_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_CODE = re.compile(r"\b([45]\d\d)[ -](?:#?([245]\.\d{1,3}\.\d{1,3})\b)?")
_NOBODY = re.compile(
    r"user unknown|unknown user|no such user|no such (?:person|recipient|mailbox)|no mailbox here"
    r"|does(?: not|n't) exist|mailbox (?:not found|unavailable)"
    r"|recipient (?:not found|rejected|address rejected)|address unknown|unknown recipient"
    r"|invalid recipient|unrouteable address|account (?:is )?disabled|bestaat niet|onbekende gebruiker",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"undeliver|returned mail|failure notice|delivery (?:status notification|failure|failed)"
    r"|mail delivery (?:failed|sys)|delivery has failed|onbestelbaar|niet bezorgd|non remis"
    r"|nicht zustellbar|unzustellbar",
    re.IGNORECASE,
)
_DELAYED = re.compile(r"delay|warning: |vertraag|retard|verzöger", re.IGNORECASE)
_MACHINE = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|maildaemon)@|^mailer-daemon\b", re.IGNORECASE)
_LEAVE = re.compile(
    r"(?:(?:re|fw|fwd|aw|antw):\s*)*(?:unsubscribe|uitschrijven|afmelden|désinscription)[.!]?", re.IGNORECASE
)
_HARD = re.compile(r"5\.1\.(?:0|1|2|3|6|10)|5\.2\.1|5\.4\.1")
_FOLD = re.compile(r"\r?\n[ \t]+(?=\S)")
_REPORTS = {"message/delivery-status", "message/global-delivery-status"}
_OURS_TO_MEND = re.compile(r"[245]\.[567]\.\d+|5\.3\.4|5\.2\.3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a mail is, and which tokens it may have from us: *to* at its own address, *inside* anywhere in it.

    *status* is that of RFC 3463, empty when the mail says none; *words* are the receiver's own, as far as a report
    quotes them.
    """

    kind: Kind
    to: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    status: str = ""
    weight: Weight = "none"
    words: str = ""


def read(raw: bytes, recipients: Sequence[str] = ()) -> Returned:
    """What the mail *raw* is; *recipients* are those of its envelope, where they are known."""
    raw = raw[:LIMIT]
    if _is_bomb(raw):
        return Returned(kind="unknown")
    try:
        return _read(raw, recipients)
    except Exception:  # noqa: BLE001 - whatever a stranger's bytes do to the parser, a human looks at them
        return Returned(kind="unknown")


def _is_bomb(raw: bytes) -> bool:
    """Whether it nests parts, or lengthens the parameters of a header, as no mail server does.

    The standard library takes time that grows with the square of either: minutes for what ``LIMIT`` has room for.
    """
    return len(_PART.findall(raw)) > _PARTS or _LONG.search(raw) is not None


def weigh(status: str, words: str = "") -> Weight:
    """How much a failure says about the mailbox: it is not there, it could not take this one, or it is our doing.

    What is refused as unwanted, malformed or too large (X.5, X.6, X.7 of RFC 3463) is the operator's to mend: whoever
    reads it has done nothing, and the same mail is refused to everybody there.
    """
    if _HARD.fullmatch(status) or (status in {"", "5.0.0"} and _NOBODY.search(words)):
        return "hard"
    return "none" if _OURS_TO_MEND.fullmatch(status) else "soft"


def refusal(words: str) -> Weight:
    """The same for what a relay said at once: its code, its status if it has one, its words."""
    found = _CODE.match(words)
    return weigh(found[2] or "", words) if found and words.startswith("5") else "none"


def _read(raw: bytes, recipients: Sequence[str]) -> Returned:
    message = message_from_bytes(raw, policy=policy.compat32)
    words = raw.decode("latin-1")
    own = verp.in_addresses("\n".join([*recipients, *_all(message, _RECIPIENTS)]))
    inside = (*own, *verp.in_addresses(words), *verp.in_links(words))
    parts = list(_parts(message))
    kind, status, weight = _judge(message, parts)
    said = _quoted(parts) if kind == "failure" else ""
    return Returned(kind=kind, to=own, inside=tuple(dict.fromkeys(inside)), status=status, weight=weight, words=said)


def _quoted(parts: Sequence[Message]) -> str:
    """RFC 3464 §2.3.6, without the type that stands before it."""
    found = next((_fields(part) for part in parts if part.get_content_type() in _REPORTS), {})
    return found.get("diagnostic-code", "").partition(";")[2].strip()


def _judge(message: Message, parts: Sequence[Message]) -> tuple[Kind, str, Weight]:
    for part in parts:
        if part.get_content_type() == "message/feedback-report":
            about = _fields(part).get("feedback-type", "abuse").strip().lower()
            return ("automatic" if about == "not-spam" else "complaint"), "", "none"
    for part in parts:
        if part.get_content_type() in _REPORTS:
            return _report(_fields(part))
    if _is_wish(message):
        return "leave", "", "none"
    if found := _strange(message, parts):
        return found
    return ("automatic" if _is_automatic(message) else "unknown"), "", "none"


def _report(fields: dict[str, str]) -> tuple[Kind, str, Weight]:
    """RFC 3464 §2.3: what became of the recipient, who is one since every mail of ours has one."""
    status = _first(_STATUS, fields.get("status", "")) or _first(_STATUS, fields.get("diagnostic-code", ""))
    action = fields.get("action", "").strip().lower()
    if action == "failed" or (not action and status.startswith("5")):
        return "failure", status, weigh(status, fields.get("diagnostic-code", ""))
    return "automatic", status, "none"


def _strange(message: Message, parts: Sequence[Message]) -> tuple[Kind, str, Weight] | None:
    """A failure in a form of its own: Exim's, qmail's, that of old servers and of some gateways; None for none."""
    subject, sender = _text(message, "Subject"), _text(message, "From")
    failed = _text(message, "X-Failed-Recipients")
    empty = _text(message, "Return-Path").strip() == "<>"
    if not (failed or ((empty or _MACHINE.search(sender)) and (_FAILED.search(subject) or _DELAYED.search(subject)))):
        return None
    if _DELAYED.search(subject) and not _FAILED.search(subject):
        return "automatic", "", "none"
    words = "\n".join(_body(part) for part in parts if part.get_content_maintype() == "text")[:20_000]
    status = _first(_STATUS, words)
    if status.startswith("4") and not failed:
        return "automatic", status, "none"
    return "failure", status, weigh(status, words)


def _is_wish(message: Message) -> bool:
    """RFC 2369 §3.2: the subject of the link; a machine's answer to it is none."""
    return bool(_LEAVE.fullmatch(_text(message, "Subject").strip())) and not _is_automatic(message)


def _is_automatic(message: Message) -> bool:
    """RFC 3834 §5, and what was used before it."""
    marked = _text(message, "Auto-Submitted").partition(";")[0].strip().lower() not in {"", "no"}
    older = _text(message, "Precedence").strip().lower() in {"auto_reply", "bulk", "junk", "list"}
    return marked or older or any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply-From"))


def _parts(message: Message) -> Iterator[Message]:
    """The parts of a mail, not those of a mail inside it, at most so many."""
    waiting = [message]
    for _ in range(_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting += [each for each in payload if isinstance(each, Message)]


def _fields(part: Message) -> dict[str, str]:
    """The fields of a report, the first of each name; some servers leave out the blank line between their blocks."""
    payload = part.get_payload()
    blocks = payload if isinstance(payload, list) else []
    lines = "\n".join(str(block) for block in blocks) if blocks else _body(part)
    found: dict[str, str] = {}
    for line in _FOLD.sub(" ", lines).splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() not in found:
            found[name.strip().lower()] = value.strip()
    return found


def _body(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload[:LIMIT].decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _text(message: Message, name: str) -> str:
    """A header as people read it; encoded words that are none stay as they are."""
    value = str(message.get(name, ""))
    try:
        return str(make_header(decode_header(value)))
    except Exception:  # noqa: BLE001 - an unknown charset, base64 that is none: the standard library raises many things
        return value


def _all(message: Message, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield from (str(value) for value in message.get_all(name, []))


def _first(pattern: re.Pattern[str], words: str) -> str:
    found = pattern.search(words)
    return found[1] if found else ""
