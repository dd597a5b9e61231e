"""When a mailbox whose mail comes back is sent nothing more.

Each failure counts: one point when the mailbox is not there, half a point when it could not take a mail; at most once
a day, for one mail may come back in several ways.  At three points it is enough.  For every 45 days without a failure
a point is taken off, so that a monthly digest counts too and a bad week is forgotten.  Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from aggregator.model import Score

POINTS = {"hard": 1.0, "soft": 0.5}
ENOUGH = 3.0
FADES = timedelta(days=45)


def after(score: Score, weight: Literal["hard", "soft"], status: str, now: datetime) -> Score:
    """The score after one more failure."""
    if score.last is not None and score.last.date() >= now.date():
        return score
    return Score(points=left(score, now) + POINTS[weight], last=now, status=status)


def left(score: Score, now: datetime) -> float:
    """The points that are left by then."""
    quiet = max(now - score.last, timedelta(0)) if score.last else timedelta(0)
    return max(0.0, score.points - quiet // FADES)


def cleared(score: Score) -> Score:
    """What is left once it was enough and has had its consequence: who comes back begins anew."""
    return Score(last=score.last, status=score.status)
