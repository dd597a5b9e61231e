"""One small web server on loopback, for what the demo shows to a browser and to the aggregator.

It answers GET and HEAD, and conditional requests (RFC 9110 §13.1.2) by a strong ETag made of the bytes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Thread
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

_templates = Environment(
    loader=PackageLoader("aggregator", "sample"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent for one path."""

    content: bytes
    media_type: str = "text/html; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def etag(self) -> str:
        """The same bytes, the same validator (RFC 9110 §8.8.3), quotes included."""
        return f'"{sha256(self.content).hexdigest()[:32]}"'


NOT_FOUND = Answer(content=b"Not found\n", media_type="text/plain; charset=utf-8", status=HTTPStatus.NOT_FOUND)


def render(template: str, /, **values: object) -> bytes:
    """A sample template, filled in; every value is escaped."""
    return _templates.get_template(template).render(values).encode()


class Loopback:
    """A web server in threads of its own, on a free port of 127.0.0.1.

    *answer* is asked for a path (without the query) and may be called from several threads at once; None is a 404.
    """

    def __init__(self, answer: Callable[[str], Answer | None]) -> None:
        self._server = _Server(answer)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="loopback", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; harmless when repeated."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def __init__(self, answer: Callable[[str], Answer | None]) -> None:
        self.answer = answer
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own asks the resolver for our name, which takes seconds where there is no network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A browser that closes a tab is not worth a traceback.
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "sample"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        answer = self.server.answer(urlsplit(self.path).path) or NOT_FOUND
        if answer.status == HTTPStatus.OK and self._has(answer.etag):
            self._send(HTTPStatus.NOT_MODIFIED, {"ETag": answer.etag, "Cache-Control": "no-cache"})
            return
        head = {
            "Content-Type": answer.media_type,
            "Content-Length": str(len(answer.content)),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
        }
        validator = {"ETag": answer.etag} if answer.status == HTTPStatus.OK else {}
        self._send(answer.status, {**head, **validator, **answer.headers})
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _has(self, etag: str) -> bool:
        """Whether If-None-Match names this representation; the comparison is the weak one (RFC 9110 §13.1.2)."""
        field_value = ", ".join(self.headers.get_all("If-None-Match", []))
        return field_value.strip() == "*" or etag in _ENTITY_TAG.findall(field_value)

    def _send(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the demo's terminal is for what the aggregator does."""
