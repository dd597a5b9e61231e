"""A party to WebSub on loopback that is asked and told: a subscriber's callback, a public hub, a source's hub.

    with Callback() as callback:
        callback.answers = lambda request: (200, request.query["hub.challenge"])
        ...
        assert callback.heard[0].form["hub.mode"] == "subscribe"

By default it echoes challenges and accepts what it is told.  It runs in threads of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it came; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The first value of each field."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


Said = tuple[int, str] | tuple[int, str, dict[str, str]]


def agree(request: Heard) -> Said:
    """What a subscriber says that wants everything."""
    return 200, request.query.get("hub.challenge", "")


class Callback:
    """*heard* are all requests so far; *answers* says what to answer and may be replaced at any time."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: Callable[[Heard], Said] = agree
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self.port = self._server.server_port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, path: str = "/callback") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def of(self, method: str) -> list[Heard]:
        """The requests of one method."""
        return [one for one in self.heard if one.method == method]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        party = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Heard(self.command, self.path, headers, body)
                party.heard.append(request)
                status, words, *more = party.answers(request)
                self.send_response(status)
                for name, value in (more[0] if more else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(words.encode())))
                self.end_headers()
                self.wfile.write(words.encode())

            do_GET = do_POST = _answer  # noqa: N815 - http.server wants these names

            def log_message(self, format: str, *args: object) -> None: ...

        return Handler
