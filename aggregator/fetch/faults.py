"""What went wrong, as a sentence for the operator: the host, the cause and, where there is one, the setting.

httpx, aiohttp, ssl and the operating system wrap each other's errors, and httpx-aiohttp names a failed connection a
timeout, so the sentence is found in the whole chain of causes and never in the outermost error.  What a server sent is
never quoted.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from aggregator.errors import FetchError, NetworkError
from aggregator.fetch.guard import RefusedError


class FaultError(Exception):
    """A reason without the host that it is about; only inside this package."""


LIBRARIES = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, HttpProcessingError, OSError, ValueError)
"""All that the libraries below are known to raise for what comes over the wire."""

_CERTIFICATE = {  # X509_V_ERR_… of OpenSSL's x509_vfy.h
    9: "is not valid yet",
    10: "expired",
    18: "is signed by itself, not by an authority",
    19: "is signed by an authority that is not trusted here",
    20: "is signed by an authority that is not trusted here, or the server does not send the whole chain",
    21: "is signed by an authority that is not trusted here, or the server does not send the whole chain",
    62: "belongs to another name",
    64: "belongs to another address",
}
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}


def explain(host: str, error: Exception, *, proxied: bool = False) -> FetchError:
    """The error to raise for whatever was raised while *host* was being asked; *proxied*: by way of a proxy."""
    chain = tuple(_causes(error))[::-1]  # from the innermost: what wraps an error of ssl has its type, not its data
    for kind, raised, words in (*_PROXIED, *_EXPLANATIONS) if proxied else _EXPLANATIONS:
        for cause in chain:
            if isinstance(cause, kind):
                return raised(f"{host}: {words(cause)}")
    return FetchError(f"{host}: failed ({type(error).__name__})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__


def _name(error: socket.gaierror) -> str:
    if error.errno in _NO_SUCH_NAME:
        return "no such host (DNS)"
    return f"the host's name could not be looked up (DNS: {(error.strerror or 'failed').lower()})"


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    return f"TLS certificate {_CERTIFICATE.get(error.verify_code, f'is not good ({error.verify_message})')}"


def _tls(error: ssl.SSLError) -> str:
    if error.reason in _NO_TLS:
        return "does not speak TLS at this port; is it http instead of https?"
    return f"TLS failed ({(error.reason or 'no reason given').replace('_', ' ').lower()})"


def _connection(error: aiohttp.ClientConnectorError) -> str:
    number = error.os_error.errno
    if not number:  # several addresses, and each failed in its own way
        return "could not connect to any of its addresses"
    if number == errno.ECONNREFUSED:
        return "connection refused: nothing listens at this address and port"
    if number in (errno.EMFILE, errno.ENFILE):
        return "too many open files here; raise LimitNOFILE or lower [fetch].concurrency"
    return f"could not connect ({os.strerror(number).lower()})"


def _proxy(error: aiohttp.ClientHttpProxyError) -> str:
    if error.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return "the proxy wants a user name and password (407)"
    return f"the proxy does not let us through ({error.status})"


def _always(words: str) -> Callable[[Any], str]:
    return lambda _: words


_Explanation = tuple[type[BaseException], type[FetchError], Callable[[Any], str]]
_PROXIED: tuple[_Explanation, ...] = (
    # Who asks a proxy looks up and connects to nothing but the proxy.
    (aiohttp.ClientHttpProxyError, FetchError, _proxy),
    (socket.gaierror, NetworkError, lambda error: f"the proxy: {_name(error)}"),
    (aiohttp.ClientProxyConnectionError, NetworkError, lambda error: f"the proxy: {_connection(error)}"),
)
_EXPLANATIONS: tuple[_Explanation, ...] = (
    # The first line that fits any error of the chain.
    (FaultError, FetchError, str),
    (RefusedError, FetchError, lambda error: str(error.reason)),
    (socket.gaierror, NetworkError, _name),
    (ssl.SSLCertVerificationError, FetchError, _certificate),
    (ssl.SSLError, FetchError, _tls),
    (aiohttp.ClientPayloadError, FetchError, _always("the answer broke off before its end")),
    (LineTooLong, FetchError, _always("sent a header of more than 8 kB")),
    (HttpProcessingError, FetchError, _always("did not answer in well-formed HTTP")),
    (aiohttp.ClientResponseError, FetchError, _always("did not answer in well-formed HTTP")),
    (aiohttp.ServerDisconnectedError, FetchError, _always("closed the connection without an answer")),
    (aiohttp.ClientConnectorError, NetworkError, _connection),
    (ConnectionError, FetchError, _always("broke the connection")),
    (aiohttp.ClientOSError, FetchError, _always("broke the connection")),
    (httpx.RemoteProtocolError, FetchError, _always("redirects to what is no URL")),  # httpx reads Location itself
    (httpx.InvalidURL, FetchError, _always("the URL is not one that can be fetched")),
    (httpx.UnsupportedProtocol, FetchError, _always("the URL is not one that can be fetched")),
    (ValueError, FetchError, _always("the URL is not one that can be fetched")),
)
