"""A mail server that delivers nothing: it keeps what it is given, byte for byte, and shows it in a browser."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import Any
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from aggregator.cli.demo.loopback import Answer, Loopback, render

_PATH = re.compile(r"/(\d{3,})\.(html|txt|eml)")
# A mail is somebody else's HTML: no script runs, nothing is fetched, and it is of no origin.
_HARMLESS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"}


class Sink:
    """An SMTP server on a free port of 127.0.0.1 and, beside it, a page that lists what it took.

    Each message is ``001.eml``, ``002.eml``, … in *directory*, complete as soon as it can be seen; the client hears
    250 after that.  A directory that holds messages already is continued.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._smtp = _Listener(self)
        self.relay = f"smtp://127.0.0.1:{self._smtp.port}"
        self._web = Loopback(self._answer)
        self.url = f"{self._web.url}/"

    @property
    def mails(self) -> tuple[Path, ...]:
        """The messages received, oldest first."""
        return tuple(sorted(self.directory.glob("*.eml"), key=lambda path: int(path.stem)))

    @property
    def count(self) -> int:
        """How many messages there are."""
        return len(self.mails)

    def keep(self, content: bytes) -> None:
        """Store one message; one caller at a time."""
        path = self.directory / f"{self.count + 1:03}.eml"
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(content)
        unfinished.rename(path)

    def close(self) -> None:
        """Hang up on everybody and stop listening; the messages stay where they are."""
        self._smtp.close()
        self._web.close()

    def _answer(self, path: str) -> Answer | None:
        if path == "/":
            mails = [_Mail.read(mail) for mail in reversed(self.mails)]
            return Answer(content=render("mails.html", mails=mails, relay=self.relay))
        found = _PATH.fullmatch(path)
        mail = self.directory / f"{found[1]}.eml" if found else None
        return _shown(mail.read_bytes(), found[2]) if found and mail and mail.is_file() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """A line of the list."""

    name: str
    subject: str
    recipient: str
    date: str

    @classmethod
    def read(cls, path: Path) -> _Mail:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        subject, recipient, date = (str(message.get(field, "")) for field in ("Subject", "To", "Date"))
        return cls(name=path.stem, subject=subject or "(no subject)", recipient=recipient, date=date)


def _shown(content: bytes, form: str) -> Answer | None:
    """A message as *form*: its HTML, its plain text, or its source; None when it has no such part."""
    if form == "eml":
        return Answer(content=content, media_type="text/plain; charset=utf-8", headers=_HARMLESS)
    message = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    part = message.get_body(preferencelist=("html" if form == "html" else "plain",))
    if part is None:
        return None
    kind = "text/html" if form == "html" else "text/plain"
    return Answer(content=part.get_content().encode(), media_type=f"{kind}; charset=utf-8", headers=_HARMLESS)


class _Listener:
    """aiosmtpd in a thread and a loop of its own: its ``Controller`` cannot listen on port 0."""

    def __init__(self, sink: Sink) -> None:
        # aiosmtpd tells every command of every session, which would bury what the aggregator itself has to say.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        self._sink = sink
        self._clients: WeakSet[SMTP] = WeakSet()
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._loop.create_server(self._client, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = Thread(target=self._loop.run_forever, name="sink", daemon=True)
        self._thread.start()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        self._sink.keep(envelope.original_content or b"")
        return "250 2.0.0 Kept"

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._hang_up())
        self._loop.close()

    def _client(self) -> SMTP:
        # Without a host name of its own, aiosmtpd asks the resolver for one at every connection.
        client = SMTP(self, hostname="localhost", ident="sink", enable_SMTPUTF8=True, loop=self._loop)
        self._clients.add(client)
        return client

    async def _hang_up(self) -> None:
        self._server.close()
        for client in tuple(self._clients):
            transport: Any = client.transport
            if transport is not None:
                transport.abort()
        busy = asyncio.all_tasks() - {asyncio.current_task()}
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        await self._server.wait_closed()
