"""The operator's name, colours, icon, style sheet and templates: used when they are right, said when they are not."""

from __future__ import annotations

import re
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as markup

from aggregator import colour, i18n, templating
from aggregator.config import load
from aggregator.daemon.trying import configured
from aggregator.desk import trial as desk
from aggregator.errors import ConfigError
from aggregator.model import Colours, Config, Publish, Theme
from aggregator.publish import assets, page, static, trial
from tests.processes import eventually, installation
from tests.reading import newsroom
from tests.stories import CONFIG, NOW, STREAM, fortnight

FOOT = '{% extends "ours/page/base.html" %}{% block footer %}<p class="own">Een eigen voet</p>{% endblock %}'


def themed(**theme: Any) -> Config:
    return replace(CONFIG, theme=Theme(**theme))


def written(folder: Path, publish: str, **files: str) -> Path:
    """A configuration with this table, and files beside it; two underscores in a name are a slash."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_html", ".html").replace("_css", ".css")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    file = folder / "aggregator.toml"
    file.write_text(
        '[[zones]]\nid = "a"\nname = "A"\n[[sources]]\nid = "s"\nzone = "a"\nurl = "https://a.example/"\n'
        f'[[streams]]\nid = "n"\ntitle = "N"\n[publish]\n{publish}\n'.replace("HERE", str(folder))
    )
    return file


def mistakes(file: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        configured(file)
    return caught.value.problems


def tried(config: Config) -> list[str]:
    return trial.problems(config) or desk.problems(config, trial.stories(config))


class TestTemplates:
    def test_they_are_tried_first(self) -> None:
        """A template of the operator's takes ours' place, and may extend it; the others stay."""
        config = themed(templates=(("page/stream.html", FOOT),))
        made: Any = markup.fromstring(page.render(config, STREAM, fortnight(), NOW))
        assert made.cssselect(".own")[0].text == "Een eigen voet"
        assert page.render_error(config, 404) == page.render_error(CONFIG, 404)

    def test_what_they_are_given_is_escaped(self) -> None:
        """Their words may be hostile: an operator's template need not think of it."""
        own = '<p>{{ days[0]["items"][0].title }}</p>'
        config = themed(templates=(("page/stream.html", own),))
        told = replace(fortnight()[10], published=NOW)
        assert b"&lt;in de wijk&gt;" in page.render(config, STREAM, [told], NOW)

    def test_a_fault_shows_ours(self) -> None:
        """Whatever a template of the operator's does, readers get a page; where it failed, and at what, is noted."""
        config = themed(templates=(("page/stream.html", "eerste regel\n{{ nobody.knows }}"),))
        assert page.render(config, STREAM, fortnight(), NOW) == page.render(CONFIG, STREAM, fortnight(), NOW)
        (fault,) = templating.broken(config.theme)
        assert fault == "page/stream.html, line 2: UndefinedError: 'nobody' is undefined"

    @pytest.mark.parametrize("name", [name for name in i18n.templates() if "mail/" not in name])
    def test_each_is_tried_before_readers_come(self, name: str) -> None:
        """A fault in any page's template is found by rendering it once."""
        found = tried(themed(templates=((name, "{{ nobody }}"),)))
        assert any("'nobody' is undefined" in each for each in found)
        assert all(each.startswith("publish.templates: page/") for each in found)

    def test_ours_pass_the_trial(self) -> None:
        """Copies of our own templates, from which an operator begins, have no fault."""
        folder = Path(i18n.__file__).parent / "templates"
        whole = tuple((name, (folder / name).read_text()) for name in i18n.templates())
        assert tried(themed(templates=whole)) == []

    def test_they_are_read_with_the_configuration(self, tmp_path: Path) -> None:
        """From a directory, under our names; parts of one's own begin with an underscore."""
        file = written(
            tmp_path,
            'templates = "HERE/templates"',
            templates__page__zones_html='{% include "page/_part.html" %}',
            templates__page___part_html="deel",
        )
        assert [name for name, _ in configured(file).theme.templates] == ["page/_part.html", "page/zones.html"]

    @pytest.mark.parametrize(
        ("name", "text", "said"),
        [
            ("templates__page__story_html", "{% if %}", r"page/story\.html, line 1: Expected an expression"),
            ("templates__page__story_html", "{% endfor %}", r"page/story\.html, line 1: "),
            ("templates__page__storry_html", "", r"expected one of our templates .*, found \"page/storry\.html\""),
            ("templates__mail__digset_html", "", "expected one of our templates"),
            ("templates__page__story_html", "x" * 200_001, r"story\.html has more than 200 kB"),
            ("templates__page__story_html", "{{ nobody }}", r"page/story\.html, line 1: UndefinedError: 'nobody' is"),
            ("templates__page__story_html", '{% include "x.html" %}', r"page/story\.html.*TemplateNotFound"),
            ("templates__page__zones_html", "{{ 1 / 0 }}", r"page/zones\.html, line 1: ZeroDivisionError"),
        ],
    )
    def test_a_broken_one_is_a_mistake(self, tmp_path: Path, name: str, text: str, said: str) -> None:
        """Said with its place like any other mistake of the configuration."""
        found = mistakes(written(tmp_path, 'templates = "HERE/templates"', **{name: text}))
        assert any(re.search(said, each) and each.startswith("publish.templates: ") for each in found), found

    def test_no_directory(self, tmp_path: Path) -> None:
        """What the file names must be there; all such mistakes are told at once."""
        found = mistakes(written(tmp_path, 'templates = "HERE/no"\nstyle = "HERE/no.css"\nicon = "HERE/no.svg"'))
        assert [each.partition(":")[0] for each in found] == ["publish.templates", "publish.style", "publish.icon"]

    def test_the_theme_is_no_setting(self, tmp_path: Path) -> None:
        """What the files hold cannot be written into the configuration."""
        file = written(tmp_path, "")
        file.write_text('theme = "x"\n' + file.read_text())
        assert mistakes(file)[0].startswith("theme: unknown setting")


class TestLooks:
    def test_the_name(self) -> None:
        """Above each page but the one that it is the title of, and in what is said to programs."""
        config = replace(CONFIG, publish=Publish(name="Samen & co"))
        made: Any = markup.fromstring(page.render(config, STREAM, (), NOW))
        assert made.cssselect(".crumb a")[0].text == "Samen & co"
        assert markup.fromstring(page.render(CONFIG, STREAM, (), NOW)).cssselect(".crumb") == []

    def test_an_icon(self, tmp_path: Path) -> None:
        """A picture of the operator's stands above every page and in the tab, under an address with its version."""
        config = themed(icon=b"<svg xmlns='http://www.w3.org/2000/svg'/>")
        with newsroom(tmp_path, config) as room:
            made: Any = markup.fromstring(httpx.get(room.address).content)
            (picture,) = made.cssselect("img")
            assert picture.get("alt") == ""
            assert made.cssselect("link[rel=icon]")[0].get("href") == picture.get("src")
            answer = httpx.get(f"{room.address}/{picture.get('src')}")
            assert (answer.content, answer.headers["content-type"]) == (config.theme.icon, "image/svg+xml")
            assert "immutable" in answer.headers["cache-control"]

    @pytest.mark.parametrize(("name", "content"), [("x.svg", b"GIF89a"), ("x.png", b"<svg/>"), ("x.gif", b"GIF89a")])
    def test_what_is_no_picture(self, tmp_path: Path, name: str, content: bytes) -> None:
        """SVG or PNG, by its name and its first bytes."""
        (tmp_path / name).write_bytes(content)
        found = mistakes(written(tmp_path, f'icon = "HERE/{name}"'))
        assert found == (f"publish.icon: {tmp_path / name}: expected a picture, .svg or .png",)

    def test_a_style_sheet(self, tmp_path: Path) -> None:
        """Rules of the operator's come last, and the sheet's address changes with them."""
        config = load(written(tmp_path, 'style = "HERE/own.css"', own_css="h1 { color: #123456 }"))
        sheet = assets(config, NOW)[static.STYLE].content.decode()
        assert sheet.rstrip().endswith("h1 { color: #123456 }")
        assert static.style_address(config) != static.style_address(replace(config, theme=Theme()))

    def test_nothing_set_changes_nothing(self) -> None:
        """Without colours of the operator's there are ours alone."""
        assert ":root { --" not in assets(CONFIG, NOW)[static.STYLE].content.decode()

    @settings(max_examples=200)
    @given(st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True), st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True))
    def test_any_colour_can_be_read(self, top: str, link: str) -> None:
        """What is written on the top, and links on page and card, have WCAG's contrast in light and in dark."""
        config = replace(CONFIG, publish=Publish(colours=Colours(top=top, link=link)))
        sheet = assets(config, NOW)[static.STYLE].content.decode()
        light, dark = (
            dict(re.findall(r"--([a-z-]+): (#\w+);", each)) for each in re.findall(r":root \{ (--.*) \}", sheet)
        )
        for found, grounds in ((light, (static.LIGHT, static.LIGHT_PAPER)), (dark, (static.DARK, static.DARK_PAPER))):
            for name in ("on-top", "soft-on-top", "focus-on-top"):
                assert contrast(found[name], found["top"]) >= colour.TEXT
            assert all(contrast(found["link"], ground) >= colour.TEXT for ground in grounds)

    def test_the_grounds_are_those_of_the_sheet(self) -> None:
        """The colours that contrast is computed on are the style sheet's."""
        sheet = assets(CONFIG, NOW)[static.STYLE].content.decode()
        assert re.findall(r"--paper: (#\w+);", sheet) == [static.LIGHT_PAPER, static.DARK_PAPER]
        assert re.findall(r"--top: (#\w+);", sheet)[0] == static.TOP


def contrast(one: str, other: str) -> float:
    return colour.contrast(colour.read(one), colour.read(other))


def test_the_daemon_keeps_what_works(tmp_path: Path) -> None:
    """At SIGHUP a broken template is said and the old ones stay; a mended one is taken; at the start it is refused."""
    with installation(tmp_path) as one:
        one.configure(
            '[[zones]]\nid = "a"\nname = "A"\n[[sources]]\nid = "s"\nzone = "a"\nurl = "http://127.0.0.1:9/"\n'
            '[[streams]]\nid = "n"\ntitle = "N"\n'
        )
        text = one.config.read_text()
        own = tmp_path / "templates" / "page" / "stream.html"
        own.parent.mkdir(parents=True)
        own.write_text(FOOT)
        table = f'[publish]\ntemplates = "{tmp_path / "templates"}"\n'
        one.config.write_text(text + table)
        one.start()
        assert b"Een eigen voet" in one.get("/")
        assert one.process is not None
        own.write_text("{{ nobody }}")
        one.process.send_signal(signal.SIGHUP)
        eventually(lambda: "UndefinedError" in one.log)
        assert b"Een eigen voet" in one.get("/")
        own.write_text(FOOT.replace("voet", "kop"))
        one.process.send_signal(signal.SIGHUP)
        eventually(lambda: b"Een eigen kop" in one.get("/"))
        one.config.write_text(f'language = "en"\n{text}{table}')
        one.process.send_signal(signal.SIGHUP)
        eventually(lambda: "Page not found" in httpx.get(f"{one.url}/nothing").text)
