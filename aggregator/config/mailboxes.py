"""Whether a setting names one mailbox (RFC 5322 §3.4), in ASCII."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address, AddressHeader, HeaderRegistry

from aggregator.config.words import wrong

HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_HEADERS = HeaderRegistry()


def sender(value: str) -> str | None:
    """The value of a From header with one mailbox (RFC 5322 §3.6.2)."""
    if _mailbox(value):
        return None
    return wrong('one mail address such as "Nieuws <nieuws@example.be>"', value)


def address(value: str) -> str | None:
    mailbox = _mailbox(value)
    if mailbox and mailbox.addr_spec == value:
        return None
    return wrong('a mail address such as "redactie@example.be"', value)


def _mailbox(value: str) -> Address | None:
    """The one mailbox that *value* names, in ASCII: not every relay takes more (RFC 6531)."""
    try:
        header = _HEADERS("From", value)
    except (ValueError, LookupError, AttributeError, TypeError, HeaderParseError):  # the parser trips over some, as "<"
        return None
    assert isinstance(header, AddressHeader)
    if header.defects or len(header.addresses) != 1 or any(group.display_name for group in header.groups):
        return None
    (mailbox,) = header.addresses
    fits = len(mailbox.addr_spec) <= 254 and len(mailbox.addr_spec.rpartition("@")[0]) <= 64  # RFC 5321 §4.5.3.1
    usable = mailbox.username and mailbox.addr_spec.isascii() and fits
    return mailbox if usable and HOST.fullmatch(mailbox.domain) else None


def bounces(value: str) -> str | None:
    """With a token behind it the local part must have at most 64 octets (RFC 5321 §4.5.3.1.1)."""
    local = value.partition("@")[0]
    if mistake := address(value):
        return mistake
    if "+" in local or len(local) > 20:
        return wrong('a mail address with at most 20 characters before the at sign, and no "+" there', value)
    return None
