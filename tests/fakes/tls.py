"""TLS for the fake servers: certificates for ``localhost`` and 127.0.0.1, made for these tests, trusted by nobody.

``good`` and ``expired`` are signed by ``AUTHORITY``, ``selfsigned`` by itself.  A program under test trusts the
authority when SSL_CERT_FILE names it.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Literal

_FOLDER = Path(__file__).parent / "certificates"
AUTHORITY = _FOLDER / "authority.pem"


def server(certificate: Literal["good", "expired", "selfsigned"]) -> ssl.SSLContext:
    """For the server's side of the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_FOLDER / f"{certificate}.pem")
    return context
