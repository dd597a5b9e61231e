"""Why copies are one story, and why stories are linked, in the reader's language.

What was decided is kept in the operator's words (``match``), which are not for readers: they name editors, keys and
addresses.  Readers get the rule in a sentence of theirs, with how alike the texts are and what was exchanged.
"""

from __future__ import annotations

import re

from babel.numbers import format_percent

from aggregator import i18n, text
from aggregator.model import Config, Match, Related, Verdict

_EXCHANGED = re.compile(r"'([^']{1,200})' ≠ '([^']{1,200})'")
_DAYS = re.compile(r"(\d{1,5}) days apart")
_IN_WORDS = ("text", "alike", "reordered", "excerpt", "update", "title")


def joined(config: Config, member: Match) -> str:
    """Why this copy belongs to its story, in a sentence."""
    gettext = i18n.translations(config.language).gettext
    sentences: dict[str, str] = {
        "first": gettext("This copy came first; the others were held against it."),
        "own-key": gettext("Its publisher gives it the number of a copy that is here already: it is the same item."),
        "guid": gettext("It carries the identification of a copy that is here already."),
        "url": gettext("It leads to the same address as a copy that is here already."),
        "text": gettext("Title and text are the same, word for word."),
        "alike": gettext("The texts are the same for %(share)s, and nothing that counts differs."),
        "reordered": gettext(
            "The texts are the same for %(share)s, in another order, and nothing that counts differs."
        ),
        "excerpt": gettext("%(share)s of the shorter text stands in the longer one."),
        "update": gettext(
            "It is marked as an update or a correction, and %(share)s of the shorter text stands in the longer one."
        ),
        "title": gettext("The titles are the same, word for word, and one of the two has no text."),
        "editor": gettext("An editor put this copy here."),
    }
    sentence = sentences.get(member.rule, "") % {"share": _share(config, member.score)}
    return _more(config, sentence, member.evidence) if member.rule in _IN_WORDS else sentence


def linked(config: Config, related: Related | Verdict) -> str:
    """Why a story is linked and not merged, in a sentence."""
    gettext = i18n.translations(config.language).gettext
    sentences: dict[str, str] = {
        "contains": gettext("One of the two contains most of the other, and tells of other things too."),
        "subject": gettext("Both are about the same, in other words."),
        "slots": gettext("The texts are nearly the same, and tell of two states of things."),
        "title": gettext("The titles are the same; one of the two has no text to compare."),
    }
    sentence = sentences.get(related.rule) or gettext("The texts are alike.")
    return _more(config, sentence, related.evidence)


def apart(config: Config, verdict: Verdict) -> str:
    """Why two stories are two, or what would keep two copies apart today, in a sentence."""
    gettext = i18n.translations(config.language).gettext
    if verdict.verdict == "related" and verdict.rule != "window":
        return linked(config, verdict)
    sentences: dict[str, str] = {
        "slots": gettext("The texts are the same for %(share)s, and differ in what counts."),
        "window": gettext("They are too far apart in time to be one."),
        "lead": gettext("They have much in common, and begin with other news."),
        "short": gettext("They have something in common, and too little text to tell."),
    }
    sentence = sentences.get(verdict.rule) or gettext("The texts have too little in common.")
    return _more(config, sentence % {"share": _share(config, verdict.score)}, verdict.evidence)


def differs(config: Config, member: Match) -> str:
    """What is said of a copy that was edited into another text; empty where it was not."""
    if not member.differs:
        return ""
    gettext = i18n.translations(config.language).gettext
    return _more(config, gettext("Its publisher has changed it since, into another text."), member.differs)


def _more(config: Config, sentence: str, evidence: str) -> str:
    """The sentence with what the evidence says beside its shares: what was exchanged, and how far apart in time."""
    gettext = i18n.translations(config.language).gettext
    parts = [sentence]
    if pairs := [(text.clean(one), text.clean(other)) for one, other in _EXCHANGED.findall(evidence)]:
        said = gettext("“%(one)s” or “%(other)s”")
        told = "; ".join(said % {"one": one, "other": other} for one, other in pairs)
        parts.append(gettext("Different: %(what)s.") % {"what": told})
    if found := _DAYS.search(evidence):
        parts.append(gettext("Days between them: %(days)s.") % {"days": found[1]})
    return " ".join(parts)


def _share(config: Config, score: float) -> str:
    return format_percent(round(min(1.0, max(0.0, score)), 2), locale=i18n.locale(config.language))
