"""The operator's templates of mails: used when they are right, said when they are not, and never in a reader's way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aggregator import i18n, templating
from aggregator.daemon.trying import configured
from aggregator.digest import trial
from aggregator.errors import ConfigError
from aggregator.model import Config, Letter, Theme
from aggregator.publish.trial import stories
from tests.stories import CONFIG, DIGEST, NOW, fortnight, joint, rendered

OURS = Path(i18n.__file__).parent / "templates"


def themed(**templates: str) -> Config:
    """With these templates; ``digest_html`` is mail/digest.html."""
    named = tuple((f"mail/{name.replace('_', '.')}", text) for name, text in sorted(templates.items()))
    return replace(CONFIG, theme=Theme(templates=named))


def letter(config: Config) -> Letter:
    return rendered(config, DIGEST, [joint()], NOW)


def problems(config: Config) -> list[str]:
    templating.forget(config.theme)
    return trial.problems(config, stories(config))


def test_they_are_tried_first() -> None:
    """One part may be the operator's, with the same values; the other stays ours; styles are written into elements."""
    own = '<style>p { color: red }</style><p>{{ sections[0].full[0].title }} <a href="{{ unsubscribe }}">weg</a></p>'
    made = letter(themed(digest_html=own))
    assert '<p style="color: red' in made.html
    assert "Politiezones starten gezamenlijk verkeersteam" in made.html
    assert made.text == letter(CONFIG).text


def test_a_fault_sends_ours() -> None:
    """A template that fails at the news of a day keeps nobody from their mail; where it failed is noted."""
    config = themed(digest_txt="{% if count == 1 %}{{ 1 / 0 }}{% endif %}{{ unsubscribe }}")
    assert letter(config) == letter(CONFIG)
    assert templating.broken(config.theme) == ("mail/digest.txt, line 1: ZeroDivisionError: division by zero",)


def test_ours_pass_the_trial() -> None:
    """Copies of our own, from which an operator begins, have no fault, and make the same mail."""
    whole = tuple((name, (OURS / name).read_text()) for name in i18n.templates() if name.startswith("mail/"))
    config = replace(CONFIG, theme=Theme(templates=whole))
    assert problems(config) == []
    assert rendered(config, DIGEST, fortnight(), NOW) == rendered(CONFIG, DIGEST, fortnight(), NOW)


@pytest.mark.parametrize(
    ("templates", "said"),
    [
        ({"digest_html": "{{ nobody }}"}, "mail/digest.html, line 1: UndefinedError: 'nobody' is undefined"),
        (
            {"digest_txt": "{{ unsubscribe }}{% if more %}{{ no }}{% endif %}"},
            "mail/digest.txt, line 1: UndefinedError",
        ),
        ({"digest_txt": "{{ unsubscribe }}{% if updates %}{{ no }}{% endif %}"}, "mail/digest.txt, line 1: Undefined"),
        (
            {"digest_txt": "{{ title }}"},
            "mail/digest.txt: it has no {{ unsubscribe }}, and readers must be able to leave",
        ),
    ],
)
def test_each_is_tried_before_readers_are_mailed(templates: dict[str, str], said: str) -> None:
    """A fault is found by rendering with much and with little; a mail that nobody can get rid of is one."""
    found = problems(themed(**templates))
    assert any(each.startswith(f"publish.templates: {said}") for each in found), found


def test_they_are_read_and_tried_with_the_configuration(tmp_path: Path) -> None:
    """From ``mail/`` below the directory that [publish].templates names; what is broken is a mistake like any other."""
    folder = tmp_path / "templates" / "mail"
    folder.mkdir(parents=True)
    (folder / "digest.txt").write_text("{{ title }}\n{{ unsubscribe }}\n")
    file = tmp_path / "aggregator.toml"
    file.write_text(
        '[[zones]]\nid = "a"\nname = "A"\n[[sources]]\nid = "s"\nzone = "a"\nurl = "https://a.example/"\n'
        '[[streams]]\nid = "n"\ntitle = "N"\n[mail]\nfrom = "a@example.be"\n'
        '[[digests]]\nid = "d"\nstream = "n"\nrecipients = ["b@example.be"]\n'
        f'[publish]\ntemplates = "{tmp_path / "templates"}"\n'
    )
    assert [name for name, _ in configured(file).theme.templates] == ["mail/digest.txt"]
    (folder / "digest.txt").write_text("{{ titel }}\n")
    with pytest.raises(ConfigError, match="'titel' is undefined"):
        configured(file)
