"""What a relay said, without whom it spoke of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.reply import anonymous

READER = "An.Peeters+Nieuws@Example.be"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("5.1.1 <An.Peeters+Nieuws@Example.be>: Recipient address rejected", "5.1.1 <***>: Recipient address rejected"),
        ("5.1.1 an.peeters+nieuws@example.be unknown", "5.1.1 *** unknown"),
        ("AN.PEETERS+NIEUWS@EXAMPLE.BE... User unknown", "***... User unknown"),
        ("<an.peeters@example.be> is full (an.peeters)", "<***> is full (***)"),
        ("mailbox an.peeters is full", "mailbox *** is full"),
        ("user 'anpeeters' over quota", "user '***' over quota"),
        ("user=peeters; quota=0", "user=***; quota=0"),
        ("no such user an_peeters_nieuws", "no such user ***"),
        ("mailbox an.peet", "mailbox ***"),
        ("rewritten to bounce-an.peeters+nieuws=example.be@verp.example", "rewritten to ***"),
        ("see https://m.example/?to=an.peeters%2Bnieuws%40example.be", "see https:***"),
        ("not from nieuws@zone.example, says bob@other.example", "not from ***, says ***"),
        ('"an peeters"@example.be and an@[192.0.2.1]', "*** and ***"),
        ("4.7.1 greylisted, see http://example.be/help?ip=192.0.2.1", None),
        ("2.0.0 Ok: queued as 4F1A2B3C", None),
        ("the relay mail.example.be:25 cannot be used: Connection refused", None),
    ],
)
def test_no_address_is_left(said: str, kept: str | None) -> None:
    """The recipient, in any case and shape, in part, and every other address; whatever else was said stays."""
    assert anonymous(said, READER) == (said if kept is None else kept)


def test_a_short_name_is_hidden_as_a_word_and_not_inside_others() -> None:
    """A name of two letters hides itself, and not every word that has these letters."""
    assert anonymous("5.1.1 an: cannot be found, <an@example.be>", "an@example.be") == (
        "5.1.1 ***: cannot be found, <***>"
    )


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{3,12}([._+-][A-Za-z0-9]{3,8})?", fullmatch=True)
SHAPES = st.sampled_from(["{0}", "<{0}@x.example>", "to={0}@x.example", "{1}", "({2})", "{0},{0}", "'{1}'", "{3}"])


@given(NAMES, st.lists(SHAPES, min_size=1, max_size=4), st.text(max_size=20))
def test_whatever_the_relay_echoes(name: str, shapes: list[str], noise: str) -> None:
    """Of no echo the name is left in any case, and taking it out twice is taking it out once."""
    said = " ".join(s.format(name, name.upper(), name.lower(), name.replace(".", "")) for s in shapes) + " " + noise
    left = anonymous(said, f"{name}@x.example")
    assert name.lower() not in left.lower()
    assert anonymous(left, f"{name}@x.example") == left
