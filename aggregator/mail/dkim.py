"""Signing (DKIM, RFC 6376), for those whose relay does not sign.

A message that is sent again is signed again, and must be the same bytes: RSA gives the same signature for the same
text, and the time in it is the message's own Date, never the present.

dkimpy computes in Python: about 9 ms with a key of 2048 bits, and threads share them.  A relay that signs (rspamd,
OpenDKIM) does it beside us.
"""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

import dkim
from dkim.crypto import ASN1FormatError, UnparsableKeyError, parse_pem_private_key
from dkim.dnsplug import get_txt

from aggregator.errors import ConfigError
from aggregator.mail.message import mailbox
from aggregator.model import Dkim

FROZEN = (b"From", b"To", b"Subject", b"Date", b"Message-ID", b"List-Unsubscribe", b"List-Unsubscribe-Post")
"""Signed once more than they are there, so that nobody can add another one (RFC 6376 §5.4.2)."""
SIGNED = (
    *FROZEN, b"Reply-To", b"MIME-Version", b"Content-Type", b"Content-Language", b"List-Id", b"List-Help",
    b"List-Owner", b"List-Post", b"List-Archive", b"Auto-Submitted",
)  # fmt: skip
"""RFC 8058 §4 wants both List-Unsubscribe headers among them; dkimpy's own choice has only the first."""
LEAST_BITS = 1024  # RFC 8301 §3.2; 2048 are better

_UNREADABLE = (UnparsableKeyError, ASN1FormatError, ValueError, LookupError, AssertionError)
"""What dkimpy raises for a key that is none, in the end of its ASN.1."""
Lookup = Callable[..., bytes | None]


class Signer:
    """*sender* is the value of From, whose domain signs by default.  Raises ConfigError for a key that cannot sign."""

    def __init__(self, settings: Dkim, key: str, sender: str) -> None:
        self._domain = settings.domain or mailbox(sender)[1].rpartition("@")[2]
        self._selector = settings.selector or ""
        self._key = key.replace("\r\n", "\n").encode()
        try:
            self._modulus = parse_pem_private_key(self._key)["modulus"]
        except _UNREADABLE:
            words = f'the key in "{settings.key_file}" is no RSA private key in PEM: openssl genrsa -out FILE 2048'
            raise ConfigError([f"mail.dkim: {words}"]) from None
        if self._modulus.bit_length() < LEAST_BITS:
            raise ConfigError([f'mail.dkim: the key in "{settings.key_file}" has fewer than {LEAST_BITS} bits'])

    @property
    def name(self) -> str:
        """Where in the DNS the public key is looked for (RFC 6376 §3.6.2.1)."""
        return f"{self._selector}._domainkey.{self._domain}"

    def sign(self, content: bytes) -> bytes:
        """*content* with a DKIM-Signature above it."""
        signature = _Signing(content).sign(
            self._selector.encode(),
            self._domain.encode("idna"),
            self._key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=_names(content),
        )
        return bytes(signature) + content

    def problem(self, lookup: Lookup = get_txt) -> str | None:
        """What keeps receivers from verifying a signature, in a sentence with what to do; None when nothing does."""
        try:
            record = lookup(f"{self.name}.".encode(), timeout=5)
        except dkim.DKIMException as failure:
            return f"the DNS could not be asked for {self.name}: {failure}"
        if not record:
            return f'there is no TXT record {self.name}; publish "v=DKIM1; k=rsa; p=…" with the public key there'
        try:
            key, _, kind, _ = dkim.evaluate_pk(self.name.encode(), record)
        except (dkim.DKIMException, *_UNREADABLE) as failure:
            return f"the TXT record {self.name} cannot be used: {failure}"
        if kind != b"rsa" or key["modulus"] != self._modulus:
            return f"the TXT record {self.name} has another key than key_file; every signature would fail"
        return None


class _Signing(dkim.DKIM):  # type: ignore[misc]
    """dkimpy takes the present for the time of a signature; this takes the message's own."""

    def gen_header(self, fields: list[tuple[bytes, bytes]], *others: object, **named: object) -> bytes:
        written = next(value for name, value in self.headers if name.lower() == b"date")
        moment = parsedate_to_datetime(written.decode("ascii").strip())
        fields = [(tag, str(int(moment.timestamp())).encode() if tag == b"t" else value) for tag, value in fields]
        made: bytes = super().gen_header(fields, *others, **named)
        return made


def _names(content: bytes) -> list[bytes]:
    """The headers to sign: those of ``SIGNED`` that are there, and ``FROZEN`` once more."""
    head = message_from_bytes(content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", policy=policy.compat32)
    there = {name.lower() for name in head}
    return [name for name in SIGNED if name.decode().lower() in there] + list(FROZEN)
