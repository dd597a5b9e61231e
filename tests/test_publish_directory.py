"""The site as files: whole, in step with the database, with compressed siblings, and no file of others touched."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.daemon.directory import MANIFEST, Directory
from aggregator.daemon.leaves import Leaves
from aggregator.daemon.publishing import AGAIN, STEP, Publishing
from aggregator.errors import AggregatorError
from aggregator.model import Document
from aggregator.publish.packing import packed
from aggregator.publish.static import document
from tests.presses import SMALL, desk
from tests.stories import NOW


def made(words: str = "nieuws") -> Document:
    return packed(document("text/plain", f"{words} ".encode() * 100, NOW))


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def all_of(documents: Mapping[str, Document]) -> list[tuple[str, Document | None]]:
    return list(documents.items())


FOUR = {name + suffix for name in ("a.atom", "x/index.html") for suffix in ("", ".gz", ".br", ".zst")}


def test_every_document_and_its_siblings(tmp_path: Path) -> None:
    """A path that ends in / is an index.html; each has its codings beside it; the time is the document's."""
    Directory(tmp_path / "deep" / "site").write(all_of({"/a.atom": made(), "/x/": made()}))
    site = tmp_path / "deep" / "site"
    assert files(site) == {*FOUR, MANIFEST}
    assert gzip.decompress((site / "a.atom.gz").read_bytes()) == (site / "a.atom").read_bytes() == made().content
    assert {(site / name).stat().st_mtime for name in FOUR} == {NOW.timestamp()}


def test_what_is_as_it_was_is_left_alone(tmp_path: Path) -> None:
    """Only what has changed, or was lost, is written; also by another process."""
    Directory(tmp_path).write(all_of({"/a.atom": made(), "/x/": made()}))
    one = Directory(tmp_path)
    assert one.write(all_of({"/a.atom": made(), "/x/": made()})) == []
    (tmp_path / "x" / "index.html").unlink()
    assert one.write(all_of({"/a.atom": made(), "/x/": made()})) == [tmp_path / "x" / "index.html"]
    written = one.write([("/a.atom", made("anders")), ("/x/", None)])
    assert {path.name for path in written} == {"a.atom", "a.atom.gz", "a.atom.br", "a.atom.zst"}
    assert files(tmp_path) == {*FOUR, MANIFEST}


def test_what_is_no_more_is_removed(tmp_path: Path) -> None:
    """With its siblings and its folder; a file that somebody else put there stays, and keeps its folder."""
    Directory(tmp_path).write(all_of({"/a.atom": made(), "/x/": made(), "/y/": made()}))
    (tmp_path / "x" / "mine.txt").write_text("precious")
    (tmp_path / "b.atom").write_text("precious")
    Directory(tmp_path).write(all_of({"/a.atom": document("text/plain", b"short", NOW)}))
    assert files(tmp_path) == {"a.atom", "b.atom", "x/mine.txt", MANIFEST}
    assert not (tmp_path / "y").exists()


def test_redirects_are_the_web_servers(tmp_path: Path) -> None:
    """An address that leads elsewhere or nowhere is no file."""
    Directory(tmp_path).write([("/a.atom", replace(made(), status=410)), ("/b", replace(made(), status=301))])
    assert files(tmp_path) <= {MANIFEST}


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """What cannot be finished leaves the old file, and is said in a sentence; what was begun is known to be ours."""
    one = Directory(tmp_path)
    one.write(all_of({"/a.atom": made()}))
    (tmp_path / ".b.atom.new").mkdir()  # in the way of the draft
    with pytest.raises(AggregatorError, match=r"cannot write .*b\.atom: Is a directory"):
        one.write(all_of({"/a.atom": made(), "/b.atom": made()}))
    assert (tmp_path / "a.atom").read_bytes() == made().content
    assert "b.atom" in json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / ".b.atom.new").rmdir()
    Directory(tmp_path).write(all_of({"/a.atom": made()}))
    assert not list(tmp_path.glob("*b.atom*"))


@pytest.mark.parametrize("content", ["{", '"x"', "[]", '{"a": 1}'])
def test_a_broken_manifest_is_said(tmp_path: Path, content: str) -> None:
    """Nothing is removed on the word of a manifest that nobody can read."""
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(AggregatorError, match=r"cannot read .*\.aggregator\.json"):
        Directory(tmp_path)


def test_a_manifest_names_nothing_outside(tmp_path: Path) -> None:
    """A manifest that was tampered with cannot have other files removed."""
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "precious").write_text("x")
    names = {"../precious": "1", str(tmp_path / "precious"): "2", "x/../../precious": "3"}
    (site / MANIFEST).write_text(json.dumps(names))
    Directory(site).write([])
    assert (tmp_path / "precious").exists()


def test_the_daemon_keeps_the_files_in_step(tmp_path: Path) -> None:
    """With [publish].directory every change is on disk as it is in memory, archives included."""
    site = tmp_path / "site"
    config = replace(SMALL, publish=replace(SMALL.publish, directory=str(site)))
    with desk(tmp_path, config) as one:
        stories = [one.add() for _ in range(7)]
        publishing = Publishing(config, one.store, lambda: one.now, print)

        async def change_and_go_on() -> None:
            await publishing.go_on()
            assert (site / "samenwerking/archive/1-5.atom.br").exists()
            before = (site / "samenwerking/archive/1-5.atom").read_bytes()
            one.withdraw(stories[0])
            await publishing.go_on()
            assert (site / "samenwerking/archive/1-5.atom").read_bytes() != before

        asyncio.run(change_and_go_on())
        for path, found in publishing.documents.items():
            if found.status == 200:
                name = path.lstrip("/") + ("index.html" if path.endswith("/") else "")
                assert (site / name).read_bytes() == found.content


def test_a_disk_that_is_full_stops_no_reader(tmp_path: Path) -> None:
    """What is served from memory is up to date; the files are written as soon as it is possible again."""
    site = tmp_path / "site"
    config = replace(SMALL, publish=replace(SMALL.publish, directory=str(site)))
    with desk(tmp_path, config) as one:
        one.add()
        said: list[str] = []
        publishing = Publishing(
            config, one.store, lambda: one.now, lambda failure, what: said.append(f"{what}: {failure}")
        )
        site.write_text("a file where the folder should be")
        asyncio.run(publishing.go_on())
        asyncio.run(publishing.go_on())
        assert publishing.documents["/samenwerking.atom"].content.count(b"<entry>") == 1
        assert len(said) == 1
        assert said[0].startswith("[publish].directory: cannot read ")
        site.unlink()
        one.now += AGAIN
        asyncio.run(publishing.go_on())
        assert (site / "samenwerking.atom").exists()


def test_stories_and_months_are_files_too(tmp_path: Path) -> None:
    """Each story's page and each month, with siblings; a change writes what it changed; what is withdrawn goes."""
    with desk(tmp_path, SMALL) as one:
        stories = [one.add() for _ in range(7)]
        site, leaves = Directory(tmp_path / "site"), Leaves(SMALL)

        def write() -> set[str]:
            names = one.store.look(lambda tx: site.write(leaves.files(tx)))
            return {str(path.relative_to(tmp_path / "site")) for path in names}

        first = write()
        siblings = {f"story/0001/index.html{suffix}" for suffix in ("", ".gz", ".br", ".zst")}
        assert first >= siblings | {"samenwerking/archive/index.html", "zones/bht/archive/2026-11/index.html"}
        assert write() == set()
        one.edit(stories[0], "Een andere titel")
        changed = {name for name in write() if name.endswith(".html")}
        months = {"samenwerking/archive/2026-11/index.html", "zones/bht/archive/2026-11/index.html"}
        assert changed == {"story/0001/index.html", *months}
        one.withdraw(stories[0])
        write()
        assert siblings.isdisjoint(files(tmp_path / "site"))
        assert not (tmp_path / "site" / "story" / "0001").exists()
        again = Directory(tmp_path / "site")
        assert one.store.look(lambda tx: again.write(Leaves(SMALL).files(tx))) == []


def test_the_daemon_writes_them_a_step_at_a_time(tmp_path: Path) -> None:
    """No tick takes longer than a step of stories; each goes on where the last one stopped, and loses no file."""
    site = tmp_path / "site"
    config = replace(SMALL, publish=replace(SMALL.publish, directory=str(site)))
    with desk(tmp_path, config) as one:
        for _ in range(2 * STEP + 10):
            one.add()
        publishing = Publishing(config, one.store, lambda: one.now, print)

        async def steps() -> list[int]:
            counts = []
            for _ in range(4):
                await publishing.go_on()
                counts.append(len(list(site.glob("story/*/index.html"))))
            return counts

        assert asyncio.run(steps()) == [STEP, 2 * STEP, 2 * STEP + 10, 2 * STEP + 10]


def test_many_documents_are_noted_together(tmp_path: Path) -> None:
    """The manifest is saved for many new files at once: a thousand stories take no thousand copies of it."""
    saved: list[int] = []

    class Counting(Directory):
        def _save(self) -> None:
            saved.append(len(self._known))
            super()._save()

    Counting(tmp_path).write([(f"/story/{number:04}/", made(str(number))) for number in range(450)])
    assert len(saved) == 4
    assert len(list(tmp_path.glob("story/*/index.html.br"))) == 450
