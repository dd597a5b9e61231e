"""Documents as files, for any web server to serve: each whole or not at all, beside it the same in its codings.

What was written is noted in a manifest, so that a document that is no more takes its files with it, and nothing that
somebody else has put there is ever removed.  A path that ends in / becomes its index.html.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from pydantic import TypeAdapter

from aggregator.errors import AggregatorError
from aggregator.model import Coding, Document
from aggregator.publish.packing import packed

MANIFEST = ".aggregator.json"
AT_ONCE = 200
"""How many documents are noted in the manifest together, before they are written."""
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
        rest = iter(documents)
        while some := list(islice(rest, AT_ONCE)):
            there = [
                (name, document) for name, document in map(_named, some) if document is None or document.status == 200
            ]
            for name, document in there:
                current |= self._unchanged(name) if document is None else {}
            written += self._write([(name, document) for name, document in there if document], current)
        for name in self._known.keys() - current.keys():
            self._remove(name)
        self._known = current
        if written or not (self._path / MANIFEST).exists() or self._read() != current:
            self._save()
        return written

    def _unchanged(self, name: str) -> dict[str, str]:
        """The files of a document that are there, each with its tag."""
        names = (name, *(name + suffix for suffix in SUFFIXES.values()))
        return {each: self._known[each] for each in names if each in self._known}

    def _write(self, documents: Sequence[tuple[str, Document]], current: dict[str, str]) -> Iterator[Path]:
        """Write those that are not there as they are, and say in *current* which files they are."""
        changed: list[tuple[str, Document, bytes]] = []
        for name, document in documents:
            there = self._unchanged(name)
            if there.get(name) == document.etag and all((self._path / each).exists() for each in there):
                current |= there
                continue
            whole = packed(document)
            files = ((name, whole.content), *((name + SUFFIXES[coding], found) for coding, found in whole.packed))
            for each, content in files:
                current[each] = document.etag
                if self._known.get(each) != document.etag or not (self._path / each).exists():
                    changed.append((each, document, content))
        self._note([name for name, _, _ in changed], current)
        for name, document, content in changed:
            yield self._put(name, content, document)

    def _note(self, names: Sequence[str], current: dict[str, str]) -> None:
        """A file is ours before it is there: who dies between the two still knows what to remove."""
        if new := [name for name in names if name not in self._known]:
            self._known |= {name: current[name] for name in new}
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


def _named(one: tuple[str, Document | None]) -> tuple[str, Document | None]:
    """A document by the name of its file."""
    path, document = one
    return path.lstrip("/") + ("index.html" if path.endswith("/") else ""), document


def _is_below(name: str) -> bool:
    """Whether a name of the manifest can be one of ours."""
    return not name.startswith("/") and ".." not in Path(name).parts
