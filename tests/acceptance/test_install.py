"""What people install: the wheel alone in an empty environment, and what `make` sets up on a machine with nothing yet.

The wheel borrows the libraries of the environment that the tests run in, so that nothing here needs the network.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree, html
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ATOM = "{http://www.w3.org/2005/Atom}"
pytestmark = pytest.mark.xdist_group("install")

# In a network of its own, with loopback and nothing beyond it.  0x8914 is SIOCSIFFLAGS; 0x41 is up and running.
SECLUDED = ("unshare", "--user", "--map-root-user", "--net")
LOOPBACK = """
import fcntl, os, socket, struct, sys
with socket.socket() as any:
    fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True)
class Installed:
    """The wheel, and an environment in which it is installed."""

    wheel: Path
    directory: Path

    @property
    def python(self) -> Path:
        return self.directory / "bin" / "python"

    def run(self, *arguments: str, cwd: Path, within: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in *cwd*, with an empty home and nothing else that says who we are.

        It may take *within* seconds.
        """
        home = cwd.parent / f"{cwd.name}-home"
        home.mkdir(exist_ok=True)
        name, *rest = arguments
        return subprocess.run(
            [*secluded(self.python), self.directory / "bin" / name, *rest],
            capture_output=True,
            text=True,
            cwd=cwd,
            timeout=within,
            env={"HOME": str(home), "PATH": os.defpath},
        )


def secluded(python: Path) -> list[str | Path]:
    """What to put before a command so that no network is there; nothing where the kernel refuses."""
    if not shutil.which("unshare"):
        return []
    prefix: list[str | Path] = [*SECLUDED, python, "-c", LOOPBACK]
    able = subprocess.run([*prefix, "/bin/true"], capture_output=True).returncode == 0
    return prefix if able else []


def copy_sources(directory: Path) -> Path:
    """What belongs to the project, as a clone would have it with all that is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so nobody knows which files belong to it")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, directory / name)
    return directory


def pip(*arguments: str | Path) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "--quiet", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_sources(tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module")
def installed(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    built, directory = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("environment")
    pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", built, sources)
    (wheel,) = built.iterdir()
    venv.create(directory, clear=True, symlinks=True, with_pip=False)
    pip("--python", directory / "bin" / "python", "install", "--no-index", "--no-deps", wheel)
    # A directory in a .pth file comes after the environment's own, and the .pth files in it are not looked at: the
    # aggregator that the tests themselves import is not borrowed.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (own,) = directory.glob("lib/python*/site-packages")
    (own / "borrowed.pth").write_text("\n".join(borrowed), encoding="utf-8")
    return Installed(wheel, directory)


@pytest.fixture(scope="module")
def shown(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `aggregator demo --once` writes in an empty directory."""
    empty = tmp_path_factory.mktemp("empty")
    done = installed.run("aggregator", "demo", "--once", "--output", "made/if/need/be", cwd=empty, within=30)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in empty.iterdir()] == ["made"]
    return empty / "made/if/need/be"


# -- the wheel -----------------------------------------------------------------------


def test_the_wheel_is_the_package_and_nothing_else(sources: Path, installed: Installed) -> None:
    """Templates, style, catalogues, migrations and sample news are in it; tests, configuration and unit are not."""
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = set(wheel.namelist())
    about = f"aggregator-{PROJECT['project']['version']}.dist-info"
    assert {name.split("/")[0] for name in names} == {"aggregator", about}
    package = {path.relative_to(sources).as_posix() for path in (sources / "aggregator").rglob("*") if path.is_file()}
    assert {name for name in names if name.startswith("aggregator/")} == package
    for data in ("templates", "static", "locale", "migrations", "sample", "py.typed"):
        assert any(name.startswith(f"aggregator/{data}") for name in names), data
    assert f"{about}/licenses/LICENSE" in names


def test_what_runs_is_the_wheel(installed: Installed, tmp_path: Path) -> None:
    """The checkout and the tests' own installation play no part in what the other tests here see."""
    done = installed.run("python", "-c", "import aggregator; print(aggregator.__file__)", cwd=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(installed.directory), done.stdout + done.stderr


def test_it_says_which_version_it_is(installed: Installed, tmp_path: Path) -> None:
    """The command names the version of the wheel that was installed."""
    done = installed.run("aggregator", "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"aggregator {PROJECT['project']['version']}\n")


def test_it_is_a_module_too(installed: Installed, tmp_path: Path) -> None:
    """`python -m aggregator` is the same program."""
    module, script = (
        installed.run(*words, "--help", cwd=tmp_path) for words in (("python", "-m", "aggregator"), ("aggregator",))
    )
    assert module.returncode == 0, module.stderr
    assert module.stdout.replace("python -m aggregator", "aggregator") == script.stdout
    assert "Usage: aggregator" in script.stdout


def test_the_demo_shows_everything(shown: Path) -> None:
    """Without configuration, home and network, within 30 s: two sources, joint stories, a mail to each recipient."""
    assert json.loads((shown / "summary.json").read_text(encoding="utf-8")) == {
        "sources": 2,
        "entries": 49,
        "stories": 40,
        "joint_stories": 9,
        "mails": 2,
    }


def test_the_demo_writes_a_valid_feed(shown: Path) -> None:
    """Atom by RFC 4287's schema, an entry a story; the joint ones name both zones."""
    feed = etree.parse(shown / "samenwerking.atom")
    schema = etree.RelaxNG(etree.parse(ROOT / "tests" / "corpus" / "atom.rng"))
    assert schema.validate(feed), schema.error_log
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 40
    both = {"elzenbeek", "wijtervoort"}
    zones = [both & {str(tag.get("term")) for tag in entry.iterfind(f"{ATOM}category")} for entry in entries]
    assert zones.count(both) == 9
    assert all(zones)


def test_the_demo_writes_a_page(shown: Path) -> None:
    """The page is in Dutch, has every title of the feed, and the style that it asks for lies beside it."""
    page = html.parse(shown / "index.html").getroot()
    assert page.get("lang") == "nl-BE"
    feed = etree.parse(shown / "samenwerking.atom")
    words = " ".join(page.text_content().split())
    titles = [" ".join(map(str, title.itertext())) for title in feed.iterfind(f"{ATOM}entry/{ATOM}title")]
    assert [title for title in titles if title not in words] == []
    styles = [link.get("href") for link in page.iter("link") if link.get("rel") == "stylesheet"]
    assert all((shown / re.sub(r"^https?://[^/]*|\?.*$", "", style).lstrip("/")).is_file() for style in styles)


def test_the_demo_writes_a_mail(shown: Path) -> None:
    """The digest is a message without a defect, in plain text and in HTML, with the news that came after the start."""
    message = email.message_from_bytes((shown / "digest.eml").read_bytes(), policy=email.policy.default)
    assert [defect for part in message.walk() for defect in part.defects] == []
    assert message["To"]
    assert message["Message-ID"]
    text, rich = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert rich is not None
    assert "Samen op controle" in text.get_content()
    assert "Samen op controle" in " ".join(map(str, html.fromstring(rich.get_content()).itertext()))


# -- make ----------------------------------------------------------------------------

# A Python that writes down what it is told, and makes environments of itself.
RECORDER = """\
#!/bin/sh
echo "$*" >> {log}
case "$*" in
  *sys.exit*) [ {answer} != old ] && echo "(3, 11) /usr" ;;
  *ensurepip*) [ {answer} != bare ] ;;
  *"-m venv"*) rm -rf {venv}; mkdir -p {venv}/bin; cp "$0" {venv}/bin/python ;;
  *requirements.lock*) [ ! -e {venv}/../offline ] ;;
  --version) echo Python 3.10.1 ;;
esac
"""


@dataclass(frozen=True)
class Machine:
    """A machine with make and a Python that is only a record of what make asks of it."""

    directory: Path

    def make(self, *arguments: str, python: str = "good") -> subprocess.CompletedProcess[str]:
        path, venv = self.directory / f"python-{python}", self.directory / "venv"
        path.write_text(RECORDER.format(log=self.directory / "log", venv=venv, answer=python), encoding="utf-8")
        path.chmod(0o755)
        return subprocess.run(
            ["make", "--no-print-directory", f"VENV={venv}", f"PYTHON={path}", *(arguments or (f"{venv}/run",))],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"]},
        )

    def told(self, words: str) -> int:
        """How often a Python of this machine was told something with *words* in it."""
        return (self.directory / "log").read_text(encoding="utf-8").count(words)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    return Machine(tmp_path)


def test_an_old_python_is_named(machine: Machine) -> None:
    """Who has an old Python learns which one is needed, which one was found, and how to name another."""
    done = machine.make(python="old")
    assert done.returncode != 0
    assert "Python 3.11 or later is needed" in done.stderr
    assert "--version says: Python 3.10.1" in done.stderr
    assert "make PYTHON=python3.12" in done.stderr


def test_a_missing_venv_is_named(machine: Machine) -> None:
    """Debian has venv in a package of its own; make says in which."""
    done = machine.make(python="bare")
    assert done.returncode != 0
    assert "sudo apt install python3-venv" in done.stderr
    assert not (machine.directory / "venv").exists()


def test_everything_comes_from_the_lock(machine: Machine) -> None:
    """Hashes are asked for, builds use what the lock installed, and the second time nothing is left to do."""
    assert machine.make().returncode == 0
    log = (machine.directory / "log").read_text(encoding="utf-8").splitlines()
    installs = [line for line in log if " install " in line]
    assert len(installs) == 3
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    assert "--no-build-isolation" in installs[1]
    assert machine.make().returncode == 0
    assert machine.told(" install ") == 3


def test_an_interrupted_installation_begins_anew(machine: Machine) -> None:
    """Half a package looks whole to pip, so an environment in which an installation did not end is not gone on with."""
    (machine.directory / "offline").touch()
    assert machine.make().returncode != 0
    (machine.directory / "offline").unlink()
    assert machine.make().returncode == 0
    assert machine.told("-m venv") == 2
    assert machine.make().returncode == 0
    assert machine.told("-m venv") == 2


# -- the locks -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_the_lock_has_what_the_project_asks_for(name: str) -> None:
    """Every requirement is pinned, at a version that fulfils it, with hashes; for every Python from 3.11 on."""
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    if name == "requirements-test.lock":
        wanted += PROJECT["dependency-groups"]["test"]
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^ ;\\]+)", text, re.MULTILINE))
    versions = {canonicalize_name(package): version for package, version in pins.items()}
    for requirement in map(Requirement, wanted):
        version = versions.get(canonicalize_name(requirement.name), "")
        assert version, f"{name} has no {requirement.name}; write it anew with make lock"
        assert requirement.specifier.contains(version), f"{name} has {requirement.name} {version}; make lock"
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    # What a later Python has in its standard library is no reason for the others to get something else.
    some = [block.split()[0] for block in blocks if "python_full_version" in block]
    assert [name for name in some if not name.startswith("backports-")] == [], "not for every Python"
