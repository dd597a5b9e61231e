"""Every merge can say why, in a sentence."""

from __future__ import annotations

from aggregator.model import Match


def sentence(match: Match) -> str:
    """Why this entry belongs to its story, for the operator."""
    match match.rule:
        case "first":
            return "founded the story"
        case "own-key":
            return f"carries the source's own key {match.evidence}"
        case "guid":
            return f"carries the same id {match.evidence}"
        case "url":
            return f"has the same address {match.evidence}"
        case "text":
            return "has the same title and the same text"
        case "alike" | "excerpt" | "reordered" | "update" | "title":
            return match.evidence
        case "editor":
            return f"was put here by an editor: {match.evidence}"
