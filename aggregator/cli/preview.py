"""``aggregator digest preview``: the next edition in a terminal, a file, a browser."""

from __future__ import annotations

import sys
import threading
import webbrowser
from datetime import datetime
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer

import typer

from aggregator import post
from aggregator.cli.output import console
from aggregator.daemon.opening import open_store
from aggregator.daemon.relaying import open_signer
from aggregator.mail.message import compose, filled
from aggregator.model import Config, Digest
from aggregator.post import Preview

PATIENCE = 300.0
"""Seconds for which a browser is waited for."""


def find(settings: Config, digest: Digest, now: datetime, *, last: bool) -> Preview | None:
    """What would go out now; None, with words about it, when nothing would."""
    with open_store(settings, create=False) as store:
        found = store.submit(lambda tx: post.preview(tx, settings, digest, now, last=last), keep=False).result()
    if found is None:
        words = "nothing has arrived since the last edition; it would be skipped"
        console.print(f"{digest.id}: {words}" + ("" if last else " (--all shows the last stories)"), soft_wrap=True)
    elif found.why == "last":
        typer.echo(f"{digest.id}: nothing has arrived since the last edition; these are the last stories", err=True)
    elif found.why == "held":
        typer.echo(f"{digest.id}: this edition is frozen and held", err=True)
    return found


def show(settings: Config, found: Preview, *, html: bool, eml: bool, browser: bool) -> None:
    """In one of its forms on standard output, or once to a browser."""
    letter = filled(found.letter, found.envelope)
    markup = letter.html or f"<pre>{escape(letter.text)}</pre>"  # of a reader who wants text only
    if eml:
        signer, content = open_signer(settings), compose(found.letter, found.envelope)
        sys.stdout.buffer.write(signer.sign(content) if signer else content)
    elif browser:
        _serve(markup)
    else:
        typer.echo(markup if html else f"{letter.subject}\n\n{letter.text}")


class _Once(HTTPServer):
    """Serves *markup* at ``/`` until somebody has had it, or for as long as there is patience."""

    timeout = PATIENCE

    def __init__(self, markup: str) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.content = markup.encode()
        self.done = False

    def handle_timeout(self) -> None:
        self.done = True


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, _Once)
        found = self.path == "/"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.server.content if found else b"")
        self.server.done = self.server.done or found

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the command says what it does."""


def _serve(markup: str) -> None:
    """Show a page once, to whoever asks for it on this machine; a browser is told where."""
    with _Once(markup) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        console.print(f"shown once at {url}", soft_wrap=True)
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        while not server.done:
            server.handle_request()
