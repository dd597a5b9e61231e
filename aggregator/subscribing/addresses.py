"""A mail address as people type it, and what counts as one mailbox or one network.  Pure."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Literal

from email_validator import EmailNotValidError, validate_email

Problem = Literal["missing", "malformed", "beyond_ascii"]
LONGEST, LONGEST_LOCAL = 254, 64  # octets (RFC 5321 §4.5.3.1.3, §4.5.3.1.1)
_DOTLESS = ("gmail.com", "googlemail.com")


def read(typed: str) -> tuple[str, Problem | None]:
    """The address as every relay can take it, or what is wrong with it.

    The domain is folded to small letters and A-labels (RFC 5891 §2.3.1); the local part is its host's business
    (RFC 5321 §2.4) and stays, but must be ASCII: beyond it SMTPUTF8 (RFC 6531) is needed on the whole way.
    """
    if not typed.strip():
        return "", "missing"
    if len(typed) > 2 * LONGEST:
        return "", "malformed"
    try:
        found = validate_email(typed.strip(), check_deliverability=False)
    except EmailNotValidError:
        return "", "malformed"
    if found.smtputf8 or not found.ascii_email:
        return "", "beyond_ascii"
    fits = len(found.ascii_email) <= LONGEST and len(found.local_part) <= LONGEST_LOCAL
    return (found.ascii_email, None) if fits else ("", "malformed")


def mailbox(address: str) -> str:
    """What all spellings of an address have in common that most hosts deliver to one mailbox: no capitals, no tag.

    At Google no dots either: one mailbox there has thousands of addresses that anybody can write.
    """
    local, _, domain = address.lower().rpartition("@")
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '')}@gmail.com" if domain in _DOTLESS else f"{local}@{domain}"


def network(client: str) -> str:
    """What one subscriber of an access provider has: a /24 of IPv4, a /56 of IPv6; what is no address, as it is."""
    try:
        address = ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(ip_network((address, 24 if address.version == 4 else 56), strict=False))
