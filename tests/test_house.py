"""The rules of the house, which no tool of the trade knows: layout, size, purity, and what may not be said."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "aggregator"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
PURE = (
    "model", "errors.py", "text.py", "uri.py", "dates", "html.py", "schedule", "parse", "normalize.py", "match",
    "merge.py", "publish", "digest", "status.py", "shown.py", "colour.py", "select.py", "patterns.py", "query.py",
    "guards.py", "reading.py", "rates.py", "templating.py",
)  # fmt: skip


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout, so nobody knows which files belong to it")
    return listed.stdout.splitlines()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def module(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_the_river_flows_one_way() -> None:
    """The layers, the purity and the doors that pyproject.toml declares hold for every import there is."""
    run = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_layer_is_in_its_place() -> None:
    """The contract is exhaustive: a module that nobody gave a place fails it, so nobody may switch that off."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract for contract in contracts if contract["type"] == "layers"]
    assert layers["exhaustive"]
    assert set(layers["exhaustive_ignores"]) <= {"__main__", "migrations"}
    assert not any("ignore_imports" in contract for contract in contracts)


def test_the_top_level_holds_four_folders() -> None:
    """Beside aggregator, config, tests and systemd only what every repository carries."""
    folders = {name.split("/")[0] for name in tracked() if "/" in name and not name.startswith(".")}
    assert folders == {"aggregator", "config", "tests", "systemd"}


def test_functions_are_small() -> None:
    """The median function is under ten lines, nine in ten are under 35."""
    lengths = sorted(length(node) for path in MODULES for node in functions(module(path)))
    assert statistics.median(lengths) < 10
    assert lengths[len(lengths) * 9 // 10] < 35


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_one_idea(path: Path) -> None:
    """A module past about 300 lines is two ideas; a file opens with its law."""
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= 330
    assert ast.get_docstring(ast.parse(source)), "say what this module is for"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_dataclasses_are_frozen(path: Path) -> None:
    """Values do not change; whoever wants another one makes it."""
    for node in ast.walk(module(path)):
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                text = ast.unparse(decorator)
                if text.startswith("dataclass"):
                    assert "frozen=True" in text, f"{node.name} can be changed"
                    assert "slots=True" in text, f"{node.name} takes any attribute"


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.relative_to(PACKAGE).parts[0] in PURE],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_decisions_do_not_read_the_clock(path: Path) -> None:
    """Pure modules have no await, no open file, and no name by which the time could be read."""
    tree = module(path)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Await | ast.AsyncFunctionDef)]
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    forbidden = {"open", "print", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    assert not calls & forbidden


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_test_says_which_rule_it_proves(path: Path) -> None:
    """Every test opens with the rule, and nobody mocks our own code."""
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"unittest\.mock|MagicMock|setattr\(\s*[\"']aggregator", source) or path == Path(__file__)
    nameless = [
        node.name
        for node in functions(ast.parse(source))
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert nameless == []


def test_the_locks_name_no_place() -> None:
    """A lock names versions and hashes, and no index, folder or host that a machine happened to have."""
    for name in ("requirements.lock", "requirements-test.lock"):
        lines = (ROOT / name).read_text().splitlines()
        assert [line for line in lines if re.match(r"\s*-(?!-hash=)|.*://|.*@ ", line)] == []
        assert any(line.startswith("setuptools==") for line in lines), "what builds feedgen is locked too"


def test_the_run_lock_is_part_of_the_test_lock() -> None:
    """What is tested is what runs: the same versions."""

    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[A-Za-z0-9_.-]+==[^ ;\\]+", (ROOT / name).read_text(), re.M))

    assert pins("requirements.lock") <= pins("requirements-test.lock")
