"""README.md and CHANGELOG.md are true: what they show can be run, loaded and followed."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from aggregator import __version__, config
from aggregator.cli.app import app
from aggregator.config.form import settings, tables

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", README, flags=re.MULTILINE | re.DOTALL)
SPANS = tuple(re.findall(r"`([^`\n]+)`", PROSE))


def blocks(language: str) -> list[str]:
    """The fenced blocks of README in *language*."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def shell() -> list[list[str]]:
    """Every simple command of the shell blocks, as its words."""
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").replace("|\n", "| ").splitlines()
    found: list[list[str]] = []
    for line in lines:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        command: list[str] = []
        for word in lexer:
            if set(word) <= set("|&;"):
                found.append(command)
                command = []
            else:
                command.append(word)
        found.append(command)
    return [command for command in found if command]


def called() -> Iterator[tuple[str, ...]]:
    """The words after ``aggregator`` wherever README runs it or names a command of it."""
    for command in shell():
        for position, word in enumerate(command):
            if word.endswith("/bin/aggregator") or (word == "aggregator" and position == 0):
                yield tuple(command[position + 1 :])
    yield from (tuple(shlex.split(span)[1:]) for span in SPANS if span.startswith("aggregator "))


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every command that does something, as the program has them."""
    below = getattr(command or get_command(app), "commands", {})
    for name, child in below.items():
        yield from commands(child, (*path, name))
    if not below:
        yield path


def parsed(words: tuple[str, ...]) -> tuple[str, ...]:
    """The path of the command that a command line names, read and not run; raises for one that is refused."""
    command: Any = get_command(app)
    rest = [word for word in words if word != "--help"]
    path: tuple[str, ...] = ()
    while rest and rest[0] in getattr(command, "commands", {}):
        path = (*path, rest.pop(0))
        command = command.commands[path[-1]]
    if not hasattr(command, "commands"):
        command.make_context(words[0], rest)
    elif rest and rest != ["COMMAND"]:
        pytest.fail(f"aggregator {' '.join(words)}: there is no command {rest[0]}")
    return path


def known() -> dict[str, set[str]]:
    """Each table of the configuration by its dotted path, with the names of its settings."""
    return {".".join(path): set(settings(table)) for path, _, table in tables()}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("block", [block for block in blocks("toml") if "[[zones]]" in block])
def test_a_complete_configuration_loads(block: str, tmp_path: Path) -> None:
    """What README calls a configuration is one, as it stands."""
    path = tmp_path / "aggregator.toml"
    path.write_text(block, encoding="utf-8")
    loaded = config.load(path)
    assert loaded.zones
    assert loaded.sources
    assert loaded.streams


def test_there_is_a_complete_configuration() -> None:
    """README has one to copy, with a feed, a page and a digest."""
    (whole,) = [tomllib.loads(block) for block in blocks("toml") if "[[zones]]" in block]
    assert {source.get("type", "auto") for source in whole["sources"]} == {"auto", "page"}
    assert whole["digests"]


@pytest.mark.parametrize("block", blocks("toml"))
def test_a_part_of_a_configuration_has_known_settings(block: str) -> None:
    """A fragment is TOML, and each of its settings exists in its table."""
    for name, value in tomllib.loads(block).items():
        for table in value if isinstance(value, list) else [value]:
            if isinstance(table, dict):
                assert set(table) <= known()[name], name
            else:
                assert name in known()[""]


def test_every_setting_named_exists() -> None:
    """`[fetch].interval`, `[[sources]]`, `[sources.page]` and the like are tables and settings that there are."""
    named = [found for span in SPANS if (found := re.fullmatch(r"\[\[?([a-z.]+)\]\]?(?:\.([a-z_]+)\b.*)?", span))]
    assert len(named) > 20
    unknown = [
        found[0]
        for found in named
        if found[1] not in known() or (found[2] and found[2] not in known().get(found[1], ()))
    ]
    assert unknown == []


def test_every_table_of_the_configuration_is_explained() -> None:
    """README's table of tables has all of them, with their brackets as the file wants them."""
    for path, many, _ in tables():
        header = f"[[{'.'.join(path)}]]" if many else f"[{'.'.join(path)}]"
        assert not path or f"`{header}`" in PROSE, header


@pytest.mark.parametrize("words", sorted(set(called())), ids=" ".join)
def test_every_command_line_is_understood(words: tuple[str, ...]) -> None:
    """Each command exists and takes the options and the arguments that README gives it."""
    path = parsed(words)
    assert any(each[: len(path)] == path for each in commands())


@pytest.mark.parametrize("span", [span for span in SPANS if re.match(r"--[a-z]", span)])
def test_every_option_named_exists(span: str) -> None:
    """An option that stands alone in the text belongs to some command."""
    options: set[str] = {"--help"}
    for path in commands():
        command: Any = get_command(app)
        for name in path:
            command = command.commands[name]
        options |= {option for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", span)) <= options


@pytest.mark.parametrize("path", sorted(commands()), ids=" ".join)
def test_every_command_is_in_the_table(path: tuple[str, ...]) -> None:
    """Whoever reads "The commands" has seen them all."""
    assert re.search(rf"^\| `aggregator {' '.join(path)}[ `]", README, re.MULTILINE)


def test_the_table_says_which_commands_speak_json() -> None:
    """The last column is filled where the command has --json, and only there."""
    rows = re.findall(r"^\| `aggregator ([a-z ]+?)(?: [^a-z`][^`]*)?` \|.*\| *([^|]*?) *\|$", README, re.MULTILINE)
    assert {name for name, _ in rows} == {" ".join(path) for path in commands()}
    for name, filled in rows:
        command: Any = get_command(app)
        for part in name.split():
            command = command.commands[part]
        has = any("--json" in parameter.opts for parameter in command.params)
        assert bool(filled) is has, name


def test_every_make_target_exists() -> None:
    """`make demo` and the others are targets of the Makefile."""
    words = [command[1] for command in shell() if command[0] == "make"]
    words += [span.split()[1] for span in SPANS if re.match(r"make [a-z]", span)]
    assert {"demo", "test", "run", "help"} <= set(words) <= targets()


@pytest.mark.parametrize("text", [README, CHANGELOG], ids=["README", "CHANGELOG"])
def test_every_link_leads_somewhere(text: str) -> None:
    """What is linked to inside the repository is there, headings included."""
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for link in (one or other for one, other in links):
        if link.startswith("#"):
            assert link[1:] in anchors, link
        elif "://" not in link:
            assert (ROOT / link.partition("#")[0]).exists(), link


def test_the_pictures_are_ours_and_small() -> None:
    """Pictures come from the repository, are PNG, say in words what they show, and are quick to load."""
    pictures = re.findall(r"<img src=\"([^\"]+)\"[^>]*\balt=\"([^\"]{20,})\"", README)
    assert len(pictures) == README.count("<img") == 9
    assert "![" not in README
    for name, _ in pictures:
        content = (ROOT / name).read_bytes()
        assert content.startswith(b"\x89PNG\r\n"), name
        assert len(content) < 250_000, name


def test_what_stands_on_the_buttons_is_what_editors_are_told() -> None:
    """Each Dutch label that the page for editors quotes is one that the desk has."""
    said = (ROOT / "aggregator/locale/nl/LC_MESSAGES/desk.po").read_text(encoding="utf-8")
    labels = {label.replace("%(num)d", "2") for label in re.findall(r'^msgstr(?:\[\d\])? "(.*)"$', said, re.MULTILINE)}
    (page,) = re.findall(r"^## For editors\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)
    quoted = {" ".join(each.split()) for each in re.findall(r"\*“([^”]+)”\*", page)}
    assert len(quoted) > 20
    assert quoted - labels == set()


def test_every_file_that_the_shell_takes_from_the_repository_is_there() -> None:
    """The installation copies files that exist."""
    words = {word for command in shell() for word in command}
    copied = {word for word in words if re.match(r"(config|systemd|requirements)[/.\w-]*\.\w+$", word)}
    assert {"config/aggregator.toml", "systemd/aggregator.service", "requirements.lock"} <= copied
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_what_is_installed_is_what_the_unit_starts() -> None:
    """Program, configuration, user, state and credential are where systemd/aggregator.service looks for them."""
    unit = (ROOT / "systemd" / "aggregator.service").read_text(encoding="utf-8")
    installed = "\n".join(blocks("sh"))
    for line, words in (
        ("ExecStart=/opt/aggregator/bin/aggregator run", "python3 -m venv /opt/aggregator"),
        ("--config /etc/aggregator/aggregator.toml", "config/aggregator.toml /etc/aggregator/aggregator.toml"),
        ("User=aggregator", "adduser --system --group"),
        ("StateDirectory=aggregator", "--home /var/lib/aggregator"),
        ("LoadCredential=relay-password:/etc/aggregator/relay-password", "LoadCredential=relay-password:"),
    ):
        assert line in unit
        assert words in installed
    assert 'password_file = "relay-password"' in README


def test_the_build_requirements_come_first_as_in_the_makefile() -> None:
    """README installs from the lock with the very steps that `make` takes and tests."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$$", "$")
    (cut,) = re.findall(r"sed -n '([^']+)'", "\n".join(blocks("sh")))
    assert f"sed -n '{cut}'" in makefile
    options = re.findall(r"install (--\S+(?: --\S+)*) -r", "\n".join(blocks("sh")))
    assert options == re.findall(r"install (--\S+(?: --\S+)*) -r", makefile)


def test_they_name_the_version() -> None:
    """README and the newest entry of CHANGELOG are about the package as it is."""
    assert f"version {__version__}" in README
    (newest, *_) = re.findall(r"^## (\S+) - \d{4}-\d\d-\d\d$", CHANGELOG, re.MULTILINE)
    assert newest == __version__
