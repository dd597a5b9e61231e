"""uvicorn inside the daemon's event loop: it listens, and leaves signals and logging to us."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import socket
import stat
from collections.abc import Iterator, Sequence
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from aggregator.errors import ServeError
from aggregator.web.connection import Connection

_GRACE = 2  # seconds that a response under way gets when we stop
_BOUND = 3.0  # seconds after which connections are cut
_BACKLOG = 1024
_UNIX = "unix:"
_HOST_PORT = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\s]*)):(?P<port>\d{1,5})")

_REMEDIES = {
    errno.EADDRINUSE: "address already in use; another process has it; change [server].listen or stop that process",
    errno.EADDRNOTAVAIL: "this machine has no such address; change [server].listen",
    errno.EACCES: "permission denied; take a port above 1023 or a directory that this user may write to",
    errno.ENOENT: "no such directory; make it or change [server].listen",
}


class Server:
    """A listening web server.

    *listen* is ``host:port`` (port 0: any free one) or ``unix:/path``; *trusted_proxies* are the addresses whose
    X-Forwarded-For and X-Forwarded-Proto are believed.
    """

    def __init__(self, app: ASGIApp, listen: str, trusted_proxies: Sequence[str] = ()) -> None:
        self._listen = listen
        self._config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            timeout_graceful_shutdown=_GRACE,
            backlog=64,
        )
        self._server = _Quiet(self._config)
        self._task: asyncio.Task[None] | None = None
        self._path: str | None = None
        self.address = listen

    async def start(self) -> None:
        """Listen.

        Returns when connections are accepted; ``address`` is the real one then.  Raises ServeError with what to do.
        """
        bound = await self._bind()
        self.address = _address(bound)
        self._task = asyncio.create_task(self._server.serve([bound]), name="web server")
        listening = asyncio.create_task(self._server.listening.wait())
        await asyncio.wait({self._task, listening}, return_when=asyncio.FIRST_COMPLETED)
        if not listening.done():
            listening.cancel()
            await self._task

    async def stop(self) -> None:
        """Stop listening, let responses under way finish for two seconds, then cut what is left."""
        task, self._task = self._task, None
        if task is None:
            return
        self._server.should_exit = True
        done, _ = await asyncio.wait({task}, timeout=_BOUND)
        self._server.cut()
        if not done:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self._path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)

    async def _bind(self) -> socket.socket:
        try:
            if self._listen.startswith(_UNIX):
                self._path = self._listen.removeprefix(_UNIX)
                return _bind_unix(self._path)
            return await _bind_tcp(self._listen)
        except OSError as error:
            remedy = _REMEDIES.get(error.errno or 0, f"{error.strerror or error}; change [server].listen")
            raise ServeError(f"cannot listen on {self._listen}: {remedy}") from error


class _Quiet(uvicorn.Server):
    """uvicorn without its signal handlers, which would take SIGTERM from the daemon and raise it again later."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    def cut(self) -> None:
        """Drop the connections that would not end."""
        for connection in list(self.server_state.connections):
            if transport := getattr(connection, "transport", None):
                transport.abort()


async def _bind_tcp(listen: str) -> socket.socket:
    host, port = _host_port(listen)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # A name such as localhost may have both kinds; proxies are told 127.0.0.1.
    family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    return _listening(socket.socket(family, kind, protocol), address)


def _bind_unix(path: str) -> socket.socket:
    _clear(path)
    bound = _listening(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), path)
    os.chmod(path, 0o666)  # noqa: S103  the proxy is another user; who may reach it is its directory's to say
    return bound


def _listening(bound: socket.socket, address: str | tuple[Any, ...]) -> socket.socket:
    try:
        if bound.family != socket.AF_UNIX:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


def _clear(path: str) -> None:
    """Take away the socket of a process that is gone; raises OSError when somebody still answers on it."""
    if not os.path.exists(path):
        return
    if not stat.S_ISSOCK(os.stat(path).st_mode):
        raise FileExistsError(errno.EEXIST, "a file that is no socket is in its place")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        try:
            knock.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
    raise OSError(errno.EADDRINUSE, "address already in use")


def _host_port(listen: str) -> tuple[str, int]:
    found = _HOST_PORT.fullmatch(listen)
    if not found or int(found["port"]) > 65535:
        raise ServeError(f'cannot listen on {listen}: expected "host:port" or "unix:/path" in [server].listen')
    return found["six"] or found["host"], int(found["port"])


def _address(bound: socket.socket) -> str:
    name = bound.getsockname()
    if bound.family == socket.AF_UNIX:
        return f"{_UNIX}{name}"
    host = f"[{name[0]}]" if bound.family == socket.AF_INET6 else name[0]
    return f"http://{host}:{name[1]}"
