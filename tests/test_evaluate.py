"""``aggregator evaluate``: what a line may say, what is refused and why, what is counted, and what is printed."""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from aggregator import labelled
from aggregator.cli import curve
from aggregator.cli.app import app
from aggregator.errors import AggregatorError
from aggregator.model import Matching

CORPUS = Path(__file__).parent / "corpus" / "match"
TEXT = (
    "Zaterdag werd omstreeks 23.15 uur een fietser van 34 jaar aangereden op de Koolmijnlaan in Wolmeers. De "
    "bestuurder van een donkere personenwagen reed door in de richting van het kanaal. Wie iets gezien heeft, belt de "
    "dienst verkeer."
)


def side(**changed: Any) -> dict[str, Any]:
    return {"title": "Fietser gewond", "content": TEXT, "source": "noord", "published": "2026-03-01"} | changed


def line(a: Any, b: Any, label: Any = "same") -> str:
    return json.dumps({"a": a, "b": b, "label": label}, ensure_ascii=False)


SAME = line(side(), side(source="zuid", title="Getuigen gezocht"))
TWIN = line(side(), side(source="zuid", content=TEXT.replace("34", "43")), "different")
REWRITE = line(side(), side(source="zuid", title="Ongeval", content="Een auto reed zaterdag een man aan en vluchtte."))


def run(tmp_path: Path, *lines: str, options: tuple[str, ...] = ()) -> Result:
    file = tmp_path / "pairs.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return CliRunner().invoke(app, ["evaluate", str(file), *options])


def document(tmp_path: Path, *lines: str, options: tuple[str, ...] = ()) -> Any:
    result = run(tmp_path, *lines, options=("--json", *options))
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_document_has_the_form_that_is_promised(tmp_path: Path) -> None:
    """pairs, precision, recall, f1, the wrong ones, related, and every decision in the order of the lines."""
    found = document(tmp_path, SAME, TWIN, REWRITE)
    assert list(found) == [
        "pairs", "precision", "recall", "f1", "false_merges", "missed", "related", "decisions",
    ]  # fmt: skip
    assert (found["pairs"], found["precision"], found["recall"]) == (3, 1.0, 0.5)
    assert found["f1"] == pytest.approx(0.6667)
    assert found["related"]["precision"] in (1.0, pytest.approx(2 / 3, abs=1e-4))
    assert [each["label"] for each in found["decisions"]] == ["same", "different", "same"]
    assert [set(each) for each in found["decisions"]] == [{"label", "verdict", "rule", "score", "reason"}] * 3
    assert found["decisions"][1]["reason"].endswith("'34' ≠ '43'") or "'43' ≠ '34'" in found["decisions"][1]["reason"]
    (missed,) = found["missed"]
    assert (missed["line"], missed["a"], missed["b"]) == (3, "Fietser gewond", "Ongeval")


def test_only_same_counts_for_the_first_three_and_related_has_its_own(tmp_path: Path) -> None:
    """A pair labelled related that is called related is neither a false merge nor missed."""
    french = side(
        source="zuid", title="Cycliste blessé", content="Un cycliste de 34 ans renversé, Koolmijnlaan, Wolmeers."
    )
    found = document(tmp_path, SAME, line(side(), french, "related"))
    assert found["false_merges"] == found["missed"] == []
    assert (found["precision"], found["recall"]) == (1.0, 1.0)
    assert found["related"] == {"precision": 1.0, "recall": 1.0}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{", "line 2 is not JSON"),
        ("[" * 100_000, "line 2 is not JSON"),
        ("[]", "line 2: expected an object"),
        (line(side(), side(), "zelfde"), "line 2: label is 'zelfde'; expected same, related, different"),
        (line(side(), side(), ["same"]), "line 2: label is ['same']"),
        (line(None, side()), "line 2: a is missing"),
        (line(side(), "b"), "line 2: b is missing or no object"),
        (line(side(title=3), side()), "line 2: a.title is 3; expected text or null"),
        (line(side(title="", content=" "), side()), "line 2: a has neither title nor text"),
        (line(side(), side(published="gisteren")), "line 2: b.published is 'gisteren'; expected RFC 3339"),
        (line(side(), side(published="2026-13")), "line 2: b.published is '2026-13'"),
        (line(side(), side(published="9999")), "line 2: b.published is '9999'"),
    ],
)
def test_a_bad_line_is_refused_with_its_number_and_the_reason(tmp_path: Path, bad: str, reason: str) -> None:
    """Nothing is evaluated when a line is no labelled pair; the exit status is 1."""
    with pytest.raises(AggregatorError) as caught:
        labelled.pairs([SAME, bad])
    assert str(caught.value).startswith(reason)
    result = run(tmp_path, SAME, bad)
    assert result.exit_code == 1
    assert isinstance(result.exception, AggregatorError)


@pytest.mark.parametrize(
    ("one", "other", "days"),
    [
        ("2026-03-01T10:00:00+01:00", "2026-03-02T10:00:00+01:00", 1),
        ("2026-03-01", "2026-03-01T23:00:00Z", 0),
        ("2026-03", "2026-03-20", 0),
        ("2026", "2025-12-30T00:00:00Z", 2),
        ("2025", "2026", 0),
        (None, "2026-03-20", 0),
        ("", None, 0),
    ],
)
def test_a_date_that_is_not_exact_widens_the_window(one: str | None, other: str | None, days: int) -> None:
    """Two items are as near in time as what is known of their dates allows."""
    for a, b in ((one, other), (other, one)):
        (pair,) = labelled.pairs([line(side(published=a), side(published=b, source="zuid"))])
        assert abs(pair.a.published - pair.b.published).days == days


def test_boilerplate_is_learnt_from_the_whole_file_first() -> None:
    """Verdicts do not depend on the order of the lines."""
    lines = (CORPUS / "zones.jsonl").read_text(encoding="utf-8").splitlines()
    ahead = labelled.decisions(labelled.pairs(lines), Matching())
    back = labelled.decisions(labelled.pairs(lines[::-1]), Matching())
    assert [each.verdict for each in ahead] == [each.verdict for each in back[::-1]]


def test_markup_and_plain_text_are_read_alike() -> None:
    """A text may be HTML; a text without tags is taken as it is written."""
    marked = side(source="zuid", content="<p>" + TEXT.replace(". ", ".</p><p>") + "</p>")
    (decision,) = labelled.decisions(labelled.pairs([line(side(), marked)]), Matching())
    assert (decision.verdict.verdict, decision.verdict.score) == ("same", 1.0)
    (pair,) = labelled.pairs([line(side(content="1 < 2 & 3"), side())])
    assert pair.a.entry.content is not None
    assert pair.a.entry.content.value == "1 < 2 & 3"


def test_a_person_reads_a_table_and_every_wrong_pair(tmp_path: Path) -> None:
    """Precision, recall and F1, then each false merge and each miss with its line, titles, rule and reason."""
    result = run(tmp_path, SAME, line(side(), side(source="zuid"), "different"), REWRITE)
    assert result.exit_code == 0
    assert "3 pairs, 2 of them the same" in result.stdout
    assert "False merges: 1\n  line 2: 'Fietser gewond' and 'Fietser gewond'" in result.stdout
    assert "Missed: 1\n  line 3" in result.stdout


def test_tuning_shows_each_threshold_over_its_values(tmp_path: Path) -> None:
    """A row for every value, the configured ones among them, and a stricter threshold never finds more."""
    edited = side(source="zuid", content=TEXT + " " + TEXT.replace("34", "")[:120], title="Iets anders")
    rows = document(tmp_path, SAME, line(side(), edited), TWIN, options=("--tune",))["tune"]
    assert {row["threshold"] for row in rows} == {"alike", "contained", "related"}
    for name in ("alike", "contained"):
        found = [row["recall"] for row in rows if row["threshold"] == name]
        assert found == sorted(found, reverse=True)
        assert getattr(Matching(), name) in [row["value"] for row in rows if row["threshold"] == name]
    shown = run(tmp_path, SAME, TWIN, options=("--tune",)).stdout
    assert "0.75 *" in shown


def test_a_threshold_of_the_configuration_counts(tmp_path: Path) -> None:
    """With --config the thresholds are those of its [match]."""
    config = tmp_path / "a.toml"
    source = (Path(__file__).parents[1] / "config" / "aggregator.toml").read_text(encoding="utf-8")
    longer = f"{TEXT} De dienst is elke werkdag open van negen tot vijf en op zaterdag in de voormiddag."
    other = longer.replace("reed door in de richting van het kanaal", "vluchtte daarna weg langs het kanaal")
    edited = line(side(content=longer), side(source="zuid", content=other))
    config.write_text(source, encoding="utf-8")
    assert document(tmp_path, edited, options=("--config", str(config)))["recall"] == 1.0
    strict = source.replace("alike = 0.75", "alike = 1.0").replace("contained = 0.85", "contained = 1.0")
    config.write_text(strict, encoding="utf-8")
    assert document(tmp_path, edited, options=("--config", str(config)))["recall"] == 0.0


def test_a_picture_shows_a_line_for_each_threshold(tmp_path: Path) -> None:
    """--plot writes an SVG in which every value of a threshold is a point with its name."""
    picture = tmp_path / "tune.svg"
    assert run(tmp_path, SAME, TWIN, REWRITE, options=("--plot", str(picture))).exit_code == 0
    svg = ET.fromstring(picture.read_bytes())
    names = "{http://www.w3.org/2000/svg}"
    assert len(svg.findall(f"{names}polyline")) == 3
    titles = [title.text for title in svg.iter(f"{names}title")]
    assert "alike 0.75" in titles
    assert "contained 0.85" in titles


def test_a_picture_keeps_its_points_inside() -> None:
    """Whatever the figures, points stand between the axes, and a name cannot break out of the markup."""
    drawn = curve.svg({"<b>&": [(0.0, 1.0, "1"), (1.0, 0.0, "2"), (0.55, 0.97, "3")]}, marked={"2"})
    for circle in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}circle"):
        assert curve.EDGE <= float(circle.attrib["cx"]) <= curve.WIDTH - curve.EDGE
        assert curve.EDGE <= float(circle.attrib["cy"]) <= curve.HEIGHT - curve.EDGE


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe"])
def test_a_file_without_pairs_is_no_success(tmp_path: Path, content: bytes) -> None:
    """An empty file, and one that is not UTF-8, are said to be so."""
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(content)
    result = CliRunner().invoke(app, ["evaluate", str(file)])
    assert isinstance(result.exception, AggregatorError)
    missing = CliRunner().invoke(app, ["evaluate", str(tmp_path / "none.jsonl")])
    assert isinstance(missing.exception, AggregatorError)


def test_pairs_are_read_from_standard_input() -> None:
    """A dash is standard input, with or without a byte order mark of the editor."""
    result = CliRunner().invoke(app, ["evaluate", "-", "--json"], input=SAME + "\n")
    assert json.loads(result.stdout)["pairs"] == 1


def test_ten_thousand_pairs_are_evaluated() -> None:
    """A file of 10,000 pairs takes no more memory than its lines and far less than a minute."""
    lines = (CORPUS / "zones.jsonl").read_text(encoding="utf-8").splitlines()[:8]
    before = time.process_time()
    found = labelled.decisions(labelled.pairs(lines * 1250), Matching())
    assert len(found) == 10_000
    assert time.process_time() - before < 60
