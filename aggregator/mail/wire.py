"""smtplib's connection, made finite: a reply has an end, in bytes and in time.

smtplib gives every single read of a socket its time anew, so that a relay which sends a byte now and then holds a
connection for days; and it reads on for as long as lines come.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from time import monotonic

REPLY = 50_000
"""Bytes of one reply: RFC 5321 §4.5.3.1.5 knows lines of 512 octets, and no relay says 100 of them."""


class Replies:
    """What smtplib reads lines from.  The socket's timeout is the time of a whole reply."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""
        self._patience = connection.gettimeout()
        self.begin()

    def begin(self) -> None:
        """The next reply begins here."""
        self._left = REPLY
        self._patience = self._connection.gettimeout()
        self._end = None if self._patience is None else monotonic() + self._patience

    def readline(self, size: int = -1) -> bytes:
        """A line with its end, or what there was of it when the relay hung up; at most *size* bytes."""
        while b"\n" not in self._buffer and not 0 <= size <= len(self._buffer):
            chunk = self._receive()
            if not chunk:
                break
            self._buffer += chunk
        end = self._buffer.find(b"\n") + 1 or len(self._buffer)
        end = min(end, size) if size >= 0 else end
        line, self._buffer = self._buffer[:end], self._buffer[end:]
        self._left -= len(line)
        if self._left < 0:
            raise OSError("its answer does not end")
        return line

    def said_unasked(self) -> bytes | None:
        """What the relay sent while we were talking: None for nothing, empty when it hung up.

        Raises OSError when the connection is gone.
        """
        if self._buffer:
            return self._buffer
        self._connection.settimeout(0)
        try:
            return self._connection.recv(1024)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        finally:
            self._connection.settimeout(self._patience)

    def close(self) -> None:
        """What was sent and not read is nobody's answer any more: so after STARTTLS (RFC 3207 §4.2)."""
        self._buffer = b""

    def _receive(self) -> bytes:
        if self._end is None:
            return self._connection.recv(4096)
        left = self._end - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._connection.settimeout(left)
        try:
            return self._connection.recv(4096)
        finally:
            self._connection.settimeout(self._patience)


class Plain(smtplib.SMTP):
    """Without TLS at first."""

    file: Replies | None

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = Replies(self.sock)
        if self.file is not None:
            self.file.begin()
        return super().getreply()


class Tls(Plain, smtplib.SMTP_SSL):
    """TLS from the first byte (RFC 8314 §3)."""
