"""The configuration with its templates tried, before anybody reads what they make."""

from __future__ import annotations

from pathlib import Path

from aggregator import templating
from aggregator.config import load
from aggregator.desk import trial as desk
from aggregator.digest import trial as mails
from aggregator.errors import ConfigError
from aggregator.model import Config
from aggregator.publish import trial


def configured(path: Path) -> Config:
    """The configuration that the file at *path* holds, its templates tried; raises ConfigError with every mistake."""
    config = load(path)
    templating.forget(config.theme)
    stories = trial.stories(config)
    problems = trial.problems(config) or desk.problems(config, stories) or mails.problems(config, stories)
    if problems:
        raise ConfigError(problems, where=str(path))
    return config
