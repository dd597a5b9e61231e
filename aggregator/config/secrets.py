"""Secrets: read from files of their own when they are needed, and never told in an error."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from aggregator.errors import ConfigError
from aggregator.model import Auth


def secret(name_or_path: str, *, what: str = "password") -> str:
    """The password in a file, or in the systemd credential of that name; the newline at its end is no part of it.

    An absolute path is a file, anything else a credential (systemd.exec(5), LoadCredential=).  Raises ConfigError
    when it is missing, unreadable or empty; *what* it says is missing.
    """
    path = Path(name_or_path)
    try:
        found = (path if path.is_absolute() else _credential(name_or_path)).read_bytes().decode().rstrip("\r\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError([f'the {what} in "{name_or_path}" cannot be read: {reason}{_advice(path)}']) from None
    except UnicodeDecodeError:
        raise ConfigError([f'the {what} in "{name_or_path}" cannot be read: it is not UTF-8']) from None
    if not found:
        raise ConfigError([f'the {what} in "{name_or_path}" is empty'])
    return found


def credentials(auth: Auth) -> tuple[tuple[str, str], ...]:
    """The request headers by which a server knows us.

    Raises ConfigError as ``secret`` does, and for what a header cannot hold.
    """
    return tuple(_headers(auth))


def _headers(auth: Auth) -> Iterator[tuple[str, str]]:
    if auth.user is not None and auth.password_file:
        pair = f"{auth.user}:{_line(auth.password_file, 'password')}"
        yield "Authorization", f"Basic {b64encode(pair.encode()).decode()}"  # RFC 7617 §2
    if auth.token_file:
        yield "Authorization", f"Bearer {_visible(auth.token_file, 'token')}"  # RFC 6750 §2.1
    if auth.header and auth.value_file:
        yield auth.header, _visible(auth.value_file, "value")


def _line(name: str, what: str) -> str:
    found = secret(name, what=what)
    if not found.isprintable():
        raise ConfigError([f'the {what} in "{name}" cannot be sent: it is not one line of plain characters'])
    return found


def _visible(name: str, what: str) -> str:
    """What a header may hold unencoded (RFC 9110 §5.5)."""
    found = _line(name, what).strip(" ")
    if not found.isascii():
        raise ConfigError([f'the {what} in "{name}" cannot be sent: a header holds ASCII only'])
    return found


def _credential(name: str) -> Path:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if "/" in name or name in ("", ".", ".."):
        raise ConfigError([f'"{name}" is neither an absolute path nor the name of a systemd credential'])
    if not directory:
        raise ConfigError(
            [
                f'"{name}" names a systemd credential, but this was not started by a unit with '
                f"LoadCredential={name}:…; write an absolute path for a file"
            ]
        )
    return Path(directory) / name


def _advice(path: Path) -> str:
    return (
        "" if path.is_absolute() else f"; give the unit LoadCredential={path}:…, or write an absolute path for a file"
    )
