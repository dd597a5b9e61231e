"""Signing: what is covered, that it is the same twice, and what receivers make of it."""

from __future__ import annotations

import re
import subprocess
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest

from aggregator.errors import ConfigError
from aggregator.mail.dkim import Signer
from aggregator.mail.message import compose
from aggregator.model import Dkim, Envelope, Letter

LETTER = Letter(subject="Dag", text="Dag, goede lezer.\n", html='<html lang="nl"><p>Dag, goede lezer.</p></html>')
ENVELOPE = Envelope(
    sender="Politie samenwerking <nieuws@example.be>",
    reply_to=None,
    recipient="lezer@example.be",
    list_id="dagelijks.nieuws.example.be",
    message_id="<dagelijks.0123456789abcdef@example.be>",
    date=datetime(2026, 11, 23, 6, 0, 1, tzinfo=UTC),
    archive="https://nieuws.example.be/samenwerking/",
    unsubscribe="https://nieuws.example.be/mail/u/abcdefghijklmnopqrstuv",
)
SETTINGS = Dkim(selector="agg", key_file="dkim-key")
NAME = b"agg._domainkey.example.be."


def openssl(*arguments: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def record(key: str) -> bytes:
    public = openssl("rsa", "-pubout", "-outform", "der", data=key.encode())
    return b"v=DKIM1; k=rsa; p=" + b64encode(public)


@pytest.fixture(scope="module")
def key() -> str:
    return openssl("genrsa", "2048").decode()


def verified(content: bytes, key: str) -> bool:
    """What a receiver says who finds the public half of *key* in the DNS."""

    def lookup(name: bytes, timeout: int = 5) -> bytes | None:
        return record(key) if name == NAME else None

    try:
        return bool(dkim.DKIM(content).verify(dnsfunc=lookup))
    except dkim.ValidationError:
        return False


def signed(key: str) -> bytes:
    return Signer(SETTINGS, key, ENVELOPE.sender).sign(compose(LETTER, ENVELOPE))


def test_a_signed_message_is_verified(key: str) -> None:
    """By the same record that README tells the operator to publish; the message itself is not touched."""
    content = signed(key)
    assert content.endswith(compose(LETTER, ENVELOPE))
    assert verified(content, key)


@pytest.mark.parametrize("form", ["PRIVATE KEY", "RSA PRIVATE KEY"])
def test_keys_as_openssl_writes_them(key: str, form: str) -> None:
    """PKCS#8 and, with -traditional, PKCS#1."""
    written = openssl("rsa", *(["-traditional"] if form.startswith("RSA") else []), data=key.encode()).decode()
    assert f"-----BEGIN {form}-----" in written
    assert verified(signed(written), key)


def test_the_same_message_is_signed_the_same_at_any_time(key: str) -> None:
    """A message that is sent again is the same bytes: the time in its signature is its Date."""
    assert signed(key) == signed(key)
    assert f"t={int(ENVELOPE.date.timestamp())};".encode() in signed(key)
    later = replace(ENVELOPE, date=datetime(2026, 11, 24, 6, 0, 1, tzinfo=UTC))
    other = Signer(SETTINGS, key, later.sender).sign(compose(LETTER, later))
    assert f"t={int(later.date.timestamp())};".encode() in other


@pytest.mark.parametrize(
    "header",
    [
        "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Id", "List-Unsubscribe",
        "List-Unsubscribe-Post",
    ],
)  # fmt: skip
def test_what_is_covered_cannot_be_changed_or_taken_out(key: str, header: str) -> None:
    """RFC 8058 §4 for the two that let readers leave; the rest is who says what to whom."""
    content = signed(key)
    line = re.search(rf"(?m)^{header}: [^\r]*\r\n".encode(), content)
    assert line
    changed = line[0].replace(b": ", b": x")
    assert not verified(content.replace(line[0], changed, 1), key)
    assert not verified(content.replace(line[0], b"", 1), key)


@pytest.mark.parametrize("header", ["From", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post"])
def test_a_second_one_cannot_be_added(key: str, header: str) -> None:
    """A program that shows the first of two would show a stranger's."""
    assert not verified(f"{header}: https://elsewhere.example/\r\n".encode() + signed(key), key)


def test_the_text_is_covered(key: str) -> None:
    """One word of it is enough."""
    assert not verified(signed(key).replace(b"goede", b"beste"), key)


def test_a_mail_without_links_to_leave_by_cannot_get_some(key: str) -> None:
    """What is not there is signed too."""
    bare = compose(LETTER, replace(ENVELOPE, unsubscribe=None))
    content = Signer(SETTINGS, key, ENVELOPE.sender).sign(bare)
    assert verified(content, key)
    assert not verified(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" + content, key)


@pytest.mark.parametrize("text", ["", "geheim", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_is_none(text: str) -> None:
    """Said at the start, with how to make one, and without a word of what stands there."""
    with pytest.raises(ConfigError, match="openssl genrsa") as failure:
        Signer(SETTINGS, text, ENVELOPE.sender)
    assert not text or text not in str(failure.value)


def test_a_key_that_is_too_short() -> None:
    """RFC 8301 §3.2: receivers do not look at what is signed with fewer than 1024 bits."""
    with pytest.raises(ConfigError, match="fewer than 1024 bits"):
        Signer(SETTINGS, openssl("genrsa", "512").decode(), ENVELOPE.sender)


def test_what_keeps_receivers_from_verifying(key: str) -> None:
    """`check --mail` says it before they do."""
    signer = Signer(SETTINGS, key, ENVELOPE.sender)
    other = openssl("genrsa", "2048").decode()
    assert signer.problem(lambda name, timeout: record(key) if name == NAME else None) is None
    assert "there is no TXT record agg._domainkey.example.be" in (signer.problem(lambda name, timeout: None) or "")
    assert "another key" in (signer.problem(lambda name, timeout: record(other)) or "")
    assert "cannot be used" in (signer.problem(lambda name, timeout: b"v=spf1 -all") or "")
    assert "cannot be used" in (signer.problem(lambda name, timeout: b"v=DKIM1; k=rsa; p=AAAA") or "")

    def down(name: bytes, timeout: int) -> bytes | None:
        raise dkim.DnsTimeoutError("timeout")

    assert "could not be asked" in (signer.problem(down) or "")


def test_the_domain_that_signs(key: str, tmp_path: Path) -> None:
    """The sender's, unless the operator names one."""
    assert Signer(SETTINGS, key, ENVELOPE.sender).name == "agg._domainkey.example.be"
    named = replace(SETTINGS, domain="mail.example.be")
    assert Signer(named, key, ENVELOPE.sender).name == "agg._domainkey.mail.example.be"
