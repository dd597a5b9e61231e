from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.digest.slots import is_quiet, latest_slot, next_slot, slot_due
from aggregator.model import Digest
from aggregator.model.wanted import WEEK, Weekday

BRUSSELS = ZoneInfo("Europe/Brussels")
HOUR = timedelta(hours=1)


def digest(*at: str, days: tuple[Weekday, ...] = WEEK, grace: timedelta = 6 * HOUR) -> Digest:
    times = tuple(time.fromisoformat(value) for value in at)
    return Digest(id="dagelijks", stream="s", at=times, days=days, misfire_grace=grace)


def local(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=BRUSSELS).astimezone(UTC)


def changes(wanted: Digest, start: datetime, stop: datetime, step: timedelta, tz: ZoneInfo) -> list[str]:
    """The slots in the order in which a clock that looks every *step* sees them come due."""
    seen: list[str] = []
    now = start
    while now < stop:
        slot = slot_due(wanted, tz, now)
        if slot and slot not in seen[-8:]:
            seen.append(slot)
        now += step
    return seen


@pytest.mark.parametrize("at", ["00:00", "02:30", "07:00", "23:59"])
def test_three_years_have_one_slot_a_day(at: str) -> None:
    """Whatever the wall time, each of 1,096 days in Brussels has exactly one slot, in the order of the calendar."""
    first, last = date(2026, 1, 1), date(2028, 12, 31)
    seen = changes(digest(at), local("2026-01-01"), local("2029-01-01"), HOUR, BRUSSELS)
    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    # At 23:59 the clock that looks every hour sees the slot one minute later, on the next day.
    missed = days[-1:] if at == "23:59" else []
    before = ["2025-12-31"] if at in {"23:59", "07:00", "02:30"} else []
    assert [slot for slot in seen if slot not in before] == [day for day in days if day not in missed]


def test_three_years_of_two_times_a_day() -> None:
    """Two times a day give two slots a day, each named by its time."""
    seen = changes(digest("02:30", "17:00"), local("2026-01-01T00:00"), local("2029-01-01"), HOUR, BRUSSELS)
    counted = Counter(slot[:10] for slot in seen if slot >= "2026")
    assert len(counted) == 1096
    assert set(counted.values()) == {2}


@pytest.mark.parametrize(
    ("at", "day", "moment"),
    [
        ("07:00", "2026-03-29", "2026-03-29T05:00"),
        ("07:00", "2026-03-28", "2026-03-28T06:00"),
        ("02:30", "2026-03-29", "2026-03-29T01:30"),  # skipped: read with the offset before the gap, 03:30 CEST
        ("02:30", "2026-10-25", "2026-10-25T00:30"),  # twice: the first, still CEST
        ("03:00", "2026-10-25", "2026-10-25T02:00"),
        ("00:00", "2026-10-25", "2026-10-24T22:00"),
    ],
)
def test_days_on_which_the_clock_changes(at: str, day: str, moment: str) -> None:
    """A slot comes due at its wall time; a time that occurs twice at the first, a skipped one an hour later."""
    due = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    wanted = digest(at, grace=HOUR)
    assert slot_due(wanted, BRUSSELS, due) == day
    assert slot_due(wanted, BRUSSELS, due - timedelta(microseconds=1)) is None


def test_a_time_that_occurs_twice_is_one_slot() -> None:
    """The second 02:30 of an October night brings no second edition."""
    wanted = digest("02:30", grace=HOUR)
    assert changes(wanted, local("2026-10-25T00:00"), local("2026-10-25T08:00"), HOUR / 12, BRUSSELS) == ["2026-10-25"]


def test_midnight_that_occurs_twice() -> None:
    """Where the clock is set back over midnight, the first of two midnights is already the new day's slot."""
    zone = ZoneInfo("America/Havana")  # 2026-11-01: 01:00 becomes 00:00
    first = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    assert slot_due(digest("00:00"), zone, first) == "2026-11-01"
    assert slot_due(digest("00:00"), zone, first + HOUR) == "2026-11-01"
    azores = ZoneInfo("Atlantic/Azores")  # 2026-10-25: 01:00 becomes 00:00
    assert slot_due(digest("00:30"), azores, datetime(2026, 10, 25, 1, 10, tzinfo=UTC)) == "2026-10-25"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T06:59:59", None),
        ("2026-11-23T07:00:00", "2026-11-23"),
        ("2026-11-23T13:00:00", "2026-11-23"),
        ("2026-11-23T13:00:01", None),
    ],
)
def test_misfire_grace_has_a_border(now: str, expected: str | None) -> None:
    """A slot may be sent late up to ``misfire_grace``, that moment included; after it, its stories wait."""
    assert slot_due(digest("07:00"), BRUSSELS, local(now)) == expected


def test_missed_slots_are_coalesced() -> None:
    """After a long silence only the latest slot is due: one edition, never many."""
    wanted = digest("07:00", "12:00", "17:00", grace=timedelta(days=3))
    assert slot_due(wanted, BRUSSELS, local("2026-11-23T18:00")) == "2026-11-23T17:00"
    assert slot_due(wanted, BRUSSELS, local("2026-11-23T16:59")) == "2026-11-23T12:00"
    assert slot_due(wanted, BRUSSELS, local("2026-11-23T06:00")) == "2026-11-22T17:00"


def test_weekdays() -> None:
    """Days that were not asked for have no slot; with a long grace a single weekday is found a week later."""
    working = digest("07:00", days=("mon", "tue", "wed", "thu", "fri"))
    assert slot_due(working, BRUSSELS, local("2026-11-21T08:00")) is None
    assert slot_due(working, BRUSSELS, local("2026-11-23T08:00")) == "2026-11-23"
    weekly = digest("23:00", days=("mon",), grace=timedelta(days=7))
    assert slot_due(weekly, BRUSSELS, local("2026-11-30T22:59")) == "2026-11-23"
    assert slot_due(weekly, BRUSSELS, local("2026-11-30T23:00")) == "2026-11-30"


def test_without_times_or_days_nothing_is_due() -> None:
    """A digest without a time, or without a day, never comes due."""
    assert slot_due(digest(), BRUSSELS, local("2026-11-23T07:00")) is None
    assert slot_due(digest("07:00", days=()), BRUSSELS, local("2026-11-23T07:00")) is None


def test_the_same_time_twice_is_one_time() -> None:
    """A time that stands in the list twice does not change the slot's name, nor give a second one."""
    assert slot_due(digest("07:00", "07:00"), BRUSSELS, local("2026-11-23T07:30")) == "2026-11-23"


@pytest.mark.parametrize(
    ("every", "now", "expected"),
    [
        (20, "2026-11-23T07:00:20", "2026-11-23T07:00:20Z"),
        (20, "2026-11-23T07:00:39.999999", "2026-11-23T07:00:20Z"),
        (3600, "2026-11-23T07:59:59", "2026-11-23T07:00:00Z"),
        (86400, "2026-11-23T05:00:00", "2026-11-23T00:00:00Z"),
    ],
)
def test_every_counts_from_the_epoch(every: int, now: str, expected: str) -> None:
    """``every`` means whole multiples of it since 1970 in UTC, so that a restart does not move them."""
    wanted = Digest(id="d", stream="s", every=timedelta(seconds=every))
    assert slot_due(wanted, BRUSSELS, datetime.fromisoformat(now).replace(tzinfo=UTC)) == expected


MOMENTS = st.integers(1_577_836_800, 2_208_988_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ZONES = st.sampled_from(["Europe/Brussels", "America/Havana", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Kathmandu"])
DIGESTS = st.builds(
    Digest,
    id=st.just("d"),
    stream=st.just("s"),
    at=st.lists(st.times().map(lambda t: t.replace(second=0, microsecond=0)), min_size=1, max_size=3).map(tuple),
    days=st.sets(st.sampled_from(WEEK), min_size=1).map(lambda days: tuple(day for day in WEEK if day in days)),
    every=st.none()
    | st.timedeltas(timedelta(seconds=1), timedelta(days=40)).map(lambda d: timedelta(seconds=int(d.total_seconds()))),
    misfire_grace=st.timedeltas(timedelta(0), timedelta(days=7)),
)


@given(DIGESTS, ZONES, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=2)))
def test_slots_only_move_on(wanted: Digest, zone: str, now: datetime, later: timedelta) -> None:
    """A clock that runs on never sees an earlier slot again, except where a skipped time overtook a real one."""
    tz = ZoneInfo(zone)
    first, second = slot_due(wanted, tz, now), slot_due(wanted, tz, now + later)
    if first and second and first > second:
        assert first[:10] == second[:10]


@given(DIGESTS, ZONES, MOMENTS)
def test_the_next_slot_is_the_first_that_comes(wanted: Digest, zone: str, now: datetime) -> None:
    """It is later than now, it is the latest slot when its moment has come, and none comes before it."""
    tz = ZoneInfo(zone)
    coming = next_slot(wanted, tz, now)
    assert coming
    assert coming > now
    latest = latest_slot(wanted, tz, coming)
    assert latest
    assert latest[0] == coming
    before = latest_slot(wanted, tz, coming - timedelta(microseconds=1))
    assert before is None or before[0] <= now


@given(DIGESTS, ZONES, MOMENTS)
def test_a_slot_is_due_for_the_whole_of_its_grace(wanted: Digest, zone: str, now: datetime) -> None:
    """Once a slot is due, a longer grace names the same slot: grace decides whether, never which."""
    tz = ZoneInfo(zone)
    slot = slot_due(wanted, tz, now)
    patient = Digest(
        id="d", stream="s", at=wanted.at, days=wanted.days, every=wanted.every, misfire_grace=timedelta(days=40)
    )
    assert slot is None or slot == slot_due(patient, tz, now)
    assert slot_due(patient, tz, now) is not None


def periods(cadence: str, days: tuple[Weekday, ...], first: date, last: date) -> list[str]:
    """The calendar's own answer: the name of every day, week or month with one of *days* in it, by its first."""
    named: dict[str, None] = {}
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        working = day.weekday() < 5 or cadence != "weekdays"
        if WEEK[day.weekday()] in days and working:
            year, week, _ = day.isocalendar()
            name = {"weekly": f"{year}-W{week:02}", "monthly": f"{day:%Y-%m}"}.get(cadence, day.isoformat())
            named.setdefault(name)
    return list(named)


@pytest.mark.parametrize("at", ["02:30", "22:30"])
@pytest.mark.parametrize(
    ("cadence", "days"),
    [
        ("daily", WEEK),
        ("weekdays", WEEK),
        ("weekly", WEEK),
        ("weekly", ("thu", "sat")),
        ("monthly", WEEK),
        ("monthly", WEEK[:5]),
        ("monthly", ("sun",)),
    ],
)
def test_three_years_of_each_cadence(at: str, cadence: str, days: tuple[Weekday, ...]) -> None:
    """Every day, working day, week or month of three years in Brussels has one edition: never none, never two.

    The clock looks at irregular times, and is off for up to five hours, which is within the grace.
    """
    wanted = replace(digest(at, days=days), cadence=cadence)  # type: ignore[arg-type]
    chance, now, frozen = Random(at + cadence), local("2026-01-01") + timedelta(minutes=1), [""]
    while now < local("2029-01-01T06:00"):
        slot = slot_due(wanted, BRUSSELS, now)
        if slot and slot not in frozen:
            frozen.append(slot)
        now += timedelta(minutes=chance.choice((20, 60, 150, 300)))
    first, last = date(2026, 1, 2), date(2028, 12, 30)
    expected = [name for name in periods(cadence, days, first, last) if name not in {"2026-W01", "2026-01"}]
    ours = [slot for slot in frozen[1:] if expected[0] <= slot <= expected[-1]]
    assert ours == expected


GAPS = st.lists(st.sampled_from([0.1, 1, 5.9, 7, 30, 200]), min_size=5, max_size=60)


@given(GAPS, st.sampled_from(["daily", "weekdays", "weekly", "monthly"]), st.integers(0, 1439), ZONES, MOMENTS)
def test_downtime_brings_one_edition_and_never_many(
    gaps: list[float], cadence: str, minute: int, zone: str, start: datetime
) -> None:
    """However long the clock was off, it finds one slot at most, never one that it had, and never an earlier one."""
    wanted = replace(digest(f"{minute // 60:02}:{minute % 60:02}"), cadence=cadence)  # type: ignore[arg-type]
    tz, now, frozen = ZoneInfo(zone), start, [""]
    for gap in gaps:
        now += gap * HOUR
        slot = slot_due(wanted, tz, now)
        if slot and slot != frozen[-1]:
            assert slot > frozen[-1]
            frozen.append(slot)


@pytest.mark.parametrize(
    ("cadence", "days", "now", "expected"),
    [
        ("weekly", WEEK, "2026-11-23T07:00", "2026-W48"),
        ("weekly", ("wed",), "2026-11-24T12:00", None),
        ("weekly", WEEK, "2027-01-04T08:00", "2027-W01"),
        ("weekly", ("sun",), "2027-01-03T08:00", "2026-W53"),
        ("monthly", WEEK, "2026-11-01T07:00", "2026-11"),
        ("monthly", WEEK[:5], "2026-11-01T07:00", None),
        ("monthly", WEEK[:5], "2026-11-02T07:00", "2026-11"),
        ("weekdays", WEEK, "2026-11-22T08:00", None),
        ("at once", WEEK, "2026-11-23T07:00", None),
    ],
)
def test_slots_are_named_by_their_period(
    cadence: str, days: tuple[Weekday, ...], now: str, expected: str | None
) -> None:
    """An ISO week, a month; on the first of the digest's days in it, and on no other."""
    wanted = replace(digest("07:00", days=days), cadence=cadence)  # type: ignore[arg-type]
    assert slot_due(wanted, BRUSSELS, local(now)) == expected


@pytest.mark.parametrize(
    ("hours", "quiet"),
    [("22:00-07:00", ("22:00", "23:59", "00:00", "06:59")), ("12:00-13:00", ("12:00", "12:59"))],
)
def test_quiet_hours_may_run_over_midnight(hours: str, quiet: tuple[str, ...]) -> None:
    """The first hour is quiet, the last one is not."""
    start, end = (time.fromisoformat(each) for each in hours.split("-"))
    wanted = replace(digest("07:00"), quiet=(start, end))
    assert all(is_quiet(wanted, BRUSSELS, local(f"2026-11-23T{each}")) for each in quiet)
    assert not any(is_quiet(wanted, BRUSSELS, local(f"2026-11-23T{each}")) for each in ("07:00", "13:00", "21:59"))
