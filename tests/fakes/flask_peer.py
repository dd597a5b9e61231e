"""An independent implementation of WebSub, Flask-WebSub, as publisher, hub and subscriber on a port of its own.

    python flask_peer.py DIRECTORY

Needs flask-websub and celery, whose tasks run at once.  It prints its port.  ``POST /feed`` changes the topic at
``/feed`` and tells its hub; ``POST /subscribe`` (topic) subscribes to a topic of ours; ``GET /received`` is what came.
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, untyped-decorator, unused-ignore"

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import flask_websub.subscriber as theirs
from celery import Celery
from flask import Flask, Response, jsonify, request
from flask_websub.hub import Hub, SQLite3HubStorage
from flask_websub.publisher import init_publisher, publisher
from werkzeug.serving import make_server


def peer(directory: Path, port: list[int]) -> Flask:
    app = Flask("peer")
    celery = Celery("peer", broker="memory://")
    celery.conf.task_always_eager = True
    hub = Hub(SQLite3HubStorage(str(directory / "hub.sqlite3")), celery)
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    init_publisher(app)
    subscriber = theirs.Subscriber(
        theirs.SQLite3SubscriberStorage(str(directory / "subscriber.sqlite3")),
        theirs.SQLite3TempSubscriberStorage(str(directory / "asked.sqlite3")),
    )
    app.register_blueprint(subscriber.build_blueprint(url_prefix="/callbacks"))
    theirs.is_secure = lambda url: True  # it keeps its secrets to https, and there is none on loopback
    received: list[dict[str, Any]] = []
    content: list[bytes] = [b""]

    @subscriber.add_success_handler
    def confirmed(topic: str, callback: str, mode: str) -> None:
        received.append({"mode": mode, "topic": topic, "callback": callback})

    @subscriber.add_error_handler
    def denied(topic: str, callback: str, reason: str) -> None:
        received.append({"mode": "denied", "topic": topic, "reason": reason})

    @subscriber.add_listener
    def delivered(topic: str, callback: str, body: bytes) -> None:
        received.append({"mode": "delivered", "topic": topic, "body": body.decode()})

    @app.get("/feed")
    @publisher(hub_url="/hub")
    def feed() -> Response:
        return Response(content[0], mimetype="application/rss+xml")

    @app.post("/feed")
    def change() -> str:
        content[0] = request.get_data()
        hub.send_change_notification.delay(f"http://127.0.0.1:{port[0]}/feed")
        return "told"

    @app.post("/subscribe")
    def subscribe() -> str:
        found: str = subscriber.subscribe(**theirs.discover(request.form["topic"]))
        return found

    @app.post("/unsubscribe")
    def unsubscribe() -> str:
        subscriber.unsubscribe(request.form["id"])
        return "asked"

    @app.get("/received")
    def all_of_it() -> Response:
        return jsonify(received)

    return app


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port: list[int] = []
    server = make_server("127.0.0.1", 0, peer(Path(sys.argv[1]), port), threaded=True)
    port.append(server.server_port)
    print(server.server_port, flush=True)
    server.serve_forever()
