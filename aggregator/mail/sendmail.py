"""The machine's own sendmail, for those who have no relay that listens: Postfix, Exim, OpenSMTPD, msmtp.

The message is a file before the program starts, and the program reads all of it whatever becomes of us.  Through a
pipe it could not tell our death from the end of the message, and would send half of it.  So the undecidable moment is
the whole life of the program, from just before its start to its exit status (sysexits.h).
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from aggregator import text
from aggregator.errors import MailError
from aggregator.mail.message import ascii_address
from aggregator.model import Mail, Reply

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_REFUSED = {
    os.EX_DATAERR: "554 5.6.0",
    os.EX_NOUSER: "550 5.1.1",
    os.EX_NOHOST: "550 5.1.2",
    os.EX_UNAVAILABLE: "554 5.0.0",
}


class Sendmail:
    """The program at ``sendmail:/path``.  Raises MailError for a relay that names none."""

    is_open = False

    def __init__(self, settings: Mail) -> None:
        self._program = settings.relay.removeprefix("sendmail:")
        self._timeout = settings.dot_timeout.total_seconds()
        if not self._program.startswith("/"):
            raise MailError(f"{settings.relay!r} names no program: expected sendmail:/usr/sbin/sendmail")

    def hand_over(self, sender: str, recipient: str, content: bytes, before_dot: Callable[[], None]) -> Reply:
        """Have *content* sent to one recipient; without a shell, and nothing of an address is taken for an option."""
        try:
            source = ascii_address(sender) if sender else "<>"
            target = ascii_address(recipient)
        except MailError as error:
            return Reply(phase="rcpt", code=553, text=f"5.6.7 {error}")
        if not os.access(self._program, os.X_OK):
            return Reply(
                phase="connect", code=None, text=f"the program {self._program} is not there, or may not be run"
            )
        with tempfile.TemporaryFile() as message, tempfile.TemporaryFile() as said:
            message.write(content.replace(b"\r\n", b"\n"))  # the lines of a file: the program makes CRLF of them
            message.seek(0)
            before_dot()
            return self._run([self._program, "-i", "-f", source, "--", target], message, said)

    def close(self) -> None:
        """Nothing is kept open."""

    def _run(self, command: list[str], message: IO[bytes], said: IO[bytes]) -> Reply:
        try:
            process = subprocess.Popen(  # noqa: S603 - the operator's own program, and no shell
                command,
                stdin=message,
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": _PATH},
                start_new_session=True,
            )
        except OSError as error:
            return Reply(phase="dot", code=451, text=f"4.3.0 {self._program} cannot be run: {error.strerror}")
        try:
            status = process.wait(self._timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            return Reply(phase="dot", code=None, text=f"{self._program} did not end within {self._timeout:g} s")
        said.seek(0)
        return _reply(self._program, status, text.clean(said.read(2000).decode("utf-8", "replace")))


def _reply(program: str, status: int, words: str) -> Reply:
    """Its exit status as what a relay would have said; ended by a signal it said nothing."""
    told = f"{program}: {words}" if words else program
    if status == os.EX_OK:
        return Reply(phase="dot", code=250, text=f"2.0.0 taken by {told}")
    if status < 0:
        return Reply(phase="dot", code=None, text=f"{program} was ended by {signal.Signals(-status).name}: {words}")
    code, _, enhanced = _REFUSED.get(status, "451 4.3.0").partition(" ")
    return Reply(phase="dot", code=int(code), text=f"{enhanced} exit status {status} of {told}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """With whatever it started itself."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
