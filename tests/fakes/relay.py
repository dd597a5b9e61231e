"""A mail relay for tests: real SMTP on 127.0.0.1, and every fault that a relay can have, on request.

    with Relay(greylist=True, reject={"weg@example.be"}) as relay:
        ...  # relay.url, relay.port
        relay.messages

A message is in ``messages`` before its reply leaves, as in a relay that is worth its name.  Faults beyond greylisting
and unknown recipients are a script: a function that is asked at every step and may give an ``Answer`` of its own.
``plan`` makes one that gives the n-th transaction the n-th answer.
"""

from __future__ import annotations

import asyncio
import threading
from base64 import b64decode
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, Self

from tests.fakes import tls

Phase = Literal["connect", "ehlo", "starttls", "auth", "rset", "mail", "rcpt", "data", "body", "dot", "quit"]
Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message that was taken, as it came: *content* with CRLF and without the stuffing of dots."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    at: datetime
    connection: int
    tls: bool
    user: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a conversation stands; *transaction* counts MAILs from 1, over all connections."""

    phase: Phase
    connection: int
    transaction: int
    sender: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to do instead: say something (None: hang up without a word) after *wait* seconds.

    *keep*: take the message all the same.  A reply that starts with 421 hangs up after it.
    """

    phase: Phase
    say: str | None
    keep: bool = False
    wait: float = 0.0


GREYLISTED = Answer(phase="rcpt", say="451 4.7.1 Greylisted, try again in a minute")
UNKNOWN = Answer(phase="rcpt", say="550 5.1.1 No such mailbox here")
BUSY = Answer(phase="mail", say="421 4.3.2 Too busy, closing")
DROPPED_IN_THE_BODY = Answer(phase="body", say=None)
DROPPED_BEFORE_TAKING = Answer(phase="dot", say=None)
TAKEN_THEN_DROPPED = Answer(phase="dot", say=None, keep=True)

Script = Callable[[Step], Answer | None]


def slow(seconds: float) -> Answer:
    """Takes the message, and its time to say so."""
    return Answer(phase="dot", say="250 2.0.0 Taken at last", keep=True, wait=seconds)


def plan(*answers: Answer | None) -> Script:
    """The n-th transaction gets the n-th answer, at its phase; None, and all after the last, go well."""

    def script(step: Step) -> Answer | None:
        answer = answers[step.transaction - 1] if 0 < step.transaction <= len(answers) else None
        return answer if answer and answer.phase == step.phase else None

    return script


class Relay:
    """The server, in a thread of its own, from ``with`` to the end of it."""

    def __init__(
        self,
        *,
        script: Script | None = None,
        greylist: bool = False,
        reject: Collection[str] = (),
        port: int = 0,
        security: Security = "none",
        login: tuple[str, str] | None = None,
    ) -> None:
        self.messages: list[Received] = []
        self.steps: list[Step] = []
        self.script = script
        self.port = port
        self.greylist = greylist
        self.reject = frozenset(reject)
        self.security = security
        self.login = login
        self.connections = 0
        self.transactions = 0
        self._seen: set[str] = set()
        self._arrived = threading.Condition()
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._main, name="fake relay", daemon=True)

    @property
    def url(self) -> str:
        scheme = "smtps" if self.security == "tls" else "smtp"
        return f"{scheme}://127.0.0.1:{self.port}"

    def wait_for(self, count: int, timeout: float = 10.0) -> list[Received]:
        """The messages as soon as there are *count* of them; TimeoutError when that takes too long."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.messages) >= count, timeout):
                raise TimeoutError(f"{len(self.messages)} of {count} messages after {timeout:g} s")
            return list(self.messages)

    def hang_up(self) -> None:
        """Close every open connection, as a relay does with one that has been idle for too long."""
        asyncio.run_coroutine_threadsafe(self._close_all(), self._loop).result(10)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise TimeoutError("the fake relay did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _main(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        context = tls.server("selfsigned") if self.security == "tls" else None
        server = await asyncio.start_server(self._greet, "127.0.0.1", self.port, ssl=context, limit=2**22)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        await self._close_all()
        await server.wait_closed()

    async def _close_all(self) -> None:
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            with suppress(OSError, EOFError, _HungUp, asyncio.CancelledError):
                await _Session(self, reader, writer, self.connections).converse()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            self._open.discard(task)

    # -- what a session asks ---------------------------------------------------

    def answer(self, step: Step) -> Answer | None:
        self.steps.append(step)
        asked = self.script(step) if self.script else None
        if asked or step.phase != "rcpt":
            return asked
        if step.recipient in self.reject:
            return UNKNOWN
        if self.greylist and step.recipient not in self._seen:
            self._seen.add(step.recipient)
            return GREYLISTED
        return None

    def take(self, received: Received) -> None:
        with self._arrived:
            self.messages.append(received)
            self._arrived.notify_all()


class _HungUp(Exception):  # noqa: N818  it is what was asked for
    pass


@dataclass(slots=True)
class _Session:
    """One connection (RFC 5321), in as many words as a client of ours needs."""

    relay: Relay
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int
    secure: bool = field(init=False)
    transaction: int = 0
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    user: str | None = None

    def __post_init__(self) -> None:
        self.secure = self.relay.security == "tls"

    async def converse(self) -> None:
        await self.reply("connect", "220 relay.example ESMTP")
        while line := await self.reader.readline():
            verb, _, argument = line.decode("ascii", "replace").strip().partition(" ")
            handler = _VERBS.get(verb.upper())
            if handler is None:
                await self.say("500 5.5.2 What?")
            else:
                await handler(self, argument)

    async def say(self, words: str) -> None:
        self.writer.write(f"{words}\r\n".encode())
        await self.writer.drain()
        if words.startswith("421"):
            raise _HungUp

    async def reply(self, phase: Phase, words: str, recipient: str = "", *, content: bytes | None = None) -> bool:
        """Say *words*, or what the script wants; whether it was *words*."""
        step = Step(
            phase=phase,
            connection=self.number,
            transaction=self.transaction,
            sender=self.sender,
            recipient=recipient or next(iter(self.recipients), ""),
        )
        answer = self.relay.answer(step)
        if content is not None and (answer is None or answer.keep):
            self.take(content)
        if answer is None:
            await self.say(words)
            return True
        await asyncio.sleep(answer.wait)
        if answer.say is None:
            raise _HungUp
        await self.say(answer.say)
        return False

    def take(self, content: bytes) -> None:
        received = Received(
            sender=self.sender,
            recipients=tuple(self.recipients),
            content=content,
            at=datetime.now(UTC),
            connection=self.number,
            tls=self.secure,
            user=self.user,
        )
        self.relay.take(received)

    def forget(self) -> None:
        self.sender, self.recipients = "", []

    # -- verbs -----------------------------------------------------------------

    async def ehlo(self, _: str) -> None:
        offers = ["relay.example", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if self.relay.security == "starttls" and not self.secure:
            offers.append("STARTTLS")
        if self.relay.login:
            offers.append("AUTH PLAIN")
        await self.reply("ehlo", "\r\n".join([f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]))

    async def starttls(self, _: str) -> None:
        if await self.reply("starttls", "220 2.0.0 Go ahead"):
            await self.writer.start_tls(tls.server("selfsigned"))
            self.secure = True

    async def auth(self, argument: str) -> None:
        _, user, password = b64decode(argument.partition(" ")[2]).decode().split("\0")
        good = (user, password) == self.relay.login
        self.user = user if good else None
        await self.reply("auth", "235 2.7.0 Welcome" if good else f"535 5.7.8 {password} is not {user}'s password")

    async def rset(self, _: str) -> None:
        self.forget()
        await self.reply("rset", "250 2.0.0 Ok")

    async def mail(self, argument: str) -> None:
        if self.relay.login and not self.user:
            await self.say("530 5.7.0 Authentication required")
            return
        self.relay.transactions += 1
        self.transaction = self.relay.transactions
        self.sender, self.recipients = _path(argument), []
        await self.reply("mail", "250 2.1.0 Ok")

    async def rcpt(self, argument: str) -> None:
        recipient = _path(argument)
        if await self.reply("rcpt", "250 2.1.5 Ok", recipient):
            self.recipients.append(recipient)

    async def data(self, _: str) -> None:
        if not self.recipients:
            await self.say("503 5.5.1 RCPT first")
        elif await self.reply("data", "354 End with a dot"):
            content = await self.body()
            await self.reply("dot", f"250 2.0.0 Ok: queued as {self.transaction:06X}", content=content)
            self.forget()

    async def body(self) -> bytes:
        lines: list[bytes] = []
        while True:
            line = await self.reader.readuntil(b"\r\n")
            if not lines:
                await self.look_up()
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line.removeprefix(b"."))

    async def look_up(self) -> None:
        """The script's chance to stop in the middle of the body; a silent one goes on."""
        step = Step(
            phase="body",
            connection=self.number,
            transaction=self.transaction,
            sender=self.sender,
            recipient=self.recipients[0],
        )
        answer = self.relay.answer(step)
        if answer is not None:
            await asyncio.sleep(answer.wait)
            if answer.say:
                await self.say(answer.say)
            raise _HungUp

    async def quit(self, _: str) -> None:
        await self.reply("quit", "221 2.0.0 Bye")
        raise _HungUp


_VERBS = {
    "EHLO": _Session.ehlo,
    "STARTTLS": _Session.starttls,
    "AUTH": _Session.auth,
    "RSET": _Session.rset,
    "MAIL": _Session.mail,
    "RCPT": _Session.rcpt,
    "DATA": _Session.data,
    "QUIT": _Session.quit,
}


def _path(argument: str) -> str:
    return argument[argument.find("<") + 1 : argument.find(">")]
