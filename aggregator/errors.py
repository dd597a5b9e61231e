"""What can go wrong that is not a bug.

* AggregatorError
  - ConfigError        the configuration cannot be used; exit status 2
  - FetchError         no usable answer: DNS, TCP, TLS, deadline, size, encoding
    - NetworkError     nothing could be reached: the fault may be on our side of the wire
  - ParseError         an answer, but not the feed or the page that was promised
  - StoreError         the database refused
    - SearchError      it was asked for what takes too long to find
  - MailError          a message could not be composed or handed over
  - DigestError        an edition cannot become what somebody wants it to be
  - ServeError         the web server cannot listen

An HTTP status code is not an error: it is an answer, and travels in ``Response``.
Every message is a sentence for the operator: what, where, and what to do.
"""

from collections.abc import Sequence


class AggregatorError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigError(AggregatorError):
    """The configuration cannot be used.

    *problems* holds every mistake, each as ``path.in.the[0].file: what was expected``.
    """

    def __init__(self, problems: Sequence[str], *, where: str = "") -> None:
        self.problems = tuple(problems)
        self.where = where
        super().__init__("\n".join([*([where] if where else []), *self.problems]))


class FetchError(AggregatorError): ...


class NetworkError(FetchError): ...


class ParseError(AggregatorError): ...


class StoreError(AggregatorError): ...


class SearchError(StoreError): ...


class MailError(AggregatorError): ...


class DigestError(AggregatorError): ...


class ServeError(AggregatorError): ...
