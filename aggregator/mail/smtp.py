"""One message to the relay, and how far it came (RFC 5321).

``smtplib.sendmail`` cannot tell "the connection died in the body", after which nothing was taken, from "it died after
the final dot", after which nobody knows, and it throws away what the relay says on taking a message.  So the verbs are
spoken one by one here, and ``before_dot`` runs at the last moment at which nothing can have been taken.

Whatever the network or the relay does becomes a ``Reply``.  A connection serves many messages and is opened again, once
and silently, when the relay had closed it in between.
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import unquote, urlsplit

from aggregator import text
from aggregator.errors import MailError
from aggregator.mail.message import ascii_address
from aggregator.mail.wire import Plain, Tls
from aggregator.model import Mail, Reply

Phase = Literal["connect", "mail", "rcpt", "data", "dot"]

SUBMISSION = 587
"""Where STARTTLS is no choice (RFC 6409 §3.1, RFC 8314 §3.3)."""
_BLOCK = 16_384  # bytes that one sending and one timeout is for
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Smtp:
    """One connection to the relay of the configuration; for one thread at a time.

    STARTTLS is used where it is offered, and without it nothing is sent when it is required: by the setting, for a
    password, at port 587.  Certificates are checked.  A relay on this very machine is believed without any of it.
    Raises MailError for a URL that names no relay.
    """

    def __init__(self, settings: Mail, password: str | None = None) -> None:
        self._tls_first, self._host, self._port, self._user = _address(settings.relay)
        self._required = settings.starttls == "required" or (self._port == SUBMISSION and not _is_loopback(self._host))
        self._password = password
        self._timeout = settings.timeout.total_seconds()
        self._patience = {
            "data": settings.data_timeout.total_seconds(),
            "block": settings.block_timeout.total_seconds(),
            "dot": max(settings.timeout, settings.dot_timeout).total_seconds(),
        }
        self._smtp: Plain | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that could be used again."""
        return self._smtp is not None

    def hand_over(self, sender: str, recipient: str, content: bytes, before_dot: Callable[[], None]) -> Reply:
        """Offer *content* (CRLF, 7 bit) to the relay for one recipient.

        *before_dot* is called once, when all but the final dot has been sent, and not at all when it does not come to
        that.  What it raises is raised here, after the connection was closed and without the dot.
        """
        try:
            smtp = self._begin(sender, recipient)
            self._send_body(smtp, content)
            before_dot()
            return self._finish(smtp)
        except _Stopped as stopped:
            return stopped.reply
        except BaseException:
            self._drop()
            raise

    def close(self) -> None:
        """Say goodbye, if there is anyone to say it to."""
        if self._smtp is not None and self._smtp.sock is not None:
            self._smtp.sock.settimeout(min(self._timeout, 5))
            with suppress(OSError):
                self._smtp.quit()
        self._drop()

    # -- the conversation ------------------------------------------------------

    def _begin(self, sender: str, recipient: str) -> Plain:
        source, target = self._addresses(sender, recipient)
        smtp = self._ready()
        self._ask("mail", lambda: smtp.mail(source), 250)
        self._ask("rcpt", lambda: smtp.rcpt(target), 250, 251)
        self._ask("data", lambda: smtp.docmd("DATA"), 354)
        return smtp

    def _send_body(self, smtp: Plain, content: bytes) -> None:
        body = memoryview(_stuffed(content))
        with self._during("data"), self._waiting("block"):
            for start in range(0, len(body), _BLOCK):
                smtp.send(body[start : start + _BLOCK])
            early = smtp.file.said_unasked() if smtp.file else b""
        if early is not None:
            # It hung up or refused in the middle; as long as there is no dot, nothing was taken.
            self._drop()
            code = int(early[:3]) if re.match(rb"[45]\d\d", early) else None
            raise _Stopped(self._reply("data", code, early[4:] or b"it closed the connection in the middle"))

    def _finish(self, smtp: Plain) -> Reply:
        with self._during("dot"), self._waiting("dot"):
            smtp.send(b".\r\n")
            code, said = smtp.getreply()
        return self._heard("dot", code, said)

    def _ask(self, phase: Phase, verb: Callable[[], tuple[int, bytes]], *wanted: int) -> None:
        with self._during(phase), self._waiting(phase):
            code, said = verb()
        reply = self._heard(phase, code, said)
        if reply.code not in wanted:
            raise _Stopped(reply)

    def _heard(self, phase: Phase, code: int, said: bytes) -> Reply:
        """A reply; after one that says goodbye, or makes no sense, the connection is of no more use."""
        if code == 421 or not 200 <= code <= 599:
            self._drop()
        return self._reply(phase, code if 200 <= code <= 599 else None, said)

    # -- the connection --------------------------------------------------------

    def _ready(self) -> Plain:
        """A connection on which MAIL comes next: the open one if it still answers, else a new one."""
        if self._smtp is not None:
            with suppress(OSError):
                if self._smtp.rset()[0] == 250:
                    return self._smtp
            self._drop()
        with self._during("connect"):
            self._smtp = self._open()
            # The dot is a small packet behind a large one: Nagle's algorithm holds it back for the 40 ms that the relay
            # waits before it acknowledges the text.
            assert self._smtp.sock
            self._smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._greet(self._smtp)
        return self._smtp

    def _open(self) -> Plain:
        if self._tls_first:
            return Tls(self._host, self._port, timeout=self._timeout, context=self._trust())
        return Plain(self._host, self._port, timeout=self._timeout)

    def _greet(self, smtp: Plain) -> None:
        smtp.ehlo_or_helo_if_needed()
        if not self._tls_first and smtp.has_extn("starttls"):
            smtp.starttls(context=self._trust())
            smtp.ehlo_or_helo_if_needed()
        elif not self._tls_first and self._required:
            raise smtplib.SMTPNotSupportedError("it offers no STARTTLS, and nothing is sent without")
        if self._user is None:
            return
        if not (isinstance(smtp.sock, ssl.SSLSocket) or _is_loopback(self._host)):
            raise smtplib.SMTPNotSupportedError("it offers no TLS, and the password is not sent without")
        if self._password is None:
            raise smtplib.SMTPException("its URL names a user, but there is no password_file")
        if not (self._user.isascii() and self._password.isascii()):
            raise smtplib.SMTPException("a user or password beyond ASCII cannot be sent to it")
        smtp.login(self._user, self._password)

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if _is_loopback(self._host):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    @contextmanager
    def _waiting(self, phase: str) -> Iterator[None]:
        """RFC 5321 §4.5.3.2: each phase has a patience of its own."""
        self._wait_at_most(self._patience.get(phase, self._timeout))
        yield
        self._wait_at_most(self._timeout)

    def _wait_at_most(self, seconds: float) -> None:
        if self._smtp is not None and self._smtp.sock is not None:
            self._smtp.sock.settimeout(seconds)

    def _drop(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    # -- what is told ----------------------------------------------------------

    @contextmanager
    def _during(self, phase: Phase) -> Iterator[None]:
        """Makes a fault of the network a reply; it always costs the connection."""
        try:
            yield
        except (OSError, ValueError) as error:  # smtplib's exceptions are OSErrors; base64's are ValueErrors
            self._drop()
            # Past the greeting smtplib raises a reply only when it gave up reading one: that is not the relay's word.
            if phase == "connect" and isinstance(error, smtplib.SMTPResponseException):
                raise _Stopped(self._reply(phase, error.smtp_code, error.smtp_error)) from None
            raise _Stopped(self._reply(phase, None, _reason(error))) from None

    def _reply(self, phase: Phase, code: int | None, said: bytes | str) -> Reply:
        said = said[:2000]
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        for secret in self._secrets():
            words = words.replace(secret, "***")
        if code is None:
            words = f"{_FAULT[phase].format(relay=f'{self._host}:{self._port}')}: {words}"
        return Reply(phase=phase, code=code, text=text.clean(words))

    def _secrets(self) -> Iterator[str]:
        """The password as it stands on the wire: servers that echo it have been seen."""
        if self._password:
            for plain in (f"\0{self._user}\0{self._password}", self._password):
                yield b64encode(plain.encode()).decode()
            yield self._password

    def _addresses(self, sender: str, recipient: str) -> tuple[str, str]:
        try:
            source = ascii_address(sender) if sender else ""
        except MailError as error:
            raise _Stopped(self._reply("mail", 553, f"5.6.7 {error}")) from None
        try:
            return source, ascii_address(recipient)
        except MailError as error:
            raise _Stopped(self._reply("rcpt", 553, f"5.6.7 {error}")) from None


class _Stopped(Exception):  # noqa: N818  it is no error but an answer
    def __init__(self, reply: Reply) -> None:
        self.reply = reply


_FAULT: dict[Phase, str] = {
    "connect": "the relay {relay} cannot be used",
    "mail": "the relay {relay} did not answer MAIL",
    "rcpt": "the relay {relay} did not answer RCPT",
    "data": "the relay {relay} did not take the text",
    "dot": "the relay {relay} had the whole message and did not say whether it took it",
}


def _address(relay: str) -> tuple[bool, str, int, str | None]:
    """TLS from the first byte or not, host, port and user of a relay URL.  Raises MailError for any other URL."""
    try:
        parts = urlsplit(relay)
        port = parts.port
    except ValueError:
        raise MailError(f"{relay!r} is not the URL of a relay: expected smtp://host:port") from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise MailError(f"{relay!r} is not the URL of a relay: expected smtp://host:port or smtps://user@host:port")
    tls_first = parts.scheme == "smtps"
    user = unquote(parts.username) if parts.username else None
    return tls_first, parts.hostname, port or (smtplib.SMTP_SSL_PORT if tls_first else smtplib.SMTP_PORT), user


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _stuffed(content: bytes) -> bytes:
    """*content* as DATA wants it (RFC 5321 §4.5.2), without the final dot.

    Every line ends with CRLF, whatever came in: a bare line feed before a dot is what SMTP smuggling is made of.
    """
    feeds = content.count(b"\n")
    whole = feeds == content.count(b"\r") == content.count(b"\r\n")
    lines = content if whole else _LINE_END.sub(b"\r\n", content)
    stuffed = lines.replace(b"\n.", b"\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not stand up: {error.verify_message}"
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return words.removeprefix("Connection unexpectedly closed: ")
