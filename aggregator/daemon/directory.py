"""Documents as files, for any web server to serve: each whole or not at all, beside it the same in its codings.

What was written is noted in a manifest, so that a document that is no more takes its files with it, and nothing that
somebody else has put there is ever removed.  A path that ends in / becomes its index.html.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import TypeAdapter

from aggregator.errors import AggregatorError
from aggregator.model import Coding, Document

MANIFEST = ".aggregator.json"
_NAMES = TypeAdapter(dict[str, str])
SUFFIXES: dict[Coding, str] = {"gzip": ".gz", "br": ".br", "zstd": ".zst"}


class Directory:
    """The files below *path*, which is made if need be.  Not for use by two processes at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._read()

    def write(self, documents: Iterable[tuple[str, Document | None]]) -> list[Path]:
        """Keep the files in step with *documents*, by path; None is one that is what it was.

        What is written, in that order.  Raises AggregatorError.
        """
        current: dict[str, str] = {}
        written: list[Path] = []
        for path, document in documents:
            if document is not None and document.status != 200:
                continue
            for name, etag, content in _files(path, document, self._known):
                current[name] = etag
                if content is not None and (self._known.get(name) != etag or not (self._path / name).exists()):
                    self._note(name, etag)
                    written.append(self._put(name, content, document))
        for name in self._known.keys() - current.keys():
            self._remove(name)
        self._known = current
        if written or not (self._path / MANIFEST).exists() or self._read() != current:
            self._save()
        return written

    def _note(self, name: str, etag: str) -> None:
        """A file is ours before it is there: who dies between the two still knows what to remove."""
        if name not in self._known:
            self._known[name] = etag
            self._save()

    def _put(self, name: str, content: bytes, document: Document | None) -> Path:
        target = self._path / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.new")
            draft.write_bytes(content)
            if document and document.last_modified.timestamp() > 0:
                # Web servers make Last-Modified of it, and ETags.
                os.utime(draft, (document.last_modified.timestamp(),) * 2)
            draft.replace(target)
        except OSError as failure:
            raise AggregatorError(f"cannot write {target}: {failure.strerror}") from failure
        return target

    def _remove(self, name: str) -> None:
        target = self._path / name
        try:
            target.unlink(missing_ok=True)
            for folder in target.relative_to(self._path).parents:
                if folder != Path() and not any((self._path / folder).iterdir()):
                    (self._path / folder).rmdir()
        except OSError as failure:
            raise AggregatorError(f"cannot remove {target}: {failure.strerror}") from failure

    def _read(self) -> dict[str, str]:
        try:
            found = _NAMES.validate_json((self._path / MANIFEST).read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as failure:
            raise AggregatorError(f"cannot read {self._path / MANIFEST}: {failure}") from failure
        return {name: etag for name, etag in found.items() if _is_below(name)}

    def _save(self) -> None:
        content = json.dumps(self._known, indent=0, sort_keys=True).encode()
        self._put(MANIFEST, content, None)


def _files(path: str, document: Document | None, known: dict[str, str]) -> Iterator[tuple[str, str, bytes | None]]:
    """The names of a document's files, each with its tag and its bytes."""
    name = path.lstrip("/") + ("index.html" if path.endswith("/") else "")
    if document is None:
        names = (name, *(name + suffix for suffix in SUFFIXES.values()))
        yield from ((each, known[each], None) for each in names if each in known)
        return
    yield name, document.etag, document.content
    yield from ((name + SUFFIXES[coding], document.etag, content) for coding, content in document.packed)


def _is_below(name: str) -> bool:
    """Whether a name of the manifest can be one of ours."""
    return not name.startswith("/") and ".." not in Path(name).parts
